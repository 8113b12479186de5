/**
 * Whether this host can do what a configuration asks of a MASTER: take over all addresses within a
 * Master_Down_Interval, and renew their lifetimes ever after. Both are measured; the kernel's work for one
 * address grows with the number on its link.
 */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import {
  LONGEST_MS,
  measureTakeover,
  type TakeoverCost,
} from '../../kernel/rtnetlink/takeover-cost.ts';
import type { IpAddress } from '../../net/address.ts';
import { type InstanceSettings, RENEWALS_IN_A_LEASE } from '../../protocol/engine/settings.ts';

/** Sentences for `check`. */
export interface TakeoverAdvice {
  /** It cannot work on this host. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

interface LinkAddresses {
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  readonly renewalsPerSecond: number;
}

type Measure = (links: readonly (readonly IpAddress[])[]) => TakeoverCost | undefined;

/** The share of a processor at which renewals begin to delay advertisements on a busy host. */
const HIGH_SHARE = 0.5;

const MEASURED_AGAIN = 2;

const WHAT_TO_CHANGE = 'Use fewer addresses on a link';
const ONE_VIP = 'or route a prefix to one VIP';

/** The addresses of all instances may have to move together. */
export function takeoverAdvice(
  instances: readonly InstanceSettings[],
  measure: Measure = measureTakeover,
): TakeoverAdvice {
  const links = addressesByLink(instances);
  const total = links.reduce((sum, { addresses }) => sum + addresses.length, 0);
  const cost = quickest(instances, () => measure(links.map(({ addresses }) => addresses)));
  if (cost === undefined) {
    const unknown = `what a takeover of ${total} addresses takes here is unknown: measuring it needs root`;
    return { errors: [], warnings: [unknown] };
  }
  const found = [takeoverFinding(instances, total, cost), renewalFinding(links, cost)];
  const sentences = (isError: boolean) =>
    found.flatMap((one) => (one !== undefined && one.isError === isError ? [one.message] : []));
  return { errors: sentences(true), warnings: sentences(false) };
}

/** What seems too slow is measured again: the host may have been busy with something else. */
function quickest(
  instances: readonly InstanceSettings[],
  measure: () => TakeoverCost | undefined,
): TakeoverCost | undefined {
  const limit = fastestOf(instances)?.downMs ?? Number.POSITIVE_INFINITY;
  let best = measure();
  for (let again = 0; again < MEASURED_AGAIN; again++) {
    if (best === undefined || best.milliseconds < limit) return best;
    const next = measure();
    if (next !== undefined && next.addresses >= best.addresses) {
      if (next.milliseconds < best.milliseconds) best = next;
    }
  }
  return best;
}

/** The instance with the shortest Master_Down_Interval. */
function fastestOf(instances: readonly InstanceSettings[]) {
  const [fastest] = instances
    .map(({ name, version, advertisementInterval: interval }) => ({
      name,
      downMs: shortestMasterDownInterval(version, interval) / 1_000,
    }))
    .sort((a, b) => a.downMs - b.downMs);
  return fastest;
}

interface Verdict {
  readonly isError: boolean;
  readonly message: string;
}

function takeoverFinding(
  instances: readonly InstanceSettings[],
  total: number,
  { milliseconds, addresses }: TakeoverCost,
): Verdict | undefined {
  if (addresses < total) {
    const message =
      `a takeover of all ${total} addresses does not end within ${LONGEST_MS / 1_000} s on this host: ` +
      `${addresses} were added (measured). ${WHAT_TO_CHANGE}, ${ONE_VIP}`;
    return { isError: true, message };
  }
  const fastest = fastestOf(instances);
  if (fastest === undefined || milliseconds < fastest.downMs) return undefined;
  const each = Math.round((milliseconds * 1_000) / Math.max(1, addresses));
  const message =
    `a takeover of all ${total} addresses takes ${Math.round(milliseconds)} ms here (${each} us for each, ` +
    `measured), and the Master_Down_Interval of ${fastest.name} is ${Math.round(fastest.downMs)} ms: ` +
    `clients wait that much longer. ${WHAT_TO_CHANGE}, a longer "advertisement_interval", ${ONE_VIP}`;
  return { isError: false, message };
}

/** Advertisements are late, and addresses expire, where renewals take all the time there is. */
function renewalFinding(
  links: readonly LinkAddresses[],
  { renewalMicroseconds }: TakeoverCost,
): Verdict | undefined {
  const shares = links.map(({ name, renewalsPerSecond }, at) => {
    const each = renewalMicroseconds[at] ?? 0;
    return { name, each, share: (renewalsPerSecond * each) / 1_000_000 };
  });
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  if (total < HIGH_SHARE) return undefined;
  const [most] = shares.sort((a, b) => b.share - a.share);
  const percent = Math.round(total * 100);
  const isError = total >= 1;
  const effect = isError
    ? 'advertisements would be late and addresses expire'
    : 'advertisements are late when the host is busy';
  const message =
    `a MASTER of all addresses needs ${percent} % of a processor of this host to renew their lifetimes ` +
    `(${Math.round(most?.each ?? 0)} us for each on ${most?.name}, measured): ${effect}. ` +
    `${WHAT_TO_CHANGE}, a longer "lease" (or "off"), ${ONE_VIP}`;
  return { isError, message };
}

function addressesByLink(instances: readonly InstanceSettings[]): readonly LinkAddresses[] {
  const byLink = new Map<string, { addresses: IpAddress[]; renewalsPerSecond: number }>();
  for (const { addresses, extraAddresses, lease } of instances) {
    const renewals = lease === undefined ? 0 : (RENEWALS_IN_A_LEASE * 1_000_000) / lease;
    for (const { interface: name, address } of [...addresses, ...extraAddresses]) {
      const known = byLink.get(name) ?? { addresses: [], renewalsPerSecond: 0 };
      known.addresses.push(address);
      known.renewalsPerSecond += renewals;
      byLink.set(name, known);
    }
  }
  return [...byLink].map(([name, link]) => ({ name, ...link }));
}
