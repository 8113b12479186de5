/** Calls at a steady rate. */
import { enterRealtime } from '../../kernel/scheduler/realtime.ts';

/** The lowest: enough to send in time on a busy machine, below every agent that asks for more. */
const REALTIME_PRIORITY = 1;

/** Behind by more, the process was stopped: what was missed then is not caught up on. */
const CATCH_UP_MAX = 100;

/** Timers do not go on for ever: a longer one would be taken for 1 ms (Node's documentation). */
const IDLE_MAX = 60_000;

export function sendInTime(): void {
  enterRealtime(REALTIME_PRIORITY);
}

export interface Pace {
  readonly intervalMilliseconds: number;
  readonly act: (counter: number) => void;
}

/** One timer for all, so that a process with many probes wakes up no more often than one with one. */
export function keepPace(paces: readonly Pace[]): void {
  const start = performance.now();
  const states = paces.map((pace) => ({ ...pace, due: start, counter: 0 }));
  const turn = () => {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const state of states) {
      const { intervalMilliseconds, act } = state;
      if (now - state.due > CATCH_UP_MAX * intervalMilliseconds) state.due = now;
      for (; state.due <= now; state.due += intervalMilliseconds) act(state.counter++);
      next = Math.min(next, state.due);
    }
    setTimeout(turn, Math.min(IDLE_MAX, Math.max(0, next - performance.now())));
  };
  turn();
}
