/** Calls functions at steady rates. */
import { enterRealtime } from '../../kernel/scheduler/realtime.ts';

/** The lowest real-time priority: punctual on a busy host, yet below every agent. */
const REALTIME_PRIORITY = 1;

/** A longer stall means that the process was stopped: the missed calls are skipped. */
const CATCH_UP_MAX = 100;

/** Node runs a timer that is too long after 1 ms. */
const IDLE_MAX = 60_000;

export function useRealtimePriority(): void {
  enterRealtime(REALTIME_PRIORITY);
}

export interface Pace {
  readonly intervalMilliseconds: number;
  readonly act: (counter: number) => void;
}

/** One timer for all probes keeps the number of wake-ups low. */
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
