/** Metrics of tracked things and sync groups. */
import type { InstanceDocument, TrackDocument } from '../../control/protocol.ts';
import { type MetricDefinition, type Sample, STATES } from './metric.ts';

export const TRACK_METRICS: readonly MetricDefinition[] = [
  tracks(
    'vrrp_track_up',
    'gauge',
    '1 while what the instance depends on is up, 0 while it is down or not known.',
    ({ state }) => (state === 'up' ? 1 : 0),
  ),
  tracks(
    'vrrp_track_adjustment',
    'gauge',
    'What it adds to the priority of the instance now.',
    ({ adjustment }) => adjustment,
  ),
  tracks('vrrp_track_runs_total', 'counter', 'Times it was checked.', ({ runs }) => runs),
  tracks(
    'vrrp_track_failures_total',
    'counter',
    'Failed checks, including those before it counts as down.',
    ({ failures }) => failures,
  ),
  tracks(
    'vrrp_track_overruns_total',
    'counter',
    'Runs skipped because the previous one had not ended.',
    ({ overruns }) => overruns,
  ),
  {
    name: 'vrrp_sync_group_state',
    type: 'gauge',
    help: '1 for the present state of the sync group, 0 for the others.',
    labels: ['group', 'state'],
    samples: ({ status }) =>
      status.sync_groups.flatMap(({ name, state }) =>
        STATES.map((one) => ({
          labels: { group: name, state: one },
          value: one === state ? 1 : 0,
        })),
      ),
  },
];

function tracks(
  name: string,
  type: MetricDefinition['type'],
  help: string,
  read: (track: TrackDocument) => number,
): MetricDefinition {
  return {
    name,
    type,
    help,
    labels: ['instance', 'track', 'kind'],
    samples: ({ status }) => status.instances.flatMap((one) => samplesOf(one, read)),
  };
}

function samplesOf(
  { name, tracks: all }: InstanceDocument,
  read: (track: TrackDocument) => number,
): Sample[] {
  return all.map((track) => ({
    labels: { instance: name, track: track.name, kind: track.kind },
    value: read(track),
  }));
}
