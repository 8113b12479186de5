/**
 * The protocol thread as the main thread sees it: messages in, messages out, and exactly one end —
 * it has let go of everything, or it has failed and somebody else must.
 */
import { Worker } from 'node:worker_threads';
import { closeFd } from '../../kernel/ffi/socket.ts';
import { openDoorbell, ring } from '../../kernel/reactor/doorbell.ts';
import { countersLength } from '../engine/counters.ts';
import type { Input } from '../engine/inputs.ts';
import type { Settings } from '../engine/settings.ts';
import type { EngineSnapshot } from '../engine/snapshot.ts';
import { LATENESS_LENGTH } from './lateness.ts';
import type { VirtualLinkRequest } from './loop.ts';
import type { FromProtocolThread, Realtime, Scheduling, ToProtocolThread } from './messages.ts';
import { StallWitness } from './stall-witness.ts';

export interface ProtocolWorkerEvents {
  readonly started: (scheduling: Scheduling) => void;
  /** Left out: no virtual router has a virtual MAC. */
  readonly virtualLink?: (request: VirtualLinkRequest) => void;
  readonly reports: (message: ReportsMessage) => void;
}

type ReportsMessage = Extract<FromProtocolThread, { kind: 'reports' }>;

/** Instances that the shared table of counters has room for: every VRID on a few interfaces. */
const INSTANCES_MAX = 4_096;

/** Young generations are kept small: a short collection more often is better than a long one. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure';
  readonly code = 'protocol-thread-failed';
}

export class ProtocolWorker {
  /** Fulfilled when everything is let go, rejected with `ProtocolFailure` when the thread has failed. */
  readonly ended: Promise<void>;
  /** Rejected when `ended` is; never fulfilled. */
  readonly failed: Promise<never>;
  readonly memory: ProtocolMemory = {
    counters: new SharedArrayBuffer(countersLength(INSTANCES_MAX) * 8),
    lateness: new SharedArrayBuffer(LATENESS_LENGTH * 8),
  };
  readonly #worker: Worker;
  readonly #pings: (() => void)[] = [];
  readonly #captures: ((capture: EngineSnapshot) => void)[] = [];
  #events: ProtocolWorkerEvents | undefined;
  #doorbell: number | undefined;
  #witness: StallWitness | undefined;

  /**
   * Boots the thread, which takes longer than reading a configuration: do it first. The protocol
   * begins with `start`.
   */
  constructor(script: URL) {
    this.#worker = new Worker(script, { resourceLimits: LIMITS, workerData: this.memory });
    this.ended = new Promise((resolve, reject) => {
      const fail = (why: string, stack?: string) => {
        const failure = new ProtocolFailure(why);
        if (stack !== undefined) failure.stack = stack;
        reject(failure);
      };
      this.#worker.on('message', (message: FromProtocolThread) => {
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
            fail(message.message, message.stack);
        }
      });
      this.#worker.on('error', (error: Error) => fail(error.message, error.stack));
      this.#worker.on('exit', (code) => {
        this.#witness?.close();
        fail(`the protocol thread ended with status ${code}`);
      });
    });
    this.failed = this.ended.then(() => new Promise<never>(() => {}));
    // Whoever awaits it sees the failure; nobody may be awaiting it yet.
    this.ended.catch(() => {});
    this.failed.catch(() => {});
  }

  /** `first` is taken in before anything is sent or heard. */
  start(
    settings: Settings,
    realtime: Realtime,
    events: ProtocolWorkerEvents,
    first: readonly Input[] = [],
    standby = false,
  ): void {
    this.#events = events;
    this.#doorbell ??= openDoorbell();
    this.#say({ kind: 'start', settings, realtime, doorbell: this.#doorbell, first, standby });
  }

  /** The thread stands still from now on; fulfilled with what the next process is to know. */
  freeze(): Promise<EngineSnapshot> {
    return new Promise((resolve) => {
      this.#captures.push(resolve);
      this.#say({ kind: 'freeze' });
    });
  }

  /** It goes on. */
  thaw(): void {
    this.#say({ kind: 'thaw' });
  }

  /** It ends, and everything stays as it is. */
  abandon(): void {
    this.#say({ kind: 'abandon' });
  }

  /** Fulfilled when the thread has answered. */
  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pings.push(resolve);
      this.#say({ kind: 'ping' });
    });
  }

  feed(inputs: readonly Input[]): void {
    this.#say({ kind: 'inputs', inputs });
  }

  shutdown(): void {
    this.#say({ kind: 'shutdown' });
  }

  async terminate(): Promise<void> {
    this.#ring();
    await this.#worker.terminate();
    if (this.#doorbell !== undefined) closeFd(this.#doorbell);
    this.#doorbell = undefined;
  }

  /** A stall is reported with its cause: the thread itself has no time to look for that. */
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

  #say(message: ToProtocolThread): void {
    this.#worker.postMessage(message);
    this.#ring();
  }

  #ring(): void {
    if (this.#doorbell !== undefined) ring(this.#doorbell);
  }
}

/** Memory that both threads see. */
export interface ProtocolMemory {
  /** For `CounterTable`; sized for as many instances as one router can have. */
  readonly counters: SharedArrayBuffer;
  /** For `LatenessHistogram`. */
  readonly lateness: SharedArrayBuffer;
}
