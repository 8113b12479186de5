/** The user at the other end of a Unix socket. */
import { SO_PEERCRED, SOL_SOCKET } from './constants.ts';
import { libc } from './libc.ts';

/** struct ucred: pid, uid, gid (unix(7)). */
const UCRED_BYTES = 12;
const UID_OFFSET = 4;

/** Undefined if the kernel does not report it. */
export function peerUid(fd: number): number | undefined {
  const credentials = new Uint8Array(UCRED_BYTES);
  const length = Uint32Array.of(credentials.length);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) < 0) return undefined;
  return new DataView(credentials.buffer).getUint32(UID_OFFSET, true);
}
