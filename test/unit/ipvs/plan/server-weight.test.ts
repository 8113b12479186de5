import { describe, expect, test } from 'vitest';
import {
  ANY_SERVER,
  countHealthy,
  type EffectiveWeight,
  effectiveWeight,
  type Feedback,
  hasEnough,
  hasQuorum,
  liveWeight,
  nextFeedback,
  type ServerFacts,
  statusOf,
} from '../../../../src/ipvs/plan/server-weight.ts';
import type { WeightScale } from '../../../../src/net/probe.ts';

function weightOf(facts: Partial<ServerFacts>, onFailure: 'quiesce' | 'remove' = 'quiesce') {
  return effectiveWeight(
    {
      weight: 5,
      status: 'up',
      former: undefined,
      isDrained: false,
      feedback: undefined,
      ...facts,
    },
    onFailure,
  );
}

describe('the weight of a server', () => {
  test('is as configured while it is up, unchecked or not yet known', () => {
    expect(weightOf({})).toBe(5);
    expect(weightOf({ status: 'unchecked' })).toBe(5);
    expect(weightOf({ status: 'unknown' })).toBe(5);
  });

  test('is 0 or absent while it is down, as configured', () => {
    expect(weightOf({ status: 'down' })).toBe(0);
    expect(weightOf({ status: 'down' }, 'remove')).toBe('absent');
  });

  test('stays 0 after a restart until the first result', () => {
    expect(weightOf({ status: 'unknown', former: 0 })).toBe(0);
    expect(weightOf({ status: 'up', former: 0 })).toBe(5);
    expect(weightOf({ status: 'unchecked', former: 0 })).toBe(5);
  });

  test('FR-N10 is absent after a restart until the first result, if a former run removed it', () => {
    expect(weightOf({ status: 'unknown', former: 'absent' }, 'remove')).toBe('absent');
    expect(weightOf({ status: 'unknown', former: 'absent', isDrained: true }, 'remove')).toBe(
      'absent',
    );
    expect(weightOf({ status: 'up', former: 'absent' }, 'remove')).toBe(5);
  });

  test('is 0 while it is drained; a drained server stays in the table', () => {
    expect(weightOf({ isDrained: true })).toBe(0);
    expect(weightOf({ isDrained: true, feedback: 80 })).toBe(0);
  });

  test('follows the load, unless the configured weight is 0 or the server is down', () => {
    expect(weightOf({ feedback: 80 })).toBe(80);
    expect(weightOf({ feedback: 80, weight: 0 })).toBe(0);
    expect(weightOf({ feedback: 80, status: 'down' })).toBe(0);
  });
});

test('FR-N7 a server with several checks is up while all of them are', () => {
  expect(statusOf([])).toBe('unchecked');
  expect(statusOf([true, undefined])).toBe('unknown');
  expect(statusOf([undefined, false])).toBe('down');
  expect(statusOf([true, true])).toBe('up');
});

describe('a quorum', () => {
  const reached = (weights: readonly EffectiveWeight[], quorum = ANY_SERVER, before?: boolean) =>
    hasQuorum(quorum, liveWeight(weights), before);

  test('is one server that takes new connections, unless configured', () => {
    expect(reached([0, 'absent'])).toBe(false);
    expect(reached([])).toBe(false);
    expect(reached([0, 1])).toBe(true);
  });

  test('is the sum of weights, which has to move beyond the hysteresis to change the answer', () => {
    const quorum = { weight: 5, hysteresis: 2 };
    const answers = [6, 7, 5, 3, 2, 6, 7].map((weight, index, all) => {
      const before = all
        .slice(0, index)
        .reduce<boolean | undefined>((last, live) => reached([live], quorum, last), undefined);
      return reached([weight, 0, 'absent'], quorum, before);
    });
    expect(answers).toEqual([false, true, true, true, false, false, true]);
  });

  test('is lost with the last server, whatever the hysteresis', () => {
    expect(reached([0], { weight: 2, hysteresis: 2 }, true)).toBe(false);
  });
});

describe('enough healthy servers', () => {
  test('counts unchecked servers', () => {
    const count = countHealthy(['up', 'unchecked', 'down', 'unknown']);
    expect(count).toEqual({ healthy: 2, unknown: 1, total: 4 });
  });

  test('is undecided while it depends on a server whose status is unknown', () => {
    const count = countHealthy(['up', 'down', 'unknown']);
    expect(hasEnough(count, 1)).toBe(true);
    expect(hasEnough(count, 2)).toBe(undefined);
    expect(hasEnough(count, 3)).toBe(false);
  });
});

function weights(scale: Partial<WeightScale>, readings: readonly number[]): number[] {
  const whole: WeightScale = { reads: 'weight', smoothing: 0, minimum: 1, maximum: 100, ...scale };
  let last: Feedback | undefined;
  return readings.map((reading) => {
    last = nextFeedback(whole, last, reading);
    return last.weight;
  });
}

describe('a weight from a reading', () => {
  test('is the reading within its bounds', () => {
    expect(weights({}, [40, 0, 1_000, -3])).toEqual([40, 1, 100, 1]);
  });

  test('is higher the lower the load', () => {
    expect(weights({ reads: 'load', minimum: 10 }, [0, 0.5, 1, 7])).toEqual([100, 55, 10, 10]);
  });

  test('approaches a new reading step by step, and reaches it', () => {
    expect(weights({ smoothing: 0.5 }, [10, 90, 90, 90, 90])).toEqual([10, 50, 70, 80, 85]);
    expect(weights({ smoothing: 0.5 }, [10, ...Array<number>(20).fill(90)]).at(-1)).toBe(90);
  });
});
