/**
 * Gives up privileges of this process for good: capabilities(7), the user, and real-time scheduling.
 *
 * Capabilities belong to a thread, and Node has started threads before the first statement runs. So a
 * process gives them up in its main thread and executes itself again: execve(2) ends the other threads.
 */
import { constants, getPriority, setPriority } from 'node:os';
import {
  FIONCLEX,
  LINUX_CAPABILITY_VERSION_3,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_IS_SET,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  SCHED_OTHER,
} from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';

/** <linux/capability.h>. */
const BITS = { KILL: 5, SETGID: 6, SETUID: 7, NET_RAW: 13 } as const;

export type CapabilityName = keyof typeof BITS;

export interface Privileges {
  /** Undefined: the present user. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  /** Those that stay in effect, as far as the process has them. */
  readonly capabilities: readonly CapabilityName[];
  /** Programs that the process runs without another user get all privileges that it began with. */
  readonly keepsForPrograms: boolean;
  /** No program that the process runs gains privileges, not even a set-user-ID one. */
  readonly noNewPrivileges: boolean;
}

/** Effective, permitted and inheritable sets. */
interface Sets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

/**
 * Gives up what another execution of this program must not get; `executeAgain` must follow. Does
 * nothing, and returns false, if programs need all that the process has. Throws `KernelError`.
 */
export function shedPrivileges(privileges: Privileges): boolean {
  if (privileges.keepsForPrograms) return false;
  const kept = maskOf(privileges.capabilities) & readSets().permitted;
  for (let bit = 0; prctl(PR_CAPBSET_READ, bit) >= 0; bit++) {
    // Without CAP_SETPCAP the bounding set stays. `restrictPrivileges` follows in any case.
    if ((kept & (1n << BigInt(bit))) === 0n) prctl(PR_CAPBSET_DROP, bit);
  }
  if (privileges.user !== undefined) becomeUser(privileges.user);
  // A program that another user than root executes keeps only ambient capabilities.
  writeSets({ effective: kept, permitted: kept, inheritable: kept });
  for (const name of privileges.capabilities)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, BITS[name]);
  if (privileges.noNewPrivileges && prctl(PR_SET_NO_NEW_PRIVS, 1) < 0) {
    throw new KernelError('set no_new_privs', libc().errno());
  }
  return true;
}

/** Executes this program with these arguments; descriptors below `descriptors` stay open. */
export function executeAgain(args: readonly string[], descriptors: number): never {
  // Node has closed them for programs that it executes.
  for (let fd = 0; fd < descriptors; fd++) libc().ioctl(fd, FIONCLEX, new Int32Array(1));
  const env = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  const argv = [process.execPath, ...process.execArgv, ...args];
  libc().execve(process.execPath, [...argv, null], [...env, null]);
  throw new KernelError(`execute ${process.execPath}`, libc().errno());
}

/**
 * The last step, in the process that stays: only these capabilities are in effect, and only programs of
 * `keepsForPrograms` may get more. Those of root get all; those of another user, only the ambient ones.
 */
export function restrictPrivileges({ capabilities, keepsForPrograms }: Privileges): void {
  if (!keepsForPrograms) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  const { permitted, inheritable } = readSets();
  const effective = maskOf(capabilities) & permitted;
  writeSets({
    effective,
    permitted: keepsForPrograms ? permitted : effective,
    inheritable: keepsForPrograms ? inheritable : 0n,
  });
}

/**
 * Starts a program of another user. A process that is not root would leave it the ambient capabilities:
 * the kernel takes them only from a process that ceases to be root (capabilities(7)).
 */
export function withoutAmbient<Child>(start: () => Child): Child {
  const ambient = ambientBits();
  if (ambient.length === 0) return start();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  try {
    return start();
  } finally {
    for (const bit of ambient) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit);
  }
}

/** Ambient capabilities are inheritable as well. */
function ambientBits(): number[] {
  const { inheritable } = readSets();
  const bits: number[] = [];
  for (let bit = 0; inheritable >> BigInt(bit) > 0n; bit++) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, bit) === 1) bits.push(bit);
  }
  return bits;
}

/** Ordinary scheduling, whatever the parent had. */
export function leaveRealtime(): void {
  libc().sched_setscheduler(0, SCHED_OTHER, new Uint8Array(4));
  if (getPriority() < 0) setPriority(0, 0);
}

/** The kernel ends this process when `parent` ends. False: it has ended. */
export function endWithParent(parent: number): boolean {
  prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL);
  return process.ppid === parent;
}

/** The effective set in hexadecimal, as in `/proc/PID/status`. */
export function effectiveCapabilities(): string {
  return readSets().effective.toString(16);
}

function becomeUser({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
  prctl(PR_SET_KEEPCAPS, 1);
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function maskOf(names: readonly CapabilityName[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(BITS[name])), 0n);
}

function prctl(option: number, second = 0, third = 0): number {
  return libc().prctl(option, second, third, 0, 0);
}

const THIS_THREAD = 0;

function header(): Uint32Array {
  return Uint32Array.of(LINUX_CAPABILITY_VERSION_3, THIS_THREAD);
}

/** Version 3 has the low halves of the three sets, then the high ones. */
function readSets(): Sets {
  const data = new Uint32Array(6);
  if (libc().capget(header(), data) < 0) {
    throw new KernelError('read capabilities', libc().errno());
  }
  const [effective = 0n, permitted = 0n, inheritable = 0n] = [0, 1, 2].map(
    (position) => BigInt(data[position] ?? 0) | (BigInt(data[position + 3] ?? 0) << 32n),
  );
  return { effective, permitted, inheritable };
}

function writeSets({ effective, permitted, inheritable }: Sets): void {
  const sets = [effective, permitted, inheritable];
  const low = sets.map((set) => Number(set & 0xffff_ffffn));
  const high = sets.map((set) => Number(set >> 32n));
  if (libc().capset(header(), Uint32Array.from([...low, ...high])) < 0) {
    throw new KernelError('set capabilities', libc().errno());
  }
}
