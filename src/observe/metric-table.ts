/**
 * Every metric by name, meaning and source. Names and labels are a contract: dashboards and
 * alert rules outside this project use them. What RFC 8347 counts keeps the name of its leaf.
 */
import type { IpvsDocument } from '../control/ipvs-document.ts';
import type { CountersDocument, InstanceDocument, StatusDocument } from '../control/protocol.ts';
import type { CounterName } from '../engine/counters.ts';
import type { DiscardReason } from '../engine/intake-reasons.ts';
import type { StateName } from '../engine/reports.ts';
import { IPVS_CONNECTION_METRICS } from './ipvs-connection-metrics.ts';
import { IPVS_HEALTH_METRICS } from './ipvs-health-metrics.ts';
import { IPVS_METRICS } from './ipvs-metrics.ts';
import { TRACK_METRICS } from './track-metrics.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (reading: MetricReading) => readonly Sample[];
}

/** All that one scrape is made from. */
export interface MetricReading {
  readonly status: StatusDocument;
  /** Undefined: the configuration leaves IPVS alone. */
  readonly ipvs: IpvsDocument | undefined;
  /** How often an instance has gone from one state to another. */
  readonly transitions: (instance: string, from: StateName, to: StateName) => number;
}

export const LATENESS_METRIC = {
  name: 'vrrp_timer_lateness_seconds',
  help: 'How late the protocol loop woke up for a deadline.',
} as const;

const STATES: readonly StateName[] = ['INIT', 'BACKUP', 'MASTER', 'FAULT'];

const PAIRS = STATES.flatMap((from) =>
  STATES.filter((to) => to !== from).map((to) => [from, to] as const),
);

/** Counters of refused packets; those that count warnings too have a twin that does not. */
const DISCARD_REASON: { readonly [Name in CounterName]?: DiscardReason } = {
  'packet-length-errors': 'packet-length-error',
  'ip-ttl-errors': 'ip-ttl-error',
  'version-errors': 'version-error',
  'invalid-type-pkts-rcvd': 'invalid-type',
  'checksum-errors': 'checksum-error',
  'address-list-discards': 'address-list-error',
  'interval-discards': 'interval-error',
  'auth-type-mismatches': 'auth-type-mismatch',
  'auth-failures': 'auth-failure',
  'owner-conflict-discards': 'owner-conflict',
  'unknown-peers': 'unknown-peer',
  'delivery-mismatches': 'delivery-mismatch',
  'own-packets': 'own-packet',
};

/** Of packets that belong to no instance. */
const GLOBAL_DISCARD_REASON: typeof DISCARD_REASON = {
  'packet-length-errors': 'packet-length-error',
  'vrid-errors': 'vrid-error',
};

