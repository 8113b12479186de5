/**
 * Matches answers with regular expressions in a thread of its own, with a deadline: `.*ready` takes
 * seconds for 64 KiB that a server has chosen to be slow. V8 ends such a match when its thread is
 * terminated. Expressions that needed much processor time use another thread than the others, so that
 * they delay only each other, and it rests after each, so that however many there are, they take a part of
 * one processor. Processor time, not time: a busy host makes no expression slow.
 */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** `late`: not decided by the deadline. `busy`: neither, and because of other answers. */
export type Match = 'yes' | 'no' | 'late' | 'busy';

interface Question {
  readonly pattern: string;
  readonly answer: string;
  /** As `performance.now`. */
  readonly deadline: number;
  /** Milliseconds of processor time. */
  readonly limit: number;
}

/** `heavy`: the limit of processor time came before the deadline. */
interface Verdict {
  readonly match: Match | 'heavy';
  /** Milliseconds of processor time. */
  readonly used: number;
}

interface Request extends Question {
  readonly since: number;
  /** While it waits. */
  readonly giveUp: NodeJS.Timeout;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: Error) => void;
}

/** An ordinary match of 64 KiB takes less than a millisecond. */
const HEAVY_MS = 100;

/** The processor time of a heavy match. */
const LONGEST_MS = 500;

/** After a heavy match, its thread rests for this many times what it has used: a fifth of a processor. */
const REST = 4;

/** How long an expression counts as heavy after it was. */
const HEAVY_FOR_MS = 60_000;

/** A check that ends by its own deadline has failed, so it gets what is known a little earlier. */
const EARLIER_MS = 100;

/** The shortest time between two looks at the clock of the thread. */
const LOOK_MS = 5;

/** The thread ends when no expression was matched for this time. */
const IDLE_MS = 10_000;

const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/** In place of a file, so that the thread starts from wherever the program is installed or bundled. */
const BODY = `
const { parentPort } = require('node:worker_threads');
parentPort.postMessage(require('node:fs').readlinkSync('/proc/thread-self'));
parentPort.on('message', ({ pattern, answer }) => {
  parentPort.postMessage(new RegExp(pattern, 'u').test(answer));
});
`;

/** One thread, and the matches that wait for it. */
class Lane {
  readonly #rest: number;
  readonly #waiting: Request[] = [];
  #worker: Worker | undefined;
  /** `PID/task/TID`; undefined while the thread starts. */
  #thread: string | undefined;
  #active: Request | undefined;
  /** Processor time of the thread when the active match began. */
  #usedBefore = 0;
  #restsUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `rest`: for how many times what a match has used the thread is left alone. */
  constructor(rest: number) {
    this.#rest = rest;
  }

  /** Rejects if the thread fails. */
  match(question: Question): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const left = question.deadline - since;
      const deadline = question.deadline - Math.min(EARLIER_MS, Math.max(0, left / 10));
      const request: Request = {
        ...{ ...question, since, deadline, resolve, reject },
        giveUp: setTimeout(() => this.#giveUp(request), Math.max(0, deadline - since)),
      };
      this.#waiting.push(request);
      if (this.#active === undefined) this.#next();
    });
  }

  close(): void {
    this.#end();
    for (const request of this.#waiting.splice(0)) {
      clearTimeout(request.giveUp);
      request.resolve({ match: 'late', used: 0 });
    }
  }

  #giveUp(request: Request): void {
    this.#waiting.splice(this.#waiting.indexOf(request), 1);
    request.resolve({ match: 'busy', used: 0 });
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#active = undefined;
    const pause = this.#restsUntil - performance.now();
    if (pause > 0) {
      this.#timer = setTimeout(() => this.#next(), pause).unref();
      return;
    }
    const request = this.#waiting.shift();
    this.#active = request;
    if (request === undefined) {
      this.#timer = setTimeout(() => this.#end(), IDLE_MS).unref();
      return;
    }
    clearTimeout(request.giveUp);
    if (performance.now() >= request.deadline) {
      // It waited for others, unless the answer itself came too late.
      this.#settle(request, request.since < request.deadline ? 'busy' : 'late');
      return;
    }
    const { pattern, answer } = request;
    try {
      this.#worker ??= this.#start();
      this.#usedBefore = processorTimeOf(this.#thread);
      this.#worker.postMessage({ pattern, answer });
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#watch(request);
  }

  #watch(request: Request, begun = performance.now()): void {
    const left = Math.min(request.deadline - performance.now(), request.limit - this.#used());
    this.#timer = setTimeout(
      () => {
        const isHeavy = this.#used() >= request.limit;
        if (!isHeavy && performance.now() < request.deadline) {
          this.#watch(request, begun);
          return;
        }
        const used = this.#used();
        const waited = begun - request.since;
        const match = isHeavy ? 'heavy' : used < waited ? 'busy' : 'late';
        this.#end();
        this.#settle(request, match, used);
      },
      Math.max(LOOK_MS, left),
    );
  }

  #start(): Worker {
    const worker = new Worker(BODY, { eval: true, resourceLimits: LIMITS });
    worker.unref();
    const isCurrent = () => this.#worker === worker;
    worker.on('message', (message: string | boolean) => {
      if (!isCurrent()) return;
      if (typeof message === 'string') {
        this.#thread = message;
        this.#usedBefore = processorTimeOf(message);
      } else if (this.#active !== undefined) {
        this.#settle(this.#active, message ? 'yes' : 'no', this.#used());
      }
    });
    worker.on('error', (error) => {
      if (isCurrent()) this.#fail(error);
    });
    return worker;
  }

  #used(): number {
    return this.#thread === undefined ? 0 : processorTimeOf(this.#thread) - this.#usedBefore;
  }

  #settle({ resolve }: Request, match: Verdict['match'], used = 0): void {
    resolve({ match, used });
    this.#restsUntil = performance.now() + this.#rest * used;
    this.#next();
  }

  #fail(error: Error): void {
    this.#end();
    this.#active?.reject(error);
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#thread = undefined;
  }
}

export class PatternMatcher {
  readonly #light = new Lane(0);
  readonly #heavy = new Lane(REST);

  /** The matcher of one check. Throws for an invalid pattern. */
  matcher(pattern: string): (answer: string, deadline: number) => Promise<Match> {
    new RegExp(pattern, 'u');
    let heavyUntil = 0;
    let wasLate = false;
    return async (answer, deadline) => {
      if (performance.now() >= heavyUntil) {
        const { match } = await this.#light.match({ pattern, answer, deadline, limit: HEAVY_MS });
        if (match !== 'heavy') return match;
        heavyUntil = performance.now() + HEAVY_FOR_MS;
      }
      const limit = LONGEST_MS;
      const { match, used } = await this.#heavy.match({ pattern, answer, deadline, limit });
      if (match !== 'busy') wasLate = match === 'heavy' || match === 'late';
      if (wasLate || used >= HEAVY_MS) heavyUntil = performance.now() + HEAVY_FOR_MS;
      // Its own answers are slow: that others are, too, is no excuse.
      if (wasLate) return 'late';
      return match === 'heavy' ? 'late' : match;
    };
  }

  close(): void {
    this.#light.close();
    this.#heavy.close();
  }
}

/** Milliseconds of processor time of a thread (proc_pid_schedstat); 0 if it is unknown. */
function processorTimeOf(thread: string | undefined): number {
  if (thread === undefined) return 0;
  try {
    const [nanoseconds] = readFileSync(`/proc/${thread}/schedstat`, 'ascii').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
}
