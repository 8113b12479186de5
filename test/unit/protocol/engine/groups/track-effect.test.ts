import { expect, test } from 'vitest';
import {
  type TrackState,
  trackAdjustment,
  trackFails,
} from '../../../../../src/protocol/engine/groups/track-effect.ts';
import type { TrackSettings } from '../../../../../src/protocol/engine/settings.ts';

function tracked(weight: number | undefined): TrackSettings {
  return { name: 'web', source: { kind: 'interface', interface: 'eth1' }, weight };
}

test.each<[string, number | undefined, TrackState['status'], number | undefined, boolean, number]>([
  ['without a weight, up', undefined, 'up', undefined, false, 0],
  ['without a weight, down', undefined, 'down', undefined, true, 0],
  ['without a weight, unknown', undefined, 'unknown', undefined, true, 0],
  ['with a negative weight, up', -20, 'up', undefined, false, 0],
  ['with a negative weight, down', -20, 'down', undefined, false, -20],
  ['with a negative weight, unknown', -20, 'unknown', undefined, true, 0],
  ['with a positive weight, up', 20, 'up', undefined, false, 20],
  ['with a positive weight, down', 20, 'down', undefined, false, 0],
  ['with a number', undefined, 'up', -7, false, -7],
  ['with a number and a weight', 2, 'up', -7, false, -14],
  ['with a number that leaves some priority', 1, 'up', -253, false, -253],
  ['with a number that leaves no priority', 1, 'up', -254, true, -254],
  ['with a number beyond the range', -1, 'up', 9_999, true, -254],
  ['with a great number', 1, 'up', 9_999, false, 254],
])('an object %s', (_, weight, status, value, fails, adjustment) => {
  const state = { status, value };
  expect(trackFails(tracked(weight), state)).toBe(fails);
  expect(trackAdjustment(tracked(weight), state)).toBe(adjustment);
});

test.each<[string, number | undefined, TrackState['status'], boolean, number]>([
  ['without a weight, up', undefined, 'up', true, 0],
  ['without a weight, down', undefined, 'down', false, 0],
  ['without a weight, unknown', undefined, 'unknown', true, 0],
  ['with a negative weight, up', -20, 'up', false, 0],
  ['with a negative weight, down', -20, 'down', false, 20],
  ['with a positive weight, up', 20, 'up', false, -20],
  ['with a positive weight, down', 20, 'down', false, 0],
])('an object with the opposite effect, %s', (_, weight, status, fails, adjustment) => {
  const settings = { ...tracked(weight), reverse: true } as const;
  const state = { status, value: undefined };
  expect(trackFails(settings, state)).toBe(fails);
  expect(trackAdjustment(settings, state)).toBe(adjustment);
});
