import { expect, test } from 'vitest';
import { keyTime } from '../../../../../fsm/witness/timing.ts';
import {
  after,
  type Instant,
  instant,
  milliseconds,
  seconds,
} from '../../../../../src/net/time.ts';
import { KeyHolder } from '../../../../../src/protocol/engine/witness/key-holder.ts';
import type { WitnessAsk } from '../../../../../src/protocol/engine/witness-messages.ts';

const START = instant(1_000_000_000);

/** Holds a key with a lease of a minute. */
function holder() {
  const key = new KeyHolder();
  const asked: WitnessAsk[] = [];
  const send = (ask: WitnessAsk) => asked.push(ask);
  key.want('hold', seconds(60), START, send);
  key.answered(1, { outcome: 'acquired' }, seconds(60), START);
  return { key, asked, send };
}

test('a renewal names the ttl of the lease that is counted', () => {
  const { key, asked, send } = holder();
  key.want('hold', seconds(60), after(START, seconds(15)), send);
  expect(asked.at(-1)).toEqual({ type: 'renew', ttl: seconds(60) });
});

test('a shorter lease counts from the question, answered or not: etcd may have taken it', () => {
  const { key, asked, send } = holder();
  const now = after(START, seconds(15));
  key.want('hold', seconds(2), now, send);
  expect(asked.at(-1)).toEqual({ type: 'acquire', ttl: seconds(2) });
  expect(key.until).toBe(after(now, keyTime(seconds(2))));
});

test('an answer that has not come in time is asked for again at once, a failure at once after a pause', () => {
  const key = new KeyHolder();
  const asked: Instant[] = [];
  const want = (now: Instant) => key.want('hold', seconds(2), now, () => asked.push(now));
  const fail = (now: Instant) =>
    key.answered(
      asked.length,
      { outcome: 'failed', reason: 'unreachable', message: 'late' },
      seconds(2),
      now,
    );
  want(START);
  const late = after(START, milliseconds(500));
  fail(late);
  want(late);
  expect(asked).toEqual([START, late]);
  fail(after(late, milliseconds(1)));
  want(after(late, milliseconds(249)));
  expect(asked).toHaveLength(2);
  want(after(late, milliseconds(250)));
  expect(asked).toHaveLength(3);
});
