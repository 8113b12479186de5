import { describe, expect, test } from 'vitest';
import {
  type Duration,
  type Instant,
  instant,
  milliseconds,
  NEVER,
  seconds,
} from '../../../../src/net/time.ts';
import { HangGuard } from '../../../../src/protocol/thread/hang-guard.ts';
import { instanceOf } from '../../../conformance/rig.ts';

const START = instant(5_000_000);

function later(duration: Duration): Instant {
  return instant(START + duration);
}

/** The beat at which the protocol thread counts as hung; undefined: at none of forty-one. */
function hungAt(
  interval: number,
  deadlineAt: (beat: number) => number,
  nowAt = (beat: number) => later(milliseconds(250 * beat)),
  { works = false, isAsked = false } = {},
): number | undefined {
  const guard = new HangGuard();
  guard.follow([
    instanceOf({ advertisementInterval: milliseconds(interval) }),
    instanceOf({ advertisementInterval: seconds(30) }),
  ]);
  for (let beat = 0; beat <= 40; beat++) {
    const lookedAt = works ? nowAt(beat) : START;
    const signs = { deadline: instant(deadlineAt(beat)), lookedAt, isAsked };
    if (guard.isHung(signs, nowAt(beat))) return beat;
  }
  return undefined;
}

describe('defence: the protocol thread', () => {
  test('hangs once it has not served its deadline for 0.5 s, if its peers have taken over', () => {
    expect(hungAt(100, () => START)).toBe(2);
    expect(hungAt(100, () => later(milliseconds(100)))).toBe(3);
  });

  test('is given the Master_Down_Interval of its peers, and ten seconds at most', () => {
    // 3.6 s.
    expect(hungAt(1_000, () => START)).toBe(15);
    expect(hungAt(20_000, () => START)).toBe(40);
  });

  test.each([
    ['works on one turn, such as a stop of hundreds of virtual routers', { works: true }],
    ['has a reload to handle', { isAsked: true }],
  ])('is given ten seconds while it %s', (_, more) => {
    expect(hungAt(100, () => START, undefined, more)).toBe(40);
  });

  test('does not hang while it serves one deadline after the other, however late', () => {
    expect(hungAt(100, (beat) => later(milliseconds(250 * (beat - 8))))).toBeUndefined();
  });

  test('does not hang while nothing is due', () => {
    expect(hungAt(100, () => NEVER)).toBeUndefined();
  });

  test('does not hang because the process as a whole stood still', () => {
    const afterPause = (beat: number) => later(milliseconds(beat < 1 ? 0 : 60_000));
    const served = (beat: number) => (beat < 2 ? START : NEVER);
    expect(hungAt(100, served, afterPause)).toBeUndefined();
  });
});
