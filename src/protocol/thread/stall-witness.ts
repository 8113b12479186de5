/**
 * Finds out whether the host or the protocol thread itself caused a stall, from the kernel's accounting
 * of the thread. Runs in the main thread; reads two small files each second, and again after a stall.
 */
import { readFileSync } from 'node:fs';
import type { StallBlame } from '../engine/reports.ts';

/** In microseconds since the start of the thread; `stolen` since the boot of the host. */
export interface ThreadTimes {
  readonly at: number;
  /** Time on a processor. */
  readonly ran: number;
  /** Time ready to run, without a processor. */
  readonly waited: number;
  /** Time that a hypervisor withheld from the processors of this host. */
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

  /** Undefined if the kernel keeps no accounts, or before the second sample. */
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

/** Subtracts what the thread usually needs: as much as between the two samples before the stall. */
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
  // The kernel counts stolen time as time on the processor.
  const ran = Math.max(0, excess('ran') - stolen);
  const half = microseconds / 2;
  const cause = waited >= half && waited >= ran ? 'host' : ran >= half ? 'self' : 'paused';
  return { cause, waitedMicroseconds: waited, ranMicroseconds: ran };
}

/** Undefined if the kernel keeps no such accounts. */
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
