/** Metrics of BFD sessions. */
import type { BfdDocument } from '../../control/protocol.ts';
import { type MetricDefinition, sampleOf } from './metric.ts';

export const BFD_METRICS: readonly MetricDefinition[] = [
  session('vrrp_bfd_up', 'gauge', '1 while the session is Up, else 0.', ({ state }) =>
    state === 'Up' ? 1 : 0,
  ),
  session(
    'vrrp_bfd_transmit_interval_seconds',
    'gauge',
    'The interval of the packets that are sent, before jitter; absent while none are.',
    ({ transmit_interval_ms: interval }) => secondsOf(interval),
  ),
  session(
    'vrrp_bfd_detection_time_seconds',
    'gauge',
    'The silence after which the neighbour is down; absent before it was heard.',
    ({ detection_time_ms: time }) => secondsOf(time),
  ),
  session(
    'vrrp_bfd_packets_sent_total',
    'counter',
    'Packets sent to the neighbour.',
    ({ packets_sent: count }) => count,
  ),
  session(
    'vrrp_bfd_packets_received_total',
    'counter',
    'Packets of the neighbour that passed all checks.',
    ({ packets_received: count }) => count,
  ),
  session(
    'vrrp_bfd_packets_refused_total',
    'counter',
    'Packets of the neighbour that failed a check.',
    ({ packets_refused: count }) => count,
  ),
  session(
    'vrrp_bfd_downs_total',
    'counter',
    'How often the session has left Up.',
    ({ downs }) => downs,
  ),
];

function secondsOf(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1_000;
}

function session(
  name: string,
  type: MetricDefinition['type'],
  help: string,
  valueIn: (session: BfdDocument) => number | null,
): MetricDefinition {
  return {
    ...{ name, type, help, labels: ['neighbour', 'source', 'link', 'multihop'] },
    samples: ({ status: { bfd = [] } }) =>
      bfd.flatMap((one) => {
        const { neighbour, source, link, multihop } = one;
        const labels = { source: source ?? '', link: link ?? '', multihop: `${multihop}` };
        return sampleOf({ neighbour, ...labels }, valueIn(one));
      }),
  };
}
