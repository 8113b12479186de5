/**
 * Every metric by name, meaning and source. Names and labels are a contract: dashboards and
 * alert rules outside this project use them. Counters of RFC 8347 keep the names of their leaves.
 */
import type { CountersDocument, InstanceDocument } from '../../control/protocol.ts';
import type { CounterName } from '../../protocol/engine/counters.ts';
import {
  DISCARD_REASONS,
  type DiscardReason,
  refusalCounter,
} from '../../protocol/engine/intake-reasons.ts';
import { AUTHENTICATION_METRICS } from './authentication-metrics.ts';
import { BFD_METRICS } from './bfd-metrics.ts';
import { IPVS_CONNECTION_METRICS } from './ipvs-connection-metrics.ts';
import { IPVS_HEALTH_METRICS } from './ipvs-health-metrics.ts';
import { IPVS_METRICS } from './ipvs-metrics.ts';
import { type MetricDefinition, type Sample, STATES, samplesOf } from './metric.ts';
import { PEER_METRICS } from './peer-metrics.ts';
import { TRACK_METRICS } from './track-metrics.ts';
import { WITNESS_METRICS } from './witness-metrics.ts';

export const LATENESS_METRIC = {
  name: 'vrrp_timer_lateness_seconds',
  help: 'How late the protocol loop woke up for a deadline.',
} as const;

const PAIRS = STATES.flatMap((from) =>
  STATES.filter((to) => to !== from).map((to) => [from, to] as const),
);

/** Reasons without an instance: the packet is too short, or its VRID is not configured. */
const GLOBAL_REASONS: readonly DiscardReason[] = ['packet-length-error', 'vrid-error'];

/** Packets without addresses share the counter of packets with unexpected addresses. */
const INSTANCE_REASONS = DISCARD_REASONS.filter(
  (reason) => reason !== 'vrid-error' && reason !== 'address-count-zero',
);

