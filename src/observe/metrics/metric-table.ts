/**
 * Every metric by name, meaning and source. Names and labels are a contract: dashboards and
 * alert rules outside this project use them. What RFC 8347 counts keeps the name of its leaf.
 */
import type { CountersDocument, InstanceDocument } from '../../control/protocol.ts';
import type { CounterName } from '../../protocol/engine/counters.ts';
import {
  DISCARD_REASONS,
  type DiscardReason,
  refusalCounter,
} from '../../protocol/engine/intake-reasons.ts';
import { IPVS_CONNECTION_METRICS } from './ipvs-connection-metrics.ts';
import { IPVS_HEALTH_METRICS } from './ipvs-health-metrics.ts';
import { IPVS_METRICS } from './ipvs-metrics.ts';
import { type MetricDefinition, type Sample, STATES } from './metric.ts';
import { TRACK_METRICS } from './track-metrics.ts';

export const LATENESS_METRIC = {
  name: 'vrrp_timer_lateness_seconds',
  help: 'How late the protocol loop woke up for a deadline.',
} as const;

const PAIRS = STATES.flatMap((from) =>
  STATES.filter((to) => to !== from).map((to) => [from, to] as const),
);

/** Packets that belong to no instance: they are too short, or have a VRID that is not configured. */
const GLOBAL_REASONS: readonly DiscardReason[] = ['packet-length-error', 'vrid-error'];

/** One counter has the packets without addresses and those with other addresses than expected. */
const INSTANCE_REASONS = DISCARD_REASONS.filter(
  (reason) => reason !== 'vrid-error' && reason !== 'address-count-zero',
);

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
  {
    name: 'vrrp_last_transition_timestamp_seconds',
    type: 'gauge',
    help: 'When the instance last changed its state, since the epoch; absent before the first time.',
    labels: ['instance'],
    samples: ({ status, lastTransitionAt }) =>
      status.instances.flatMap(({ name }) => {
        const at = lastTransitionAt(name);
        return at === undefined
          ? []
          : [{ labels: { instance: name }, value: at.getTime() / 1_000 }];
      }),
  },
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
      ...discards('', status.counters, GLOBAL_REASONS),
      ...status.instances.flatMap(({ name, counters }) =>
        discards(name, counters, INSTANCE_REASONS),
      ),
    ],
  },
  counter(
    'vrrp_dual_master_seconds_total',
    'Time in which this MASTER heard another MASTER, to one advertisement interval.',
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
  leaf('address-conflicts', 'Claims by other hosts to a virtual address this MASTER holds.'),
  leaf('addresses-restored', 'Virtual addresses added again after another program removed them.'),
  leaf(
    'version-2-copies',
    'Advertisements of version 2 ignored because their sender is heard in version 3.',
  ),
  leaf('routes-restored', 'Routes and rules added again after another program removed them.'),
  leaf('routes-refused', 'Routes and rules that the kernel refused to add or remove.'),
  {
    name: 'vrrp_notifications_total',
    type: 'counter',
    help: 'Commands, lines of named pipes and webhooks, by outcome.',
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
    help: 'Times the protocol thread stalled for so long that a peer may have taken over.',
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
  reasons: readonly DiscardReason[],
): Sample[] {
  return reasons.map((reason) => ({
    labels: { instance, reason },
    value: counters[refusalCounter(reason)],
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