export const METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_agent_info',
    type: 'gauge',
    help: 'Always 1: which agent this is.',
    labels: ['router', 'version'],
    samples: ({ status: { router, version } }) => [{ labels: { router, version }, value: 1 }],
  },
  {
    name: 'vrrp_instance_state',
    type: 'gauge',
    help: '1 for the present state of the instance, 0 for the others.',
    labels: ['instance', 'vrid', 'family', 'interface', 'state'],
    samples: ({ status }) => status.instances.flatMap(stateSamples),
  },
  gauge(
    'vrrp_priority_effective',
    'Priority the instance runs with now.',
    ({ priority }) => priority.effective,
  ),
  gauge(
    'vrrp_last_transition_timestamp_seconds',
    'When the instance last changed its state, since the epoch; absent before the first time.',
    (instance) => {
      const at = instance.last_transition?.at;
      return at === undefined ? undefined : Date.parse(at) / 1_000;
    },
  ),
  {
    name: 'vrrp_transitions_total',
    type: 'counter',
    help: 'Changes of state.',
    labels: ['instance', 'from', 'to'],
    samples: ({ status, transitions }) =>
      status.instances.flatMap(({ name }) =>
        PAIRS.map(([from, to]) => ({
          labels: { instance: name, from, to },
          value: transitions(name, from, to),
        })),
      ),
  },
  counter('vrrp_advertisements_sent_total', 'Advertisements sent.', 'advertisement-sent'),
  counter(
    'vrrp_advertisements_received_total',
    'Advertisements received and accepted.',
    'advertisement-rcvd',
  ),
  {
    name: 'vrrp_discarded_total',
    type: 'counter',
    help: 'Packets refused, by reason; those that belong to no instance have an empty instance.',
    labels: ['instance', 'reason'],
    samples: ({ status }) => [
      ...discards('', status.counters, GLOBAL_DISCARD_REASON),
      ...status.instances.flatMap(({ name, counters }) => discards(name, counters, DISCARD_REASON)),
    ],
  },
  counter(
    'vrrp_dual_master_seconds_total',
    'Time in which this MASTER heard of another one, to one advertisement interval.',
    'dual-master-seconds',
  ),
  leaf('master-transitions', 'Times the instance has become MASTER.'),
  leaf('priority-zero-pkts-rcvd', 'Advertisements of priority 0 received: a MASTER resigned.'),
  leaf('priority-zero-pkts-sent', 'Advertisements of priority 0 sent: this MASTER resigned.'),
  leaf('interval-errors', 'Advertisements of another interval than the one configured.'),
  leaf('address-list-errors', 'Advertisements of other addresses than those configured.'),
  leaf('owner-conflicts', 'Advertisements of others heard by the owner of the addresses.'),
  leaf('priority-conflicts', 'Advertisements of another router with the same priority.'),
  leaf('checksum-form-changes', 'Times a peer changed its form of the version 3 checksum.'),
  leaf('announcements-sent', 'Gratuitous ARP and unsolicited neighbour advertisements sent.'),
  leaf('address-conflicts', 'Claims by other stations to a virtual address this MASTER holds.'),
  leaf('addresses-restored', 'Virtual addresses put back after somebody removed them.'),
  leaf(
    'version-2-copies',
    'Advertisements of version 2 left out of account: their sender is heard in version 3.',
  ),
  leaf('routes-restored', 'Routes and rules put back after somebody removed them.'),
  leaf('routes-refused', 'Routes and rules that the kernel refused to add or remove.'),
  {
    name: 'vrrp_notifications_total',
    type: 'counter',
    help: 'Commands, lines of named pipes and webhooks, by what became of them.',
    labels: ['channel', 'outcome'],
    samples: ({ status: { notifications = {} } }) =>
      Object.entries(notifications).flatMap(([channel, outcomes]) =>
        Object.entries(outcomes).map(([outcome, value]) => ({
          labels: { channel, outcome },
          value,
        })),
      ),
  },
  {
    name: 'vrrp_stalls_total',
    type: 'counter',
    help: 'Times the protocol stood still for so long that a peer may have taken over.',
    labels: [],
    samples: ({ status }) => [{ labels: {}, value: status.counters.stalls }],
  },
  {
    name: 'vrrp_stall_seconds_total',
    type: 'counter',
    help: 'How long it stood still then: the host did not schedule the thread, the process was busy itself, or it was paused.',
    labels: ['cause'],
    samples: ({ status: { stall_seconds: seconds = {} } }) =>
      Object.entries(seconds).map(([cause, value]) => ({ labels: { cause }, value })),
  },
  {
    name: 'vrrp_send_failures_total',
    type: 'counter',
    help: 'Advertisements and announcements that the kernel would not send; a link that is down does not count.',
    labels: [],
    samples: ({ status }) => [{ labels: {}, value: status.counters['send-failures'] }],
  },
  ...TRACK_METRICS,
  ...IPVS_METRICS,
  ...IPVS_CONNECTION_METRICS,
  ...IPVS_HEALTH_METRICS,
];

function stateSamples({ name, vrid, family, interface: link, state }: InstanceDocument): Sample[] {
  return STATES.map((one) => ({
    labels: { instance: name, vrid, family, interface: link, state: one },
    value: one === state ? 1 : 0,
  }));
}

function discards(
  instance: string,
  counters: CountersDocument,
  reasons: typeof DISCARD_REASON,
): Sample[] {
  return Object.entries(reasons).map(([counter, reason]) => ({
    labels: { instance, reason },
    value: counters[counter as CounterName],
  }));
}

function gauge(
  name: string,
  help: string,
  valueIn: (instance: InstanceDocument) => number | undefined,
): MetricDefinition {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['instance'],
    samples: ({ status }) =>
      status.instances.flatMap((instance) => {
        const value = valueIn(instance);
        return value === undefined ? [] : [{ labels: { instance: instance.name }, value }];
      }),
  };
}

function counter(name: string, help: string, source: CounterName): MetricDefinition {
  const values = gauge(name, help, ({ counters }) => counters[source]);
  return { ...values, type: 'counter' };
}

/** A counter under its own name. */
function leaf(source: CounterName, help: string): MetricDefinition {
  return counter(`vrrp_${source.replaceAll('-', '_')}_total`, help, source);
}
