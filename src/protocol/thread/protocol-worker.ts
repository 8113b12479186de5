/**
 * The protocol thread as the main thread sees it: messages in both directions, and exactly one end.
 * Either the thread has released everything, or it has failed and the main thread must do so.
 */
import { Worker } from 'node:worker_threads';
import { LATE, withDeadline } from '../../async/deadline.ts';
import { Clock } from '../../kernel/clock/clock.ts';
import { closeFd } from '../../kernel/ffi/socket.ts';
import { openDoorbell, ring } from '../../kernel/reactor/doorbell.ts';
import type { KeysByRouter } from '../../keys/router-keys.ts';
import type { IpAddress } from '../../net/address.ts';
import { type Instant, NEVER } from '../../net/time.ts';
import { countersLength } from '../engine/counters.ts';
import type { Input } from '../engine/inputs.ts';
import type { Settings } from '../engine/settings.ts';
import type { EngineSnapshot } from '../engine/snapshot.ts';
import type { Release } from './emergency-release.ts';
import { HangGuard } from './hang-guard.ts';
import { LATENESS_LENGTH } from './lateness.ts';
import type { DirectorTable, VirtualLinkRequest } from './loop.ts';
import { INSTANCES_MAX } from './masterships-file.ts';
import type { FromProtocolThread, Realtime, Scheduling, ToProtocolThread } from './messages.ts';
import type { PeerLinkOptions } from './peer-link/peer-link.ts';
import type { Batch } from './recording/entry.ts';
import { StallWitness } from './stall-witness.ts';

export interface ProtocolWorkerEvents {
  readonly started: (scheduling: Scheduling) => void;
  /** Absent if no virtual router has a virtual MAC. */
  readonly virtualLink?: (request: VirtualLinkRequest) => void;
  readonly reports: (message: ReportsMessage) => void;
  /** Absent if the connection table is not compared. */
  readonly directorTable?: (table: DirectorTable) => void;
  /** Absent if nothing is recorded. */
  readonly recorded?: (batch: Batch) => void;
}

type ReportsMessage = Extract<FromProtocolThread, { kind: 'reports' }>;

/** Shorter than the shortest useful watchdog interval. */
const BEAT_MILLISECONDS = 250;

/** A thread in a system call ends when the kernel returns from it, and the VIPs cannot wait for that. */
const TERMINATION_MILLISECONDS = 300;

/** A thread loads for some 0.2 s, on a busy host for longer. */
const LOADING_MILLISECONDS = 2_000;

/** A small young generation: short, frequent collections delay the protocol less than long ones. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure';
  readonly code = 'protocol-thread-failed';
  /** What the thread has released itself, as its last act. */
  readonly release: Release | undefined;

  constructor(why: string, release?: Release) {
    super(why);
    this.release = release;
  }
}

export class ProtocolWorker {
  /** Fulfilled when everything is released, rejected with `ProtocolFailure` when the thread fails. */
  readonly ended: Promise<void>;
  /** Rejected when `ended` is; never fulfilled. */
  readonly failed: Promise<never>;
  readonly memory: ProtocolMemory = {
    counters: new SharedArrayBuffer(countersLength(INSTANCES_MAX) * 8),
    lateness: new SharedArrayBuffer(LATENESS_LENGTH * 8),
    recorded: new SharedArrayBuffer(8),
    mainTurns: new SharedArrayBuffer(8),
    deadline: new SharedArrayBuffer(16),
    lastNumber: new SharedArrayBuffer(8),
  };
  readonly #worker: Worker;
  /** The thread has sent a message. */
  #hasLoaded = false;
  readonly #pings: (() => void)[] = [];
  #unsettled = 0;
  readonly #captures: ((capture: EngineSnapshot) => void)[] = [];
  #events: ProtocolWorkerEvents | undefined;
  #doorbell: number | undefined;
  #witness: StallWitness | undefined;
  /** Undefined before the start and after the end. */
  #clock: Clock | undefined;
  readonly #guard = new HangGuard();
  readonly #deadline = new Float64Array(this.memory.deadline);

