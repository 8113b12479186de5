/**
 * Keeps a checker process running while the configuration needs one. It may end, hang, use too much
 * memory or say nonsense: it is then killed and started again, after growing pauses, and the states of
 * its probes are kept for a while. Nothing that happens to it ends or stops the agent.
 */
import { withDeadline } from '../../async/deadline.ts';
import type { WebhookSettings } from '../../config/notification-settings.ts';
import type { Privileges } from '../../kernel/process/privileges.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { FromChecker, ToChecker } from '../channel/messages.ts';
import type { CheckerChild, StartChild } from './checker-child.ts';
import { ProbeWatch } from './probe-watch.ts';
import { WitnessLink } from './witness-link.ts';

/** What happened, for the events and the log. */
export type CheckerFacts =
  | { readonly kind: 'checker-lost'; readonly reason: string; readonly failures: number }
  | { readonly kind: 'checker-recovered'; readonly pid: number; readonly restarts: number }
  | { readonly kind: 'checks-unknown'; readonly checks: number; readonly detail: string };

export interface CheckerStatus {
  /** `waiting`: it ended, and is started again after a pause. */
  readonly state: 'running' | 'starting' | 'waiting';
  readonly pid: number | undefined;
  /** What it has kept; undefined: it is not running. */
  readonly privileges: HeldPrivileges | undefined;
  readonly since: Date;
  /** Starts after an end that was not planned. */
  readonly restarts: number;
  readonly lastEnd: { readonly at: Date; readonly reason: string } | undefined;
}

interface HeldPrivileges {
  readonly uid: number;
  /** The effective set of capabilities(7), in hexadecimal. */
  readonly capabilities: string;
}

interface CheckerOptions {
  readonly start: StartChild;
  readonly report: (facts: CheckerFacts) => void;
  /** A fault of the program in a probe: the first, second, fourth, eighth and so on. */
  readonly onError: (detail: string) => void;
}

/** What the configuration needs; undefined: no checker. */
export type CheckerNeeds = Privileges | undefined;

/** Without a sign of life for this time, the process hangs. */
const HUNG_MS = 10_000;

/** A host under load needs seconds to start Node twice. */
const START_MS = 60_000;

/** Bytes. It needs about 50 MB, and some kilobytes for each check. */
const MEMORY_MAX = 400 * 1_024 * 1_024;

const SWEEP_MS = 1_000;

/** Sweeps that are so late say that this process stood still, and the messages are still unread. */
const LATE_SWEEP_MS = 3_000;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** A process that has run for this time starts with the first pause again. */
const STEADY_MS = 60_000;

/** For the process to end by itself, its commands included. */
const END_MS = 1_500;

/** From SIGKILL. A process stays as long as the kernel waits for a disk or a network file system. */
const KILLED_MS = 5_000;

/** Added to the timeout of a delivery, which the checker itself observes. */
const POST_GRACE_MS = 2_000;

