/** The process at the other end of a Unix socket. */
import { SO_PEERCRED, SOL_SOCKET } from './constants.ts';
import { libc } from './libc.ts';

/** struct ucred: pid, uid, gid (unix(7)). */
const UCRED_BYTES = 12;
const UID_OFFSET = 4;

export interface PeerCredentials {
  /** 0: a process of another PID namespace, which this one does not see (pid_namespaces(7)). */
  readonly pid: number;
  readonly uid: number;
}

/**
 * Of the process that connected or, on the side of the client, that listens. Undefined if the kernel
 * does not report it.
 */
export function peerCredentials(fd: number): PeerCredentials | undefined {
  const credentials = new Uint8Array(UCRED_BYTES);
  const length = Uint32Array.of(credentials.length);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) < 0) return undefined;
  const view = new DataView(credentials.buffer);
  return { pid: view.getInt32(0, true), uid: view.getUint32(UID_OFFSET, true) };
}
