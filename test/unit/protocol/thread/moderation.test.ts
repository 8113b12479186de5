import { describe, expect, test } from 'vitest';
import { type Instant, instant, NEVER } from '../../../../src/net/time.ts';
import { Moderation } from '../../../../src/protocol/thread/moderation.ts';

const START = instant(1_000_000);

function at(milliseconds: number): Instant {
  return instant(START + milliseconds * 1_000);
}

describe('moderation', () => {
  test('lets each packet wake the loop below 2,000 a second', () => {
    const moderation = new Moderation();
    for (let turn = 0; turn < 1_000; turn++) {
      moderation.turned(1, at(turn));
      expect(moderation.until).toBe(NEVER);
    }
  });

  test('collects packets for half a millisecond from the 200th in a window on', () => {
    const moderation = new Moderation();
    moderation.turned(199, at(0));
    expect(moderation.until).toBe(NEVER);
    moderation.turned(1, at(1));
    expect(moderation.until).toBe(at(1.5));
  });

  test('continues to collect through the window after a busy one, and no longer', () => {
    const moderation = new Moderation();
    moderation.turned(500, at(0));
    moderation.turned(1, at(100));
    expect(moderation.until).toBe(at(100.5));
    moderation.turned(1, at(200));
    expect(moderation.until).toBe(NEVER);
  });

  test('wakes on packets again when none has arrived', () => {
    const moderation = new Moderation();
    moderation.turned(500, at(0));
    moderation.turned(0, at(0.4));
    expect(moderation.until).toBe(at(0.5));
    moderation.turned(0, at(0.5));
    expect(moderation.until).toBe(NEVER);
  });
});
