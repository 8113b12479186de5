/**
 * What outlives a process that dies as MASTER: for each router the time of its last advertisement, as a
 * row in memory that the caller shares with a file. A row never claims an advertisement that has not
 * left: it is written after the outputs of a turn have been performed, and cleared before priority 0 is
 * sent. The next process decides with it whether it is still the MASTER (`router/restarts.ts`).
 */
import type { IpAddress } from '../../net/address.ts';
import { hashOf } from '../../net/hash.ts';
import { type Instant, instant } from '../../net/time.ts';
import type { ChecksumForm } from '../../wire/vrrp/checksum.ts';
import type { VirtualRouter } from './router/virtual-router.ts';
import { groupOf, type InstanceSettings } from './settings.ts';
import { identityOf } from './settings-change.ts';

/** One row: what a process that has died was MASTER of. */
export interface FormerMastership {
  /** `fingerprintOf` its settings. */
  readonly fingerprint: number;
  readonly lastSentAt: Instant;
  /** `formsOf` and `listsOf` the router: what its peers understand. */
  readonly forms: number;
  readonly lists: number;
}

/** Numbers in a row: fingerprint, time (zero: not MASTER), forms, lists. */
const WIDTH = 4;
const SENT_AT = 1;

/** A number is exact up to 2^53: two bits for each form, one for each list. */
const FORMS_MAX = 26;
const LISTS_MAX = 53;

/** Length of the array for this number of routers. */
export function mastershipsLength(routers: number): number {
  return routers * WIDTH;
}

export class Masterships {
  readonly #values: Float64Array;
  /** Routers that have advertised in this turn. */
  readonly #advertised = new Set<VirtualRouter>();

  /** Empty: nothing is kept. */
  constructor(values: Float64Array) {
    this.#values = values;
  }

  /** Forgets every row; `former` are those that this engine may continue. */
  reset(): void {
    this.#values.fill(0);
  }

  /** An advertisement of the router is among the outputs of this turn. */
  advertised(router: VirtualRouter): void {
    this.#advertised.add(router);
  }

  /** The router is about to resign or to release its addresses. */
  end({ position }: VirtualRouter): void {
    this.#set(position, SENT_AT, 0);
  }

  /** The outputs of the turn have been performed. */
  performed(): void {
    if (this.#advertised.size === 0) return;
    for (const router of this.#advertised) this.#write(router);
    this.#advertised.clear();
  }

  #write(router: VirtualRouter): void {
    const { position, unsent, lastSentAt } = router;
    // The host has refused to send it: the peers count from the one before.
    if (unsent !== undefined && unsent.lastAt >= lastSentAt) return;
    if (router.state !== 'holding.master') return;
    const fingerprint = fingerprintOf(router.settings);
    if (this.#values[position * WIDTH] !== fingerprint) this.end(router);
    this.#set(position, 0, fingerprint);
    this.#set(position, 2, formsOf(router));
    this.#set(position, 3, listsOf(router));
    this.#set(position, SENT_AT, lastSentAt);
  }

  #set(position: number, column: number, value: number): void {
    const index = position * WIDTH + column;
    if (index < this.#values.length) this.#values[index] = value;
  }
}

/** The rows of a former process that was MASTER when it ended. */
export function formerMasterships(values: Float64Array): FormerMastership[] {
  const found: FormerMastership[] = [];
  for (let start = 0; start + WIDTH <= values.length; start += WIDTH) {
    const [fingerprint = 0, sentAt = 0, forms = 0, lists = 0] = values.subarray(
      start,
      start + WIDTH,
    );
    const numbers = [fingerprint, sentAt, forms, lists];
    if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0) || sentAt === 0) continue;
    found.push({ fingerprint, lastSentAt: instant(sentAt), forms, lists });
  }
  return found;
}

const fingerprints = new WeakMap<InstanceSettings, number>();

/**
 * Differs if peers could tell the two routers apart, or wait another time for the advertisements: such a
 * router does not continue the mastership of the other.
 */
export function fingerprintOf(settings: InstanceSettings): number {
  const known = fingerprints.get(settings);
  if (known !== undefined) return known;
  const { version, alsoVersion2, advertisementInterval, virtualMac } = settings;
  const seen = [version, alsoVersion2 === true, advertisementInterval, virtualMac ?? null];
  const moved = [settings.routes, settings.rules];
  const text = JSON.stringify([identityOf(settings), seen, destinationsOf(settings), moved]);
  const fingerprint = hashOf(text);
  fingerprints.set(settings, fingerprint);
  return fingerprint;
}

function destinationsOf(settings: InstanceSettings): readonly IpAddress[] {
  return settings.unicast?.peers.map(({ address }) => address) ?? [groupOf(settings)];
}

/** The checksum form of each destination as two bits: 0 unknown. */
function formsOf({ settings, forms }: VirtualRouter): number {
  const known = new Map(forms);
  return destinationsOf(settings)
    .slice(0, FORMS_MAX)
    .reduce((sum, destination, place) => sum + codeOf(known.get(destination)) * 4 ** place, 0);
}

/** One bit for each destination that gets a list without a link-local address. */
function listsOf({ settings, withoutLinkLocal }: VirtualRouter): number {
  return destinationsOf(settings)
    .slice(0, LISTS_MAX)
    .reduce((sum, one, place) => sum + (withoutLinkLocal.includes(one) ? 2 ** place : 0), 0);
}

/** What the former process had learnt about its peers. */
export function restoreLearnt(router: VirtualRouter, { forms, lists }: FormerMastership): void {
  const destinations = destinationsOf(router.settings);
  const learnt = destinations.slice(0, FORMS_MAX).flatMap((destination, place) => {
    const form = FORMS[Math.floor(forms / 4 ** place) % 4];
    return form === undefined ? [] : [[destination, form] as const];
  });
  router.restoreForms(learnt);
  router.restoreLists(
    destinations.slice(0, LISTS_MAX).filter((_, place) => Math.floor(lists / 2 ** place) % 2 === 1),
  );
}

/** By their code. */
const FORMS: readonly (ChecksumForm | undefined)[] = [undefined, 'rfc9568', 'pseudo_header'];

function codeOf(form: ChecksumForm | undefined): number {
  return Math.max(0, FORMS.indexOf(form));
}

/** The routers of the settings that the former process was MASTER of. */
export function formerOf(
  instances: readonly InstanceSettings[],
  former: readonly FormerMastership[],
): Map<InstanceSettings, FormerMastership> {
  const byFingerprint = new Map(former.map((one) => [one.fingerprint, one]));
  return new Map(
    instances.flatMap((instance) => {
      const found = byFingerprint.get(fingerprintOf(instance));
      return found === undefined ? [] : [[instance, found] as const];
    }),
  );
}
