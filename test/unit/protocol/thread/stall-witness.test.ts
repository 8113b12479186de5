import { expect, test } from 'vitest';
import {
  blameFor,
  StallWitness,
  type ThreadTimes,
} from '../../../../src/protocol/thread/stall-witness.ts';

/** A usual second: 100 ms on the processor, 50 ms of waiting for it. */
const BEFORE: ThreadTimes = { at: 0, ran: 0, waited: 0, stolen: 0 };
const LATEST: ThreadTimes = { at: 1_000_000, ran: 100_000, waited: 50_000, stolen: 0 };

/** Half a second later, after a stall of 40 ms. */
function blame(more: Partial<Omit<ThreadTimes, 'at'>>) {
  const usual = { ran: 146_000, waited: 73_000, stolen: 0 };
  const now = {
    at: 1_500_000,
    ran: usual.ran + (more.ran ?? 0),
    waited: usual.waited + (more.waited ?? 0),
    stolen: usual.stolen + (more.stolen ?? 0),
  };
  return blameFor(40_000, BEFORE, LATEST, now);
}

test('FR-Q a thread that waited for a processor was not scheduled by the host', () => {
  expect(blame({ waited: 39_000 })).toEqual({
    ...{ cause: 'host', waitedMicroseconds: 39_000, ranMicroseconds: 0 },
  });
});

test('FR-Q stolen time is not time that the thread was busy', () => {
  expect(blame({ stolen: 40_000, ran: 40_000 })).toMatchObject({ cause: 'host' });
});

test('FR-Q a thread that ran all the time was busy itself', () => {
  expect(blame({ ran: 38_000 })).toEqual({
    ...{ cause: 'self', waitedMicroseconds: 0, ranMicroseconds: 38_000 },
  });
});

test('FR-Q a thread that neither ran nor waited was paused, however busy it usually is', () => {
  expect(blame({})).toMatchObject({ cause: 'paused' });
});

test('there is no cause without two samples from before the stall', () => {
  const witness = new StallWitness(1, () => LATEST);
  expect(witness.blame(40_000)).toBeUndefined();
  witness.close();
});
