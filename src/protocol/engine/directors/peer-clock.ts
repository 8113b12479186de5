/** Round trip to a director and the offset of its wall clock, from the echoes of own datagrams. */
import type { Duration } from '../../../net/time.ts';

/** A datagram that waited longer than this says little about the clock. */
const LONGEST_ROUND_TRIP = 10_000_000;

/** Of so many samples the one with the shortest round trip is the most exact. */
const WINDOW = 8;

/** From here on the offset is reported ... */
const WARN_FROM = 1_000_000;
/** ... and below this it is in order again. */
const FINE_BELOW = 500_000;

interface Sample {
  readonly rtt: number;
  readonly offset: number;
}

export class PeerClock {
  #samples: Sample[] = [];
  /** The offset that was reported and not withdrawn. */
  #reported: number | undefined;

  /** Null: unknown. */
  get rtt(): Duration | null {
    return (this.#best?.rtt ?? null) as Duration | null;
  }

  /** Positive: its clock is ahead. Null: unknown. */
  get offset(): Duration | null {
    return (this.#best?.offset ?? null) as Duration | null;
  }

  /** `difference`: its wall clock when it sent, less the own when that arrived. */
  add(rtt: number, difference: number): void {
    if (rtt < 0 || rtt > LONGEST_ROUND_TRIP) return;
    const offset = Math.round(difference + rtt / 2);
    const before = this.offset;
    // After a step of either clock the earlier samples are wrong.
    if (before !== null && Math.abs(offset - before) > FINE_BELOW + rtt) this.#samples = [];
    this.#samples.push({ rtt, offset });
    if (this.#samples.length > WINDOW) this.#samples.shift();
  }

  /** What is to be reported now; undefined: nothing. */
  judge():
    | { readonly offset: Duration; readonly before: Duration | null; readonly agrees: boolean }
    | undefined {
    const { offset } = this;
    if (offset === null) return undefined;
    const before = (this.#reported ?? null) as Duration | null;
    const isWrong = Math.abs(offset) >= WARN_FROM;
    if (before === null ? !isWrong : isWrong && Math.abs(offset - before) < WARN_FROM) {
      return undefined;
    }
    if (before !== null && !isWrong && Math.abs(offset) >= FINE_BELOW) return undefined;
    this.#reported = isWrong ? offset : undefined;
    return { offset, before, agrees: !isWrong };
  }

  reset(): void {
    this.#samples = [];
  }

  get #best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) {
      if (best === undefined || sample.rtt < best.rtt) best = sample;
    }
    return best;
  }
}
