/** Finds the process and the user who send a request over the control socket. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Peer } from '../../control/commands.ts';
import type { Requester } from '../../control/operator-commands.ts';
import { peerCredentials } from '../../kernel/ffi/peer-credentials.ts';

const PASSWD = '/etc/passwd';

/** `claimed` is the user for whom root acts, according to the client; ignored from other users. */
export function requesterOn(socket: Socket, claimed: string | null): Requester {
  const uid = peerOn(socket)?.uid;
  if (uid === undefined) return 'unknown user';
  if (uid === 0 && claimed !== null) return `${claimed} (as root)`;
  return nameOf(uid, readPasswd()) ?? `uid ${uid}`;
}

/** The credentials that the process had when it connected. */
export function peerOn(socket: Socket): Peer | undefined {
  const fd = descriptorOf(socket);
  return fd === undefined ? undefined : peerCredentials(fd);
}

/** Fields of passwd(5): name, password, UID. */
export function nameOf(uid: number, passwd: string): string | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , number] = line.split(':');
    if (number === `${uid}` && name !== '') return name;
  }
  return undefined;
}

function readPasswd(): string {
  try {
    return readFileSync(PASSWD, 'utf8');
  } catch {
    return '';
  }
}

/** Node has no public API for the descriptor. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  const { fd } = handle;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