  /**
   * Boots the thread. This takes longer than reading a configuration, so construct it first. The
   * protocol begins with `start`.
   */
  constructor(script: URL) {
    this.#worker = new Worker(script, {
      resourceLimits: LIMITS,
      workerData: this.memory,
      // The thread opens its descriptors by libc: Node.js would warn of each that it is asked to close.
      trackUnmanagedFds: false,
    });
    const turns = new Float64Array(this.memory.mainTurns);
    this.#deadline[0] = NEVER;
    this.ended = new Promise((resolve, reject) => {
      const fail = (why: string, stack?: string, release?: Release) => {
        const failure = new ProtocolFailure(why, release);
        if (stack !== undefined) failure.stack = stack;
        reject(failure);
      };
      const beat = setInterval(() => {
        turns[0] = (turns[0] ?? 0) + 1;
        if (this.#isHung()) fail('the protocol thread hangs');
      }, BEAT_MILLISECONDS).unref();
      this.#worker.on('message', (message: FromProtocolThread) => {
        this.#hasLoaded = true;
        switch (message.kind) {
          case 'started':
            if (message.thread !== undefined) this.#witness ??= new StallWitness(message.thread);
            this.#events?.started(message.scheduling);
            return;
          case 'reports':
            this.#events?.reports(this.#witnessed(message));
            return;
          case 'virtual-link':
            this.#events?.virtualLink?.(message.request);
            return;
          case 'director-table':
            this.#events?.directorTable?.(message.table);
            return;
          case 'recorded':
            this.#events?.recorded?.(message.batch);
            return;
          case 'frozen':
            this.#captures.shift()?.(message.capture);
            return;
          case 'pong':
            this.#pings.shift()?.();
            return;
          case 'finished':
            resolve();
            return;
          case 'fatal':
            fail(message.message, message.stack, message.release);
        }
      });
      this.#worker.on('error', (error: Error) => fail(error.message, error.stack));
      this.#worker.on('exit', (code) => {
        this.#witness?.close();
        this.#clock?.close();
        this.#clock = undefined;
        clearInterval(beat);
        fail(`the protocol thread ended with status ${code}`);
      });
    });
    this.failed = this.ended.then(() => new Promise<never>(() => {}));
    // A failure before the first `await` of these must not count as an unhandled rejection.
    this.ended.catch(() => {});
    this.failed.catch(() => {});
  }

  /** `first` is handled before anything is sent or received. */
  start(
    settings: Settings,
    realtime: Realtime,
    events: ProtocolWorkerEvents,
    first: readonly Input[] = [],
    { standby = false, remembered, masterships }: StartOptions = {},
  ): void {
    this.#events = events;
    this.#clock ??= new Clock();
    this.#guard.follow(settings.instances);
    this.#doorbell ??= openDoorbell();
    const record = events.recorded !== undefined;
    const doorbell = this.#doorbell;
    const options = { standby, remembered, masterships, record };
    this.#post({ kind: 'start', settings, realtime, doorbell, first, ...options });
  }

  /** Comes before the settings that need them. */
  setPeerLinkKeys(options: PeerLinkOptions | undefined): void {
    this.#post({ kind: 'peer-link.keys', options });
  }

  /** Comes before the settings that need them. */
  setRouterKeys(keys: KeysByRouter): void {
    this.#post({ kind: 'router.keys', keys });
  }

  /** Stops the protocol; fulfilled with the state that the next process continues from. */
  freeze(): Promise<EngineSnapshot> {
    return new Promise((resolve) => {
      this.#captures.push(resolve);
      this.#post({ kind: 'freeze' });
    });
  }

  /** Continues after `freeze`. */
  thaw(): void {
    this.#post({ kind: 'thaw' });
  }

  /**
   * Ends the thread without releasing anything: addresses and routes stay. Sends priority 0 for what the
   * next process does not have, if that needs a key or a password.
   */
  abandon(resign: readonly string[]): void {
    this.#post({ kind: 'abandon', resign });
  }

  /** Fulfilled when the thread answers. */
  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pings.push(resolve);
      this.#post({ kind: 'ping' });
    });
  }

  /** Fulfilled when the thread has handled its inputs, of which one may take long: a reload, a takeover. */
  async settled(): Promise<void> {
    this.#unsettled++;
    await this.ping();
    this.#unsettled--;
  }

  /** Asks for a snapshot in the recording. */
  requestSnapshot(): void {
    this.#post({ kind: 'snapshot' });
  }

  feed(inputs: readonly Input[]): void {
    this.#post({ kind: 'inputs', inputs });
  }

  shutdown(): void {
    this.#post({ kind: 'shutdown' });
  }

  /** These settings are in effect. */
  follow({ instances }: Settings): void {
    this.#guard.follow(instances);
  }

  /**
   * Resolves when the thread has ended, or waits for the kernel: it does nothing more either way. A thread that
   * is terminated while it loads koffi aborts the process: it loads to the end first.
   */
  async terminate(): Promise<void> {
    if (!this.#hasLoaded) {
      const loaded = Promise.race([this.ping(), this.ended.catch(() => {})]);
      await withDeadline(loaded, LOADING_MILLISECONDS);
    }
    this.#ring();
    const end = await withDeadline(this.#worker.terminate(), TERMINATION_MILLISECONDS);
    if (end === LATE) return;
    if (this.#doorbell !== undefined) closeFd(this.#doorbell);
    this.#doorbell = undefined;
  }

  #isHung(): boolean {
    if (this.#clock === undefined) return false;
    const [deadline = NEVER, lookedAt = 0] = this.#deadline;
    const signs = { deadline: deadline as Instant, lookedAt, isAsked: this.#unsettled > 0 };
    return this.#guard.isHung(signs, this.#clock.now());
  }

  /** Adds the cause to reports of a stall: the thread itself must not spend time on finding it. */
  #witnessed(message: ReportsMessage): ReportsMessage {
    const witness = this.#witness;
    if (witness === undefined || !message.reports.some(({ kind }) => kind === 'stall')) {
      return message;
    }
    const reports = message.reports.map((report) => {
      const blame = report.kind === 'stall' ? witness.blame(report.microseconds) : undefined;
      return report.kind === 'stall' && blame !== undefined ? { ...report, blame } : report;
    });
    return { ...message, reports };
  }

  #post(message: ToProtocolThread): void {
    this.#worker.postMessage(message);
    this.#ring();
  }

  #ring(): void {
    if (this.#doorbell !== undefined) ring(this.#doorbell);
  }
}

interface StartOptions {
  /** Opens its sockets, and does nothing else until the input `adopt`. */
  readonly standby?: boolean;
  /** Addresses of former runs, on a kernel that does not keep the mark of an address. */
  readonly remembered?: ReadonlySet<IpAddress> | undefined;
  /** Descriptor of the file with the masterships; it may be closed once the thread has started. */
  readonly masterships?: number | undefined;
}

/** Memory that both threads share. */
export interface ProtocolMemory {
  /** For `CounterTable`; sized for as many instances as one router can have. */
  readonly counters: SharedArrayBuffer;
  /** For `LatenessHistogram`. */
  readonly lateness: SharedArrayBuffer;
  /** One number: how much of the recording the main thread has dealt with. */
  readonly recorded: SharedArrayBuffer;
  /** One number, which grows while the main thread turns: the watchdog covers that thread, too. */
  readonly mainTurns: SharedArrayBuffer;
  /** Two numbers: when the protocol thread runs next, and when it last looked at the clock. */
  readonly deadline: SharedArrayBuffer;
  /** One number: the last one of a signed message, for who has to sign in place of the protocol thread. */
  readonly lastNumber: SharedArrayBuffer;
}
