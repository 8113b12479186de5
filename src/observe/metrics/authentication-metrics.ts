/** Clocks of authentication by HMAC; its counters are in the table of metrics. */
import type { InstanceDocument } from '../../control/protocol.ts';
import type { MetricDefinition, Sample } from './metric.ts';

export const AUTHENTICATION_METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_authentication_clock_offset_seconds',
    type: 'gauge',
    help: 'How far the clock of a router that signs its advertisements is ahead of the own one.',
    labels: ['instance', 'peer'],
    samples: ({ status }) => status.instances.flatMap(offsets),
  },
  {
    name: 'vrrp_authentication_window_seconds',
    type: 'gauge',
    help: 'From this difference of the clocks on, signed advertisements are refused; absent with `anti_replay: monotonic`.',
    labels: ['instance'],
    samples: ({ status }) => status.instances.flatMap(windows),
  },
];

function offsets({ name, authentication }: InstanceDocument): Sample[] {
  return (authentication?.senders ?? []).map(({ address, clock_ms: clock }) => ({
    labels: { instance: name, peer: address },
    value: clock / 1_000,
  }));
}

function windows({ name, authentication }: InstanceDocument): Sample[] {
  if (authentication?.anti_replay !== 'time') return [];
  return [{ labels: { instance: name }, value: authentication.window_ms / 1_000 }];
}
