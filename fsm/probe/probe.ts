/**
 * The status of a tracked object from a series of results, as a table. The first result decides;
 * afterwards `rise` successes in a row bring the object up, and `fall` failures in a row bring it down.
 */

import { assert } from '../../src/net/assert.ts';

type ProbeStatus = 'unknown' | 'up' | 'down';

export interface ProbeState {
  readonly status: ProbeStatus;
  /** Consecutive results that contradict the status. */
  readonly against: number;
}

interface ProbeLimits {
  /** 1 or more. */
  readonly rise: number;
  readonly fall: number;
}

export type ProbeResult = 'passed' | 'failed';

interface Row {
  readonly status: ProbeStatus;
  readonly result: ProbeResult;
  /** The status that enough of these results lead to; undefined: the status stays. */
  readonly target: Exclude<ProbeStatus, 'unknown'> | undefined;
  /** The number of consecutive results that this takes. */
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
    description: 'resets the count of failures',
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
    description: 'resets the count of successes',
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
