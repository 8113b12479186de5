/**
 * Users and groups by name, from passwd(5) and group(5) only: a lookup in a directory service may block forever, and a director
 * must know its users without the network.
 */
import { PASSWD_BYTES_MAX, readStart } from '../../files/regular-file.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Undefined if there is no such local user. Throws if the file cannot be read. */
export function findUser(name: string, file = '/etc/passwd'): User | undefined {
  for (const line of readStart(file, PASSWD_BYTES_MAX).toString('utf8').split('\n')) {
    const [found, , uid, gid, , home = '/'] = line.split(':');
    if (found !== name || uid === undefined || gid === undefined) continue;
    return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

/** GID of a local group; undefined if there is none of that name. Throws if the file cannot be read. */
export function findGroup(name: string, file = '/etc/group'): number | undefined {
  for (const line of readStart(file, PASSWD_BYTES_MAX).toString('utf8').split('\n')) {
    const [found, , gid] = line.split(':');
    if (found === name && gid !== undefined && /^[0-9]{1,10}$/.test(gid)) return Number(gid);
  }
  return undefined;
}
