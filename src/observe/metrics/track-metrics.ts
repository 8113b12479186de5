/** Metrics of tracked objects, of the process that checks them, and of sync groups. */
import type { CheckerDocument, InstanceDocument, TrackDocument } from '../../control/protocol.ts';
import { type MetricDefinition, type Sample, STATES } from './metric.ts';

export const TRACK_METRICS: readonly MetricDefinition[] = [
  tracks(
    'vrrp_track_up',
    'gauge',
    '1 while the tracked object is up, 0 while it is down or unknown.',
    ({ state }) => (state === 'up' ? 1 : 0),
  ),
  tracks(
    'vrrp_track_adjustment',
    'gauge',
    'What the tracked object currently adds to the priority of the instance.',
    ({ adjustment }) => adjustment,
  ),
  tracks('vrrp_track_runs_total', 'counter', 'Checks of the tracked object.', ({ runs }) => runs),
  tracks(
    'vrrp_track_failures_total',
    'counter',
    'Failed checks, including those before the object counts as down.',
    ({ failures }) => failures,
  ),
  tracks(
    'vrrp_track_overruns_total',
    'counter',
    'Checks skipped because the previous one had not ended.',
    ({ overruns }) => overruns,
  ),
  checker(
    'vrrp_checker_up',
    'gauge',
    '1 while the process that runs checks and sends webhooks runs; absent if nothing needs it.',
    ({ state }) => (state === 'running' ? 1 : 0),
  ),
  checker(
    'vrrp_checker_restarts_total',
    'counter',
    'Starts of that process after an end that was not planned.',
    ({ restarts }) => restarts,
  ),
  {
    name: 'vrrp_sync_group_state',
    type: 'gauge',
    help: '1 for the current state of the sync group, 0 for the others.',
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

function checker(
  name: string,
  type: MetricDefinition['type'],
  help: string,
  read: (checker: CheckerDocument) => number,
): MetricDefinition {
  return {
    name,
    type,
    help,
    labels: [],
    samples: ({ status }) =>
      status.checker === undefined ? [] : [{ labels: {}, value: read(status.checker) }],
  };
}

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
