/** Records of invented runs. */
import type { NodeRecord, RunRecord, Span } from '../../../../src/lab/judge/record.ts';

export const DURATION = 2_000_000;

export function node(name: string, holds: readonly Span[], more: Partial<NodeRecord> = {}) {
  return {
    name,
    agent: 'vrrp-agent',
    priority: 100,
    states: [],
    holds,
    adverts: [],
    resignations: [],
    announcements: [],
    arpAnswers: {},
    ...more,
  } satisfies NodeRecord;
}

export function run(more: Partial<RunRecord> = {}): RunRecord {
  return {
    started_at: '2026-11-21T12:00:00.000Z',
    duration: DURATION,
    settled_after: 400_000,
    set_up: 150_000,
    tear_down: 40_000,
    resolution: { median: 1_050, p99: 1_300, max: 2_100 },
    frames_lost: 0,
    steps: [
      { kind: 'crash', from: 500_000, to: 500_000, done: 502_000, text: 'crash lb1', error: null },
    ],
    nodes: [
      node('lb1', [{ from: 0, to: 500_000 }], {
        states: [
          { from: 0, to: 500_000, state: 'MASTER' },
          { from: 500_000, to: DURATION, state: 'crashed' },
        ],
        adverts: [100_000, 200_000],
        arpAnswers: { client: [10_000, 20_000, 490_000] },
      }),
      node('lb2', [{ from: 850_000, to: DURATION }], {
        states: [
          { from: 0, to: 850_000, state: 'BACKUP' },
          { from: 850_000, to: DURATION, state: 'MASTER' },
        ],
        announcements: [850_500],
        adverts: [850_200, 950_200],
        arpAnswers: { client: [860_000, 900_000, 1_990_000] },
      }),
    ],
    takeovers: [],
    probes: [
      {
        ...{ client: 'client', type: 'icmp', sent: 2_000, lost: 349 },
        outages: [{ from: 500_000, to: 850_000 }],
      },
    ],
    streams: [],
    events: [],
    discarded: 0,
    numbers: {
      ...{ outage: 350_000, takeover: 362_000, dual: 0, transitions: 1 },
      ...{ lost: 349, announcements: 1, adverts: 4 },
    },
    verdicts: [{ expectation: 'owner lb2 from 1s', why: '', holds: true, seen: 'lb2' }],
    holds: true,
    ...more,
  };
}