interface Post {
  readonly message: ToChecker;
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Run {
  readonly child: CheckerChild;
  readonly startedAt: number;
  readonly privileges: string;
  heardAt: number;
  /** Undefined until it is ready. */
  held: HeldPrivileges | undefined;
  /** Why and when this side has killed it; undefined: it has not. */
  killed: { readonly fault: string; readonly at: number } | undefined;
  readonly gone: Promise<void>;
}

export class Checker {
  readonly #options: CheckerOptions;
  readonly #watches = new Map<number, ProbeWatch>();
  readonly #posts = new Map<number, Post>();
  readonly witness = new WitnessLink((message) => this.#send(message));
  #needs: CheckerNeeds;
  #run: Run | undefined;
  #pause: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #sweptAt = 0;
  #lastId = 0;
  #wait = 0;
  #failures = 0;
  #errors = 0;
  #restarts = 0;
  #goneSince: number | undefined;
  #lastEnd: CheckerStatus['lastEnd'];
  #since = new Date();
  #isClosed = false;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  /** A process with other privileges than now needed is replaced. */
  configure(needs: CheckerNeeds): void {
    this.#needs = needs;
    const isRight = this.#run?.privileges === JSON.stringify(needs);
    if (this.#run !== undefined && !isRight) this.#dismiss(this.#run);
    if (needs === undefined) this.#rest();
    else if (!isRight && this.#pause === undefined) this.#start(needs);
  }

  /** Returns the number of the watch. */
  watch(options: Omit<ConstructorParameters<typeof ProbeWatch>[0], 'now'>): number {
    const id = this.#nextId();
    const watch = new ProbeWatch({ ...options, now: performance.now() });
    this.#watches.set(id, watch);
    this.#sendWatch(id, watch);
    return id;
  }

  unwatch(id: number): void {
    if (this.#watches.delete(id)) this.#send({ kind: 'unwatch', id });
  }

  watched(id: number): ProbeWatch | undefined {
    return this.#watches.get(id);
  }

  /** How long the next command has been waiting for a slot, in milliseconds. */
  get wait(): number {
    return this.#wait;
  }

  /**
   * Resolves to the HTTP status. Ends soon after the timeout of the webhook, whatever happens. A process
   * that is just starting gets the request when it is ready.
   */
  post(webhook: WebhookSettings, body: string): Promise<number> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      if (this.#run === undefined) {
        reject(new Error('the checker process is down'));
        return;
      }
      const limit = webhook.timeout / 1_000 + POST_GRACE_MS;
      const timer = setTimeout(() => this.#settlePost(id, new Error('no answer in time')), limit);
      const message: ToChecker = { kind: 'post', id, webhook, body };
      this.#posts.set(id, { message, resolve, reject, timer });
      this.#send(message);
    });
  }

  /** Undefined: the configuration needs no checker. */
  get status(): CheckerStatus | undefined {
    if (this.#needs === undefined) return undefined;
    const { held, child } = this.#run ?? {};
    const notRunning = this.#pause === undefined ? 'starting' : 'waiting';
    return {
      state: held === undefined ? notRunning : 'running',
      pid: child?.pid,
      privileges: held,
      since: this.#since,
      restarts: this.#restarts,
      lastEnd: this.#lastEnd,
    };
  }

  /**
   * Resolves when the process has ended, for whose commands it gets a moment, or when it does not end
   * although it was killed.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const run = this.#run;
    this.configure(undefined);
    if (run !== undefined) await withDeadline(run.gone, END_MS + KILLED_MS);
  }

  #nextId(): number {
    this.#lastId++;
    return this.#lastId;
  }

  #start(privileges: Privileges): void {
    const now = performance.now();
    let ended = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const child = this.#options.start(privileges, {
      message: (message) => this.#receive(run, message),
      gone: (why) => {
        ended();
        this.#gone(run, why);
      },
    });
    const run: Run = {
      child,
      startedAt: now,
      privileges: JSON.stringify(privileges),
      heardAt: now,
      held: undefined,
      killed: undefined,
      gone,
    };
    this.#run = run;
    this.#sweptAt = now;
    this.#sweep ??= setInterval(() => this.#look(), SWEEP_MS).unref();
  }

  #receive(run: Run, message: FromChecker): void {
    if (run !== this.#run) return;
    const now = performance.now();
    run.heardAt = now;
    switch (message.kind) {
      case 'ready':
        this.#ready(run, message);
        return;
      case 'alive':
        this.#wait = message.wait;
        this.#goneSince = undefined;
        if (now - run.startedAt > STEADY_MS) this.#failures = 0;
        return;
      case 'changed':
        this.#watches.get(message.id)?.change(message, now);
        return;
      case 'ran':
        for (const runs of message.runs) this.#watches.get(runs.id)?.ran(runs, now);
        return;
      case 'error':
        this.#errors++;
        if (isPowerOfTwo(this.#errors)) this.#options.onError(message.detail);
        return;
      case 'posted':
        this.#settlePost(message.id, message.status);
        return;
      case 'post-failed':
        this.#settlePost(message.id, new Error(message.detail));
        return;
      case 'witness-answer':
      case 'witness-freed':
      case 'witness-condition':
      case 'witness-inspected':
        this.witness.take(message);
    }
  }

  #ready(run: Run, { uid, capabilities }: HeldPrivileges): void {
    run.held = { uid, capabilities };
    this.#since = new Date();
    for (const [id, watch] of this.#watches) this.#sendWatch(id, watch);
    // Those that a former process had have failed with it.
    for (const { message } of this.#posts.values()) this.#send(message);
    this.witness.ready();
    const { pid } = run.child;
    if (this.#failures === 0 || pid === undefined || !isPowerOfTwo(this.#failures)) return;
    this.#options.report({ kind: 'checker-recovered', pid, restarts: this.#restarts });
  }

  #gone(run: Run, why: string): void {
    if (run !== this.#run) return;
    this.#run = undefined;
    const now = performance.now();
    this.#goneSince ??= run.heardAt;
    this.#since = new Date();
    for (const id of this.#posts.keys()) {
      this.#settlePost(id, new Error('the checker process ended'));
    }
    this.witness.gone();
    if (this.#needs === undefined || this.#isClosed) return;
    const reason = run.killed?.fault ?? why;
    this.#lastEnd = { at: new Date(), reason };
    if (now - run.startedAt > STEADY_MS) this.#failures = 0;
    this.#failures++;
    if (isPowerOfTwo(this.#failures)) {
      this.#options.report({ kind: 'checker-lost', reason, failures: this.#failures });
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#needs === undefined) return;
      this.#restarts++;
      this.#start(this.#needs);
    }, pause).unref();
  }

  /** A planned end: the next process, if one is needed, does not wait for it. */
  #dismiss(run: Run): void {
    this.#run = undefined;
    this.#goneSince ??= run.heardAt;
    for (const id of this.#posts.keys()) {
      this.#settlePost(id, new Error('the checker process is being replaced'));
    }
    this.witness.gone();
    run.child.end();
    const kill = setTimeout(() => run.child.kill(), END_MS);
    void run.gone.then(() => clearTimeout(kill));
  }

  /** No checker is needed. */
  #rest(): void {
    clearTimeout(this.#pause);
    clearInterval(this.#sweep);
    this.#pause = undefined;
    this.#sweep = undefined;
    this.#goneSince = undefined;
    this.#failures = 0;
  }

  /** Every second. */
  #look(): void {
    const now = performance.now();
    const isLate = now - this.#sweptAt > LATE_SWEEP_MS;
    this.#sweptAt = now;
    if (this.#run !== undefined) this.#judge(this.#run, now, isLate);
    if (isLate) this.#forgive(now);
    else this.#expire(now);
  }

  #judge(run: Run, now: number, isLate: boolean): void {
    if (run.killed !== undefined) {
      // Another process takes its place; it cannot do anything but end.
      if (now - run.killed.at > KILLED_MS) this.#gone(run, run.killed.fault);
      return;
    }
    if (isLate) run.heardAt = now;
    const limit = run.held === undefined ? START_MS : HUNG_MS;
    if (now - run.heardAt > limit) this.#kill(run, 'it hung');
    else if ((run.child.look() ?? 0) > MEMORY_MAX) this.#kill(run, 'it used too much memory');
  }

  /** This process stood still: what came in the meantime is still unread. */
  #forgive(now: number): void {
    if (this.#goneSince !== undefined) this.#goneSince = now;
    for (const watch of this.#watches.values()) watch.confirm(now);
  }

  #expire(now: number): void {
    const goneMs = this.#goneSince === undefined ? 0 : now - this.#goneSince;
    let checks = 0;
    let detail = '';
    for (const [id, watch] of this.#watches) {
      if (!watch.expire(now, goneMs)) continue;
      // The checker begins with it again: it would report only a change of the state that it knows.
      this.#sendWatch(id, watch);
      checks++;
      detail = goneMs > 0 ? 'the checker process is down' : (watch.reading.result ?? '');
    }
    if (checks > 0) this.#options.report({ kind: 'checks-unknown', checks, detail });
  }

  #kill(run: Run, fault: string): void {
    run.killed = { fault, at: performance.now() };
    run.child.kill();
  }

  #settlePost(id: number, result: number | Error): void {
    const post = this.#posts.get(id);
    if (post === undefined) return;
    this.#posts.delete(id);
    clearTimeout(post.timer);
    if (typeof result === 'number') post.resolve(result);
    else post.reject(result);
  }

  #sendWatch(id: number, { settings, spreadMs, known }: ProbeWatch): void {
    this.#send({ kind: 'watch', id, settings, spreadMs, known });
  }

  #send(message: ToChecker): void {
    if (this.#run?.held !== undefined) this.#run.child.send(message);
  }
}
