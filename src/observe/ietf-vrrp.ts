/**
 * The state of a virtual router as RFC 8347 defines it: each leaf of the YANG module `ietf-vrrp`, in
 * its units and encoded as in RFC 7951.
 */
import type {
  CountersDocument,
  InstanceStateLeaves,
  RouterStateLeaves,
} from '../control/protocol.ts';
import { isOwner } from '../net/vrrp.ts';
import type { InstanceSettings, Settings } from '../protocol/engine/settings.ts';
import type { InstanceView } from '../protocol/engine/view.ts';
import type { WallClock } from './wall-clock.ts';

/** FAULT behaves as Initialize with a reason. */
const STATE = {
  INIT: 'initialize',
  FAULT: 'initialize',
  BACKUP: 'backup',
  MASTER: 'master',
} as const;

/** Events that the module defines; any other becomes `vrrp-event-none`. */
const EVENTS: ReadonlySet<string> = new Set([
  'startup',
  'shutdown',
  'higher-priority-backup',
  'master-timeout',
  'interface-up',
  'interface-down',
  'no-primary-ip-address',
  'primary-ip-address',
  'no-virtual-ip-addresses',
  'virtual-ip-addresses',
  'preempt-hold-timeout',
  'lower-priority-master',
  'owner-preempt',
]);

const MICROSECONDS_PER_CENTISECOND = 10_000;

export function instanceStateLeaves(
  { priority }: InstanceSettings,
  view: InstanceView | undefined,
  counters: CountersDocument,
  countedSince: Date,
  wallClock: WallClock,
): InstanceStateLeaves {
  const event = view?.lastTransition?.event ?? '';
  return {
    state: STATE[view?.state ?? 'INIT'],
    'is-owner': isOwner(priority),
    ...(view?.state === 'BACKUP' && view.master !== null
      ? { 'last-adv-source': view.master.address }
      : {}),
    ...(typeof view?.upSince === 'number'
      ? { 'up-datetime': wallClock(view.upSince).toISOString() }
      : {}),
    ...(view === undefined
      ? {}
      : {
          'master-down-interval': Math.floor(
            view.masterDownInterval / MICROSECONDS_PER_CENTISECOND,
          ),
          'skew-time': view.skewTime,
        }),
    'last-event': `vrrp-event-${EVENTS.has(event) ? event : 'none'}`,
    'new-master-reason': view?.newMasterReason ?? 'not-master',
    statistics: {
      'discontinuity-datetime': countedSince.toISOString(),
      'master-transitions': counters['master-transitions'],
      'advertisement-rcvd': counters['advertisement-rcvd'],
      'advertisement-sent': counters['advertisement-sent'],
      'interval-errors': counters['interval-errors'],
      'priority-zero-pkts-rcvd': counters['priority-zero-pkts-rcvd'],
      'priority-zero-pkts-sent': counters['priority-zero-pkts-sent'],
      'invalid-type-pkts-rcvd': counters['invalid-type-pkts-rcvd'],
      'address-list-errors': counters['address-list-errors'],
      'packet-length-errors': counters['packet-length-errors'],
    },
  };
}

/** `sum`: a counter of every instance and of packets that belong to none, added up. */
export function routerStateLeaves(
  { instances }: Settings,
  sum: (name: keyof CountersDocument) => number,
  countedSince: Date,
): RouterStateLeaves {
  return {
    'virtual-routers': instances.length,
    interfaces: new Set(instances.map((one) => one.interface)).size,
    statistics: {
      'discontinuity-datetime': countedSince.toISOString(),
      'checksum-errors': sum('checksum-errors'),
      'version-errors': sum('version-errors'),
      'vrid-errors': sum('vrid-errors'),
      'ip-ttl-errors': sum('ip-ttl-errors'),
    },
  };
}
