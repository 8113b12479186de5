/**
 * The last act of a protocol that has failed: sends priority 0 for every router that was MASTER, then
 * removes routes, rules and VIPs, so that the peer takes over within Skew_Time and is the only holder.
 * The protocol thread does it with its own sockets if it still can; otherwise the main thread does.
 *
 * No step depends on the success of the one before, and nothing is logged here: a log line may block.
 */
import type { PacketPort, RoutePort } from '../../kernel/ports.ts';
import { at } from '../../net/assert.ts';
import { EADDRNOTAVAIL, ENODEV } from '../../net/errno.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { AddressChange } from '../../net/link.ts';
import { nextSequence } from '../../wire/vrrp/sequence.ts';
import { ownFormsOn } from '../engine/addresses/managed-address.ts';
import { VirtualAddresses } from '../engine/addresses/virtual-addresses.ts';
import { type Seal, sealWith, signs } from '../engine/authentication/seal.ts';
import { sourceOf } from '../engine/groups/faults.ts';
import { type Keyring, NO_KEYS } from '../engine/keyring.ts';
import { LinkTable } from '../engine/links.ts';
import { VirtualRouter } from '../engine/router/virtual-router.ts';
import type { InstanceSettings } from '../engine/settings.ts';

interface Emergency {
  readonly instances: readonly InstanceSettings[];
  /** Names of the routers whose last known state is MASTER. */
  readonly masters: ReadonlySet<string>;
  readonly packets: Pick<PacketPort, 'sendDatagrams'>;
  readonly routes: Pick<RoutePort, 'snapshot' | 'changeKernel' | 'clearRouting'>;
  /** Absent: no router authenticates by HMAC. */
  readonly keyring?: Keyring;
  /** Of the messages that were signed; absent: none was. */
  readonly lastNumber?: bigint | undefined;
}

export interface Release {
  /** How many VIPs were removed. */
  readonly removed: number;
  /** False: VIPs may be left. */
  readonly isComplete: boolean;
  /** What else went wrong, for the log. */
  readonly problems: readonly string[];
}

/** More than the wall clock of the engine can be ahead of one that counts milliseconds. */
const CLOCK_MICROSECONDS = 10_000;

/** The kernel may be short of memory, or may have lost an answer: a later attempt can succeed. */
const ATTEMPTS = 3;

/** The address or its link is gone already. */
const GONE: readonly number[] = [EADDRNOTAVAIL, ENODEV];

export function emergencyRelease(emergency: Emergency): Release {
  const { instances, masters, packets, routes } = emergency;
  const problems: string[] = [];
  const attempt = <Value>(what: string, step: () => Value): Value | undefined => {
    for (let count = 1; ; count++) {
      try {
        return step();
      } catch (error) {
        if (count < ATTEMPTS) continue;
        problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    }
  };
  const links = attempt('links are unknown', () => {
    const table = new LinkTable();
    table.replace(routes.snapshot().links);
    return table;
  });
  if (links === undefined) return { removed: 0, isComplete: false, problems };
  const routers = instances.map((instance, at) => new VirtualRouter(instance, at));
  const virtual = new VirtualAddresses(routers.flatMap(({ addresses }) => addresses));
  for (const router of routers) {
    const link = links.byName(router.settings.interface);
    router.place(link, sourceOf(router, link, virtual, links), links);
    if (!masters.has(router.settings.name)) continue;
    const unsent = attempt('priority 0', () =>
      packets.sendDatagrams(router.resignations(sealOf(router.settings, emergency))),
    );
    if (unsent !== undefined && unsent > 0) {
      problems.push(`priority 0 of ${router.settings.name} was not sent`);
    }
  }
  attempt('routes and rules', () => routes.clearRouting());
  const removals = routers.flatMap((router) => removalsOf(router, links));
  const { removed, left, why } = remove(removals, routes);
  if (left > 0) problems.push(`${left} VIPs could not be removed: ${why}`);
  return { removed, isComplete: left === 0, problems };
}

/**
 * Peers refuse a number that is not newer than the last one, which may be ahead of the clock: the clock was
 * set back, or several messages were signed in its last millisecond.
 */
function sealOf(
  settings: InstanceSettings,
  { keyring = NO_KEYS, lastNumber = 0n }: Emergency,
): Seal | undefined {
  const { authentication } = settings;
  if (!signs(settings) || authentication.type !== 'hmac') return undefined;
  const { antiReplay, window } = authentication;
  let last = lastNumber === 0n ? undefined : lastNumber;
  return sealWith(keyring, settings, () => {
    last = nextSequence(Date.now() * 1_000 + CLOCK_MICROSECONDS, last, antiReplay, window);
    return last;
  });
}

function removalsOf(router: VirtualRouter, links: LinkTable): AddressChange[] {
  return router.addresses.flatMap((vip) => {
    const holder = links.byName(vip.interface);
    if (holder === undefined) return [];
    const { index } = holder.attributes;
    return ownFormsOn(holder, vip).map(
      ({ address, prefixLength }): AddressChange => ({
        ...{ operation: 'remove', index, address, prefixLength },
      }),
    );
  });
}

interface Removal {
  readonly removed: number;
  readonly left: number;
  /** The last refusal. */
  readonly why: string;
}

function remove(
  removals: readonly AddressChange[],
  routes: Pick<RoutePort, 'changeKernel'>,
): Removal {
  let left = removals;
  let removed = 0;
  let why = '';
  for (let count = 1; count <= ATTEMPTS && left.length > 0; count++) {
    const answers = routes.changeKernel(left);
    removed += answers.filter(({ errno }) => errno === 0).length;
    const isRefused = ({ errno }: KernelAnswer) => errno !== 0 && !GONE.includes(errno);
    const refusal = answers.find(isRefused);
    if (refusal !== undefined) why = refusal.text ?? `errno ${refusal.errno}`;
    left = left.filter((_, position) => isRefused(at(answers, position)));
  }
  return { removed, left: left.length, why };
}
