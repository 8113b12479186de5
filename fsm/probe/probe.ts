/**
 * Whether a tracked thing is up, from one result after another, as a table. A thing that is unknown
 * takes its first result as it is; afterwards `rise` results in a row are needed to come up and
 * `fall` to go down.
 */

import { assert } from '../../src/net/assert.ts';

export type ProbeStatus = 'unknown' | 'up' | 'down';

export interface ProbeState {
  readonly status: ProbeStatus;
  /** Results in a row that contradict the status. */
  readonly against: number;
}

export interface ProbeLimits {
  /** 1 or more. */
  readonly rise: number;
  readonly fall: number;
}

export type ProbeResult = 'passed' | 'failed';

interface Row {
  readonly status: ProbeStatus;
  readonly result: ProbeResult;
  /** What the results in a row lead to, and how many of them it takes; undefined: nothing. */
  readonly target: Exclude<ProbeStatus, 'unknown'> | undefined;
  readonly needs: (limits: ProbeLimits) => number;
  readonly description: string;
}

const one = () => 1;

export const PROBE_TABLE: readonly Row[] = [
  {
    status: 'unknown',
    result: 'passed',
    target: 'up',
    needs: one,
    description: 'the first result decides',
  },
  {
    status: 'unknown',
    result: 'failed',
    target: 'down',
    needs: one,
    description: 'the first result decides',
  },
  {
    status: 'up',
    result: 'passed',
    target: undefined,
    needs: one,
    description: 'failures are forgotten',
  },
  {
    status: 'up',
    result: 'failed',
    target: 'down',
    needs: ({ fall }) => fall,
    description: '`fall` failures in a row bring it down',
  },
  {
    status: 'down',
    result: 'failed',
    target: undefined,
    needs: one,
    description: 'successes are forgotten',
  },
  {
    status: 'down',
    result: 'passed',
    target: 'up',
    needs: ({ rise }) => rise,
    description: '`rise` successes in a row bring it up',
  },
];

export const UNKNOWN: ProbeState = { status: 'unknown', against: 0 };

export function judged(state: ProbeState, result: ProbeResult, limits: ProbeLimits): ProbeState {
  const row = PROBE_TABLE.find((each) => each.status === state.status && each.result === result);
  assert(row !== undefined, `no row for ${state.status} and ${result}`);
  if (row.target === undefined) return { ...state, against: 0 };
  const against = state.against + 1;
  return against < row.needs(limits) ? { ...state, against } : { status: row.target, against: 0 };
}
