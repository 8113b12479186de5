/**
 * Whether this director serves on a segment, by the answers of third hosts there: the gateways that the
 * instance tracks, else the default gateway of the interface, else a third director. Without a third host that has ever answered, nothing is
 * known.
 */
import type { Segment } from '../../../../fsm/judgement/silence.ts';
import type { IpAddress } from '../../../net/address.ts';
import { type Duration, elapsed, type Instant, milliseconds, seconds } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { Inquiries } from './inquiries.ts';

/** A default gateway is looked up again after this time. */
const LOOKUP_LIFETIME = milliseconds(1_000);

/** Until a third host has answered for the first time. */
const ACQUAINTANCE_PERIOD = seconds(10);

interface Gateway {
  readonly index: number;
  askedAt: Instant;
  address: IpAddress | undefined;
}

interface ThirdHostsParts {
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly inquiries: Inquiries;
}

export interface SegmentStanding {
  readonly segment: Segment;
  /** With `broken`: since when no third host has answered. */
  readonly silentSince: Instant | undefined;
  /** The hosts that were asked. */
  readonly hosts: readonly IpAddress[];
}

/** The addresses of directors on the segment that may be asked, where there is no gateway. */
type Others = () => readonly IpAddress[];

export class ThirdHosts {
  readonly #parts: ThirdHostsParts;
  readonly #gateways = new Map<string, Gateway>();

  constructor(parts: ThirdHostsParts) {
    this.#parts = parts;
  }

  ask(router: VirtualRouter, others: Others, period: Duration, now: Instant): void {
    const { index } = router;
    if (index === undefined) return;
    this.#lookUp(router, index, now);
    for (const host of this.#hostsOf(router, others)) {
      this.#parts.inquiries.ask(router, host, period, now);
    }
  }

  /**
   * A host that has never answered is no evidence: a gateway that does not exist, or starts after the
   * directors, must not keep all of them from becoming MASTER. So a BACKUP asks before it has to know.
   * Returns true if one is known.
   */
  getToKnow(router: VirtualRouter, others: Others, now: Instant): boolean {
    const { index } = router;
    if (index === undefined) return false;
    if (this.#hostsOf(router, others).some((host) => this.#isKnown(index, host))) return true;
    this.ask(router, others, ACQUAINTANCE_PERIOD, now);
    return false;
  }

  /** The answer to `gateway.find`; null: there is no default route on the link. */
  found(index: number, family: string, address: IpAddress | null): void {
    const gateway = this.#gateways.get(`${index} ${family}`);
    if (gateway !== undefined) gateway.address = address ?? undefined;
  }

  standing(router: VirtualRouter, others: Others): SegmentStanding {
    const hosts = this.#hostsOf(router, others);
    let silentSince: Instant | undefined;
    let silent = 0;
    for (const host of hosts) {
      const answers = this.#parts.inquiries.of(router.index, host);
      if (router.index === undefined || !this.#isKnown(router.index, host)) continue;
      if (answers.standing === 'answers')
        return { segment: 'serves', silentSince: undefined, hosts };
      if (answers.standing !== 'silent') continue;
      silent += 1;
      silentSince = latestOf(silentSince, answers.silentSince);
    }
    const isBroken = silent > 0 && silent === hosts.length;
    return isBroken
      ? { segment: 'broken', silentSince, hosts }
      : { segment: 'unknown', silentSince: undefined, hosts };
  }

  #isKnown(index: number, host: IpAddress): boolean {
    return this.#parts.inquiries.hasAnswered(index, host);
  }

  #hostsOf(router: VirtualRouter, others: Others): readonly IpAddress[] {
    const tracked = router.settings.thirdHosts;
    if (tracked !== undefined && tracked.length > 0) return tracked;
    const gateway = this.#gateways.get(`${router.index} ${router.family}`)?.address;
    if (gateway !== undefined && this.#isThird(router, gateway)) return [gateway];
    return others();
  }

  /** Not this director, and no VIP, which moves. */
  #isThird(router: VirtualRouter, gateway: IpAddress): boolean {
    const { links } = this.#parts;
    const link = links.byName(router.settings.interface)?.attributes;
    if (links.isOwn(gateway, link)) return false;
    return router.addresses.every(({ address }) => address !== gateway);
  }

  #lookUp({ settings, family }: VirtualRouter, index: number, now: Instant): void {
    if (settings.thirdHosts !== undefined && settings.thirdHosts.length > 0) return;
    const key = `${index} ${family}`;
    const known = this.#gateways.get(key);
    if (known !== undefined && elapsed(known.askedAt, now) < LOOKUP_LIFETIME) return;
    if (known === undefined) this.#add(key, { index, askedAt: now, address: undefined });
    else known.askedAt = now;
    this.#parts.outbox.first({ kind: 'gateway.find', index, family });
  }

  /** Links come and go with new numbers, and so would the memory grow. */
  #add(key: string, gateway: Gateway): void {
    for (const [other, { index }] of this.#gateways) {
      if (this.#parts.links.byIndex(index) === undefined) this.#gateways.delete(other);
    }
    this.#gateways.set(key, gateway);
  }
}

function latestOf(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