export const METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_agent_info',
    type: 'gauge',
    help: 'Always 1; the labels identify the agent.',
    labels: ['router', 'version'],
    samples: ({ status: { router, version } }) => [{ labels: { router, version }, value: 1 }],
  },
  {
    name: 'vrrp_instance_state',
    type: 'gauge',
    help: '1 for the current state of the instance, 0 for the others.',
    labels: ['instance', 'vrid', 'family', 'interface', 'state'],
    samples: ({ status }) => status.instances.flatMap(stateSamples),
  },
  gauge(
    'vrrp_priority_effective',
    'Effective priority of the instance.',
    ({ priority }) => priority.effective,
  ),
  {
    name: 'vrrp_last_transition_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the instance last changed state; absent before the first change.',
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
    help: 'State changes.',
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
    help: 'Packets refused, by reason; the instance is empty for packets that belong to none.',
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
    'How long this MASTER heard another MASTER, to within one advertisement interval.',
    'dual-master-seconds',
  ),
  {
    name: 'vrrp_peer_problems',
    type: 'gauge',
    help: 'Routers that are heard as MASTER of the same VRID and cannot be peers as configured: advertisements refused for this reason, `vrid-shared`, `addresses-unserved` or `master-stays`.',
    labels: ['instance', 'problem'],
    samples: ({ status }) => status.instances.flatMap(problemSamples),
  },
  gauge(
    'vrrp_path_lost',
    '1 while no advertisement arrives and this BACKUP does not take over: the MASTER is alive over the peer link, or this director is cut off.',
    ({ path_lost: loss }) => (loss === undefined ? 0 : 1),
  ),
  leaf('master-transitions', 'Times the instance became MASTER.'),
  leaf('priority-zero-pkts-rcvd', 'Advertisements of priority 0 received: a MASTER resigned.'),
  leaf('priority-zero-pkts-sent', 'Advertisements of priority 0 sent: this MASTER resigned.'),
  leaf('interval-errors', 'Advertisements with an interval other than the configured one.'),
  leaf('address-list-errors', 'Advertisements with addresses other than the configured ones.'),
  leaf('owner-conflicts', 'Advertisements from other routers that the address owner received.'),
  leaf('priority-conflicts', 'Advertisements from another router with the same priority.'),
  leaf('checksum-form-changes', 'Times a peer changed its form of the version 3 checksum.'),
  leaf('hmac-verified', 'Signed advertisements that were right.'),
  leaf(
    'hmac-missing',
    'Advertisements that are not signed where `authentication` is hmac: refused with `enforce`, else accepted.',
  ),
  leaf('announcements-sent', 'Gratuitous ARP and unsolicited Neighbor Advertisements sent.'),
  leaf('address-conflicts', 'Claims by other hosts to a virtual address this MASTER holds.'),
  leaf('addresses-restored', 'Virtual addresses added again after another program removed them.'),
  leaf(
    'version-2-copies',
    'Version 2 advertisements ignored because their sender also sends version 3.',
  ),
  leaf('routes-restored', 'Routes and rules added again after another program removed them.'),
  leaf('routes-refused', 'Routes and rules that the kernel refused to add or remove.'),
  {
    name: 'vrrp_notifications_total',
    type: 'counter',
    help: 'Notifications by command, named pipe, webhook and mail, by outcome.',
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
    name: 'vrrp_history_lost_total',
    type: 'counter',
    help: 'Events that could not be written to the history on the disk.',
    labels: [],
    samples: ({ status: { history } }) =>
      history === undefined ? [] : [{ labels: {}, value: history.lost }],
  },
  {
    name: 'vrrp_stalls_total',
    type: 'counter',
    help: 'Times the protocol thread stalled long enough for a peer to take over.',
    labels: [],
    samples: ({ status }) => [{ labels: {}, value: status.counters.stalls }],
  },
  {
    name: 'vrrp_stall_seconds_total',
    type: 'counter',
    help: 'Duration of these stalls, by cause: the host did not schedule the thread, the process was busy, or it was paused.',
    labels: ['cause'],
    samples: ({ status: { stall_seconds: seconds = {} } }) =>
      Object.entries(seconds).map(([cause, value]) => ({ labels: { cause }, value })),
  },
  {
    name: 'vrrp_send_failures_total',
    type: 'counter',
    help: 'Advertisements and announcements that the kernel refused to send; a link that is down does not count.',
    labels: [],
    samples: ({ status }) => [{ labels: {}, value: status.counters['send-failures'] }],
  },
  ...AUTHENTICATION_METRICS,
  ...PEER_METRICS,
  ...WITNESS_METRICS,
  ...BFD_METRICS,
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
    samples: ({ status }) => samplesOf(status.instances, labelsOf, valueIn),
  };
}

/** For all metrics of a scrape. */
const instanceLabels = new WeakMap<InstanceDocument, Sample['labels']>();

function labelsOf(instance: InstanceDocument): Sample['labels'] {
  let labels = instanceLabels.get(instance);
  if (labels === undefined) {
    labels = { instance: instance.name };
    instanceLabels.set(instance, labels);
  }
  return labels;
}

function counter(name: string, help: string, source: CounterName): MetricDefinition {
  const values = gauge(name, help, ({ counters }) => counters[source]);
  return { ...values, type: 'counter' };
}

/** A metric with the name of its counter. */
function leaf(source: CounterName, help: string): MetricDefinition {
  return counter(`vrrp_${source.replaceAll('-', '_')}_total`, help, source);
}

const PROBLEMS = [
  ...INSTANCE_REASONS,
  'vrid-shared',
  'addresses-unserved',
  'master-stays',
] as const;

/** Every problem has a sample, so that an alert ends. */
function problemSamples({ name, peer_problems: problems = [] }: InstanceDocument): Sample[] {
  return PROBLEMS.map((problem) => ({
    labels: { instance: name, problem },
    value: problems.length === 0 ? 0 : problems.filter(({ code }) => code === problem).length,
  }));
}
