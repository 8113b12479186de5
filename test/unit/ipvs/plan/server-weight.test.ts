import { describe, expect, test } from 'vitest';
import {
  countHealthy,
  effectiveWeight,
  hasEnough,
  needsFallback,
  type ServerFacts,
} from '../../../../src/ipvs/plan/server-weight.ts';

function weightOf(facts: Partial<ServerFacts>, onFailure: 'quiesce' | 'remove' = 'quiesce') {
  return effectiveWeight(
    {
      weight: 5,
      status: 'up',
      wasQuiet: false,
      isDrained: false,
      feedback: undefined,
      ...facts,
    },
    onFailure,
  );
}

describe('the weight of a server', () => {
  test('is that of the file while it is up, unchecked or not yet known', () => {
    expect(weightOf({})).toBe(5);
    expect(weightOf({ status: 'unchecked' })).toBe(5);
    expect(weightOf({ status: 'unknown' })).toBe(5);
  });

  test('is 0 while it is down, or there is none, as the file wants it', () => {
    expect(weightOf({ status: 'down' })).toBe(0);
    expect(weightOf({ status: 'down' }, 'remove')).toBe('absent');
  });

  test('stays 0 after a restart until the first result', () => {
    expect(weightOf({ status: 'unknown', wasQuiet: true })).toBe(0);
    expect(weightOf({ status: 'up', wasQuiet: true })).toBe(5);
    expect(weightOf({ status: 'unchecked', wasQuiet: true })).toBe(5);
  });

  test('is 0 while it is drained, and a drained server keeps its place in the table', () => {
    expect(weightOf({ isDrained: true })).toBe(0);
    expect(weightOf({ isDrained: true, feedback: 80 })).toBe(0);
  });

  test('follows the load, unless the file says 0 or the server is down', () => {
    expect(weightOf({ feedback: 80 })).toBe(80);
    expect(weightOf({ feedback: 80, weight: 0 })).toBe(0);
    expect(weightOf({ feedback: 80, status: 'down' })).toBe(0);
  });
});

test('a fallback is needed when nobody takes new connections', () => {
  expect(needsFallback([0, 'absent'])).toBe(true);
  expect(needsFallback([])).toBe(true);
  expect(needsFallback([0, 1])).toBe(false);
});

describe('enough healthy servers', () => {
  test('counts those that nobody checks', () => {
    const count = countHealthy(['up', 'unchecked', 'down', 'unknown']);
    expect(count).toEqual({ healthy: 2, unknown: 1, total: 4 });
  });

  test('is left open as long as it depends on a server of which nothing is known', () => {
    const count = countHealthy(['up', 'down', 'unknown']);
    expect(hasEnough(count, 1)).toBe(true);
    expect(hasEnough(count, 2)).toBe(undefined);
    expect(hasEnough(count, 3)).toBe(false);
  });
});
