/**
 * What adding addresses costs on this host, tried out in a network namespace of its own, which nothing sees
 * and which ends with the attempt. The kernel's work for one address grows with the number on its link, so
 * that a part of them tells nothing about the whole.
 */
import { addressBits, familyOf, type IpAddress } from '../../net/address.ts';
import type { AddressChange } from '../../net/link.ts';
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { closeFd } from '../ffi/socket.ts';
import { Routes } from './routes.ts';

/** `lo` is the first interface of every namespace. */
const LOOPBACK = 1;

const IN_A_CALL = 64;

/** What takes longer is not measured to its end. */
export const LONGEST_MS = 5_000;

/** On a busy host the measurement lasts longer than what it measures, but not for ever. */
const LONGEST_ELAPSED_MS = 30_000;

/** Evenly spread over the addresses of a link: the kernel finds the last one later than the first. */
const RENEWALS = 256;

const FOREVER = 0xffffffff;

export interface TakeoverCost {
  /** As clients wait for them: the kernel does some of the work later, in threads of its own. */
  readonly milliseconds: number;
  /** How many addresses were added in that time. */
  readonly addresses: number;
  /** What the renewal of one address of each link takes; undefined: not measured. */
  readonly renewalMicroseconds: readonly (number | undefined)[];
}

interface LinkCost {
  readonly milliseconds: number;
  /** Of processor time. */
  readonly used: number;
  readonly addresses: number;
  readonly renewalMicroseconds: number | undefined;
}

/**
 * The cost of adding the addresses of one link to another; undefined if this process may not make a
 * namespace. Throws `KernelError`. The calling thread is in another namespace meanwhile.
 */
export function measureTakeover(
  links: readonly (readonly IpAddress[])[],
): TakeoverCost | undefined {
  let [milliseconds, addresses, usedBefore] = [0, 0, 0];
  const renewalMicroseconds: (number | undefined)[] = [];
  for (const link of links) {
    const limit = LONGEST_MS - usedBefore;
    const cost = inScratchNamespace(() => addAll(link, limit));
    if (cost === undefined) return undefined;
    milliseconds += cost.milliseconds;
    usedBefore += cost.used;
    addresses += cost.addresses;
    renewalMicroseconds.push(cost.renewalMicroseconds);
  }
  return { milliseconds, addresses, renewalMicroseconds };
}

function addAll(all: readonly IpAddress[], limitMs: number): LinkCost {
  const routes = new Routes();
  try {
    routes.setLinksUp([LOOPBACK]);
    const [usedBefore, begin] = [usedMs(), performance.now()];
    const [used, waited] = [() => usedMs() - usedBefore, () => performance.now() - begin];
    let addresses = 0;
    while (addresses < all.length && used() < limitMs && waited() < LONGEST_ELAPSED_MS) {
      addresses += request(routes, 'add', all.slice(addresses, addresses + IN_A_CALL));
    }
    const cost = { milliseconds: waited(), used: used() };
    const renewalMicroseconds = addresses < all.length ? undefined : renewalOf(routes, all);
    // The end of a namespace would remove them all in one step, while the agent waits for the same lock.
    for (let removed = 0; removed < addresses; removed += IN_A_CALL) {
      request(routes, 'remove', all.slice(removed, Math.min(addresses, removed + IN_A_CALL)));
    }
    return { ...cost, addresses, renewalMicroseconds };
  } finally {
    routes.close();
  }
}

/** What one takes on average; undefined without addresses. */
function renewalOf(routes: Routes, all: readonly IpAddress[]): number | undefined {
  const step = Math.max(1, Math.floor(all.length / RENEWALS));
  const some = all.filter((_, at) => at % step === 0).slice(0, RENEWALS);
  if (some.length === 0) return undefined;
  const begin = usedMs();
  for (let done = 0; done < some.length; done += IN_A_CALL) {
    request(routes, 'renew', some.slice(done, done + IN_A_CALL));
  }
  return ((usedMs() - begin) * 1_000) / some.length;
}

/** The kernel works in the calling process: its processor time does not depend on what else the host does. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Returns how many there were. */
function request(
  routes: Routes,
  operation: 'add' | 'remove' | 'renew',
  addresses: readonly IpAddress[],
): number {
  const changes = addresses.map((address): AddressChange => {
    const prefixLength = addressBits(familyOf(address));
    return { operation, index: LOOPBACK, address, prefixLength, lifetime: FOREVER };
  });
  return routes.changeKernel(changes).length;
}

/** Undefined if it cannot be made. `run` must not await: the thread returns when it does. */
function inScratchNamespace<Value>(run: () => Value): Value | undefined {
  const home = libc().open('/proc/thread-self/ns/net', O_RDONLY | O_CLOEXEC);
  if (home < 0) return undefined;
  try {
    if (libc().unshare(CLONE_NEWNET) < 0) return undefined;
    try {
      return run();
    } finally {
      enter(home);
    }
  } finally {
    closeFd(home);
  }
}

function enter(namespace: number): void {
  if (libc().setns(namespace, CLONE_NEWNET) >= 0) return;
  throw new KernelError('return to the network namespace', libc().errno());
}
