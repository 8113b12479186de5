/**
 * Keeps a thread in the kernel between its wake-ups, instead of in the event loop of Node: a wake-up
 * then costs half as much and comes sooner. The event loop gets its turn when the doorbell rings (a
 * message waits), and now and then for what V8 has put off.
 */
import { answerDoorbell } from '../../kernel/reactor/doorbell.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';

/** The longest time without a turn of the event loop. */
const STAND_MILLISECONDS = 1_000;

export interface StandingWatch {
  /** The event loop gets its turn after this wake-up. */
  rest(): void;
}

/** Begins with the next turn of the event loop; ends when the reactor is closed. */
export function standWatch(reactor: Reactor, doorbell: number): StandingWatch {
  let resting = false;
  const stand = () => {
    resting = false;
    const until = performance.now() + STAND_MILLISECONDS;
    while (!resting && !reactor.closed && performance.now() < until) {
      reactor.wait(STAND_MILLISECONDS);
    }
    if (!reactor.closed) setImmediate(stand);
  };
  const rest = () => {
    resting = true;
  };
  reactor.add(doorbell, () => {
    answerDoorbell(doorbell);
    rest();
  });
  setImmediate(stand);
  return { rest };
}
