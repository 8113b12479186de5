/** Reports missing capabilities(7) before a system call fails because of them. */
import { readFileSync } from 'node:fs';
import { EPERM } from '../../net/errno.ts';
import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW } from '../ffi/constants.ts';
import { libc } from '../ffi/libc.ts';

/** Bits in the effective set (<linux/capability.h>). */
const BITS = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_SYS_NICE: 23 } as const;

type Capability = keyof typeof BITS;

/** The missing capabilities among those that the agent uses; SYS_NICE only serves real-time scheduling. */
export function missingCapabilities(): Capability[] {
  return missingIn(readFileSync('/proc/self/status', 'utf8'));
}

/**
 * False in a user namespace that does not own the network namespace, as in a rootless container on the network
 * of the host: this process has its capabilities, and they mean nothing there (user_namespaces(7)).
 */
export function hasRightsOnNetwork(): boolean {
  const fd = libc().socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_VRRP);
  if (fd < 0) return libc().errno() !== EPERM;
  libc().close(fd);
  return true;
}

/**
 * True if a process of this PID namespace may change the network: its effective set has NET_ADMIN, in the
 * user namespace of this process. Any user has all capabilities in a user namespace of its own.
 */
export function mayChangeNetwork(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return !missingIn(status).includes('CAP_NET_ADMIN') && userMap(pid) === userMap('self');
  } catch {
    return false;
  }
}

/** True if a process of this PID namespace has the rights of another user than the one who started it. */
export function isSetUserId(pid: number): boolean {
  try {
    return usersDiffer(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** `status` is the text of proc_pid_status(5): `Uid:` has the real, the effective and two other users. */
export function usersDiffer(status: string): boolean {
  const [, real, effective] = /^Uid:\s*(\d+)\s+(\d+)/m.exec(status) ?? [];
  return real !== effective;
}

/**
 * Differs between user namespaces: only a privileged process may give a new one the same map. The link
 * /proc/PID/ns/user says it too, but not to an agent without CAP_SYS_PTRACE.
 */
function userMap(pid: number | 'self'): string {
  return readFileSync(`/proc/${pid}/uid_map`, 'utf8');
}

/** `status` is the text of proc_pid_status(5). Without a `CapEff` line, all count as missing. */
export function missingIn(status: string): Capability[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)?.[1] ?? '0';
  const set = BigInt(`0x${effective}`);
  return (Object.keys(BITS) as Capability[]).filter(
    (name) => ((set >> BigInt(BITS[name])) & 1n) === 0n,
  );
}
