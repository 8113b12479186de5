/**
 * Keeps the protocol thread in epoll_wait(2) between its wake-ups, instead of in Node's event loop: a
 * wake-up then costs half as much and comes sooner (ADR 5). The event loop runs when the doorbell
 * rings, which announces a message from the main thread, and at least once a second for work that V8
 * has deferred.
 */
import { answerDoorbell } from '../../kernel/reactor/doorbell.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';

/** The longest time without a turn of Node's event loop. */
const WAIT_MILLISECONDS = 1_000;

interface EpollLoop {
  /** Gives Node's event loop a turn after the current wake-up. */
  yieldToNode(): void;
}

/** Begins with the next turn of the event loop; ends when the reactor is closed. */
export function startEpollLoop(reactor: Reactor, doorbell: number): EpollLoop {
  let isYielding = false;
  const serve = () => {
    isYielding = false;
    const until = performance.now() + WAIT_MILLISECONDS;
    while (!isYielding && !reactor.closed && performance.now() < until) {
      reactor.wait(WAIT_MILLISECONDS);
    }
    if (!reactor.closed) setImmediate(serve);
  };
  const yieldToNode = () => {
    isYielding = true;
  };
  reactor.add(doorbell, () => {
    answerDoorbell(doorbell);
    yieldToNode();
  });
  setImmediate(serve);
  return { yieldToNode };
}
