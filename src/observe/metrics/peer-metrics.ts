/** Metrics of the peer link. */
import type { DirectorDocument } from '../../control/protocol.ts';
import { PEER_REFUSALS } from '../../protocol/engine/director-messages.ts';
import { type MetricDefinition, sampleOf } from './metric.ts';

export const PEER_METRICS: readonly MetricDefinition[] = [
  gauge(
    'vrrp_peer_up',
    '1 while the director is heard over the peer link and hears this one, else 0.',
    ({ state }) => (state === 'up' ? 1 : 0),
  ),
  gauge(
    'vrrp_peer_rtt_seconds',
    'Round trip to the director over the peer link; absent while it is not up.',
    ({ rtt_ms: rtt }) => (rtt === null ? null : rtt / 1_000),
  ),
  gauge(
    'vrrp_peer_clock_offset_seconds',
    'How far the clock of the director is ahead of the own one; absent while it is not up.',
    ({ clock_offset_ms: offset }) => (offset === null ? null : offset / 1_000),
  ),
  gauge(
    'vrrp_peer_configuration_differs',
    '1 if the shared part of the configuration differs from that of the director, 0 if it is the same; absent while that is unknown.',
    ({ configuration }) =>
      configuration === 'unknown' ? null : configuration === 'differs' ? 1 : 0,
  ),
  {
    name: 'vrrp_peer_refused_total',
    type: 'counter',
    help: 'Datagrams of the peer link that were refused, by reason; `source` also counts what the kernel dropped because the queue was full.',
    labels: ['reason'],
    samples: ({ status: { peers, counters } }) =>
      peers === undefined
        ? []
        : PEER_REFUSALS.map((reason) => ({
            labels: { reason },
            value: counters[`peer-${reason}-refused`],
          })),
  },
];

function gauge(
  name: string,
  help: string,
  valueIn: (director: DirectorDocument) => number | null,
): MetricDefinition {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['peer'],
    samples: ({ status: { peers = [] } }) =>
      peers.flatMap((director) => sampleOf({ peer: director.name }, valueIn(director))),
  };
}
