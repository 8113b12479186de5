/**
 * Announces the VIPs of a MASTER again when hosts and switches would otherwise keep what is no longer
 * true: their link has another MAC address, is reached through another port, or forwards no longer. The
 * kernel does so for the second only (NETDEV_NOTIFY_PEERS; `arp_notify` is off by default).
 */
import type { MacAddress } from '../../../net/address.ts';
import type { Instant } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import { Recurrence } from '../core/recurrence.ts';
import type { LinkTable } from '../links.ts';
import type { ReannouncementReason } from '../reports.ts';
import type { Announcement, VirtualRouter } from '../router/virtual-router.ts';
import type { Announcer } from './announcer.ts';

interface ReannouncerParts {
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly announcer: Announcer;
}

/** What has changed on one interface. */
interface Change {
  readonly interface: string;
  readonly reason: ReannouncementReason;
  readonly from: MacAddress;
  readonly to: MacAddress;
  readonly instances: string[];
}

export class Reannouncer {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  /** What the announcements of each router said at the last comparison. */
  readonly #said = new WeakMap<VirtualRouter, readonly Announcement[]>();
  readonly #failedOver = new Set<number>();
  readonly #recurrence = new Recurrence();

  constructor({ links, outbox, announcer }: ReannouncerParts) {
    this.#links = links;
    this.#outbox = outbox;
    this.#announcer = announcer;
  }

  /**
   * The link is reached through another port, and so are those that it carries, of which the kernel says
   * nothing if a bridge is between; the next `compare` acts on it.
   */
  failedOver(index: number): void {
    for (const carried of this.#links.carriedBy(index)) this.#failedOver.add(carried);
  }

  /** Links may have changed. */
  compare(routers: readonly VirtualRouter[], now: Instant): void {
    const changes = new Map<string, Change>();
    for (const router of routers) {
      const before = this.#said.get(router);
      const announcements = router.announcementsOn(this.#links);
      if (before === announcements && this.#failedOver.size === 0) continue;
      this.#said.set(router, announcements);
      if (!router.isMaster) continue;
      const found = this.#changesOf(router, before ?? [], announcements);
      if (found.length === 0) continue;
      router.announcements.renew(now);
      this.#announcer.announce(router, now);
      for (const change of found) merge(changes, change, router.settings.name);
    }
    this.#failedOver.clear();
    for (const change of changes.values()) this.#report(change, now);
  }

  #changesOf(
    router: VirtualRouter,
    before: readonly Announcement[],
    announcements: readonly Announcement[],
  ): Omit<Change, 'instances'>[] {
    const known = new Map(before.map((one) => [one.address, one]));
    return announcements.flatMap((one) => {
      const former = known.get(one.address) ?? one;
      const reason = this.#reason(router, former, one);
      if (reason === undefined) return [];
      return [{ interface: one.address.interface, reason, from: former.mac, to: one.mac }];
    });
  }

  #reason(
    router: VirtualRouter,
    former: Announcement,
    latter: Announcement,
  ): ReannouncementReason | undefined {
    if (former.mac !== latter.mac) return 'mac-changed';
    if (!isSaidBy(former, latter)) return 'router-flag-changed';
    const wire = this.#links.byName(router.wireOf(latter.address))?.attributes.index;
    return wire !== undefined && this.#failedOver.has(wire) ? 'failed-over' : undefined;
  }

  #report({ interface: name, reason, from, to, instances }: Change, now: Instant): void {
    for (const count of this.#recurrence.add(`${name} ${reason}`, now)) {
      const macs = reason === 'mac-changed' ? { from, to } : undefined;
      this.#outbox.report({
        kind: 'announced-again',
        interface: name,
        reason,
        macs,
        instances,
        count,
      });
    }
  }
}

function merge(
  changes: Map<string, Change>,
  change: Omit<Change, 'instances'>,
  instance: string,
): void {
  const key = `${change.interface} ${change.reason}`;
  const known = changes.get(key) ?? { ...change, instances: [] };
  if (!known.instances.includes(instance)) known.instances.push(instance);
  changes.set(key, known);
}

function isSaidBy(former: Announcement, { frames }: Announcement): boolean {
  if (former.frames.length !== frames.length) return false;
  return frames.every(({ frame }, form) => {
    const other = former.frames[form]?.frame;
    return other?.length === frame.length && frame.every((byte, at) => byte === other[at]);
  });
}
