/**
 * Tells whether a stall of the protocol thread was the host's or its own, from the kernel's accounting of
 * the thread. It runs in the main thread and reads two small files a second, and again when a stall has
 * been reported.
 */
import { readFileSync } from 'node:fs';
import type { StallBlame } from '../engine/reports.ts';

/** Microseconds since the start of the thread, or of the host. */
export interface ThreadTimes {
  readonly at: number;
  /** On a processor. */
  readonly ran: number;
  /** Ready to run, without a processor. */
  readonly waited: number;
  /** What a hypervisor kept from the processors of this host. */
  readonly stolen: number;
}

const SAMPLE_MILLISECONDS = 1_000;

/** USER_HZ, the unit of /proc/stat, is 100 wherever Node runs. */
const TICK_MICROSECONDS = 10_000;

/** `user nice system idle iowait irq softirq steal`. */
const STEAL = 8;

export class StallWitness {
  readonly #read: () => ThreadTimes | undefined;
  #before: ThreadTimes | undefined;
  #latest: ThreadTimes | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(thread: number, read: () => ThreadTimes | undefined = () => threadTimes(thread)) {
    this.#read = read;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MILLISECONDS).unref();
  }

  /** Undefined: the kernel does not account for it, or there are no two samples from before. */
  blame(microseconds: number): StallBlame | undefined {
    const now = this.#read();
    const [before, latest] = [this.#before, this.#latest];
    if (now === undefined || before === undefined || latest === undefined) return undefined;
    return blameFor(microseconds, before, latest, now);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    this.#before = this.#latest;
    this.#latest = this.#read();
  }
}

/** What the thread needs anyway, between the two samples from before the stall, is not the stall's. */
export function blameFor(
  microseconds: number,
  before: ThreadTimes,
  latest: ThreadTimes,
  now: ThreadTimes,
): StallBlame {
  const usual = Math.max(0, now.at - latest.at - microseconds) / Math.max(1, latest.at - before.at);
  const excess = (key: 'ran' | 'waited' | 'stolen') => {
    const more = now[key] - latest[key] - usual * (latest[key] - before[key]);
    return Math.min(microseconds, Math.max(0, Math.round(more)));
  };
  const stolen = excess('stolen');
  const waited = Math.min(microseconds, excess('waited') + stolen);
  // A hypervisor's theft passes for time on the processor.
  const ran = Math.max(0, excess('ran') - stolen);
  const half = microseconds / 2;
  const cause = waited >= half && waited >= ran ? 'host' : ran >= half ? 'self' : 'paused';
  return { cause, waitedMicroseconds: waited, ranMicroseconds: ran };
}

/** Undefined where the kernel has no such accounting. */
function threadTimes(thread: number): ThreadTimes | undefined {
  try {
    const schedule = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ');
    const [cpu = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
    const [ran, waited] = schedule.map((nanoseconds) => Number(nanoseconds) / 1_000);
    const stolen = Number(cpu.split(/\s+/)[STEAL] ?? Number.NaN) * TICK_MICROSECONDS;
    const times = {
      at: performance.now() * 1_000,
      ran: ran ?? Number.NaN,
      waited: waited ?? Number.NaN,
      stolen,
    };
    return Object.values(times).some(Number.isNaN) ? undefined : times;
  } catch {
    return undefined;
  }
}
