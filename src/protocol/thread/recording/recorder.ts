/**
 * The recorder in the protocol thread: stands between the loop and the engine and copies what goes
 * in. It touches no disk: at the end of a turn the entries go to the main thread as one message. If
 * the main thread does not keep up, entries are dropped and counted, and the recording continues from a
 * snapshot of the engine.
 */

import type { LinkEvent } from '../../../net/link.ts';
import { after, type Duration, type Instant, NEVER, seconds } from '../../../net/time.ts';
import { decodeBfd } from '../../../wire/bfd/control.ts';
import type { BfdOrigin } from '../../engine/bfd-messages.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Input } from '../../engine/inputs.ts';
import type { Output } from '../../engine/outputs.ts';
import type { Settings } from '../../engine/settings.ts';
import { settingsAfter } from '../../engine/settings-change.ts';
import type { InstanceView } from '../../engine/view.ts';
import type { Batch, Begin, Entry } from './entry.ts';
import type { RecordedKeyring } from './recorded-keyring.ts';

/** The part of the engine that the loop uses. */
export type EngineInputs = Pick<
  Engine,
  | 'handle'
  | 'receive'
  | 'notice'
  | 'performed'
  | 'deadline'
  | 'silenceDeadline'
  | 'deadlineBesidesBfd'
  | 'bfdPatience'
  | 'hearBfdAgain'
  | 'wakeBfd'
  | 'changedViews'
  | 'changedDirectors'
  | 'changedBfd'
>;

export interface RecorderOptions {
  readonly engine: Engine;
  /** Of the engine; absent: no router authenticates by HMAC. */
  readonly keyring?: RecordedKeyring;
  readonly settings: Settings;
  readonly standby: boolean;
  readonly handoverOverlap?: Duration;
  readonly now: Instant;
  /** The wall clock, in milliseconds since the epoch. */
  readonly wall: () => number;
  readonly send: (batch: Batch) => void;
  /** How much of what was sent has been dealt with, as the sum of `Batch.size`. */
  readonly taken: () => number;
}

/** Approximate limit of the bytes that are on their way to the file. */
export const BACKLOG_MAX = 4 * 1024 * 1024;

/** Approximate size of an entry without its packet. */
const ENTRY_SIZE = 256;

/**
 * A snapshot does not contain what is over within seconds: bursts of announcements, a hand-over, a
 * reload. So a snapshot that is not urgent waits until nothing has happened for this long ...
 */
const REST = seconds(10);

/** ... but no longer than this. */
const PATIENCE = seconds(60);

/** Completed once the engine has judged the packet. */
type PacketEntry = Extract<Entry, { readonly kind: 'packet' }> & { authentic?: boolean };

export class Recorder implements EngineInputs {
  readonly #options: RecorderOptions;
  readonly #engine: Engine;
  #settings: Settings;
  #standby: boolean;
  #stopping = false;
  #entries: Entry[] = [];
  #size = 0;
  /** The sum of all sizes up to now. */
  #total = 0;
  #dropped = 0;
  #snapshotWanted = false;
  /** When `REST` and `PATIENCE` are over. */
  #restsAt: Instant = 0 as Instant;
  #waitsUntil: Instant = NEVER;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#settings = options.settings;
    this.#standby = options.standby;
    this.#push(this.#begin(options.now), ENTRY_SIZE);
  }

  handle(input: Input, now: Instant): readonly Output[] {
    // Before the engine sees it: an input that makes it throw is the one that matters.
    this.#record(input, now);
    this.#follow(input, now);
    const outputs = this.#engine.handle(input, now);
    for (const output of outputs) if (output.kind === 'report') this.#decided(output, now);
    return outputs;
  }

  receive(index: number, packet: Uint8Array, length: number, now: Instant): void {
    // The next packet reuses the buffer.
    const copy = packet.slice(0, length);
    const entry: PacketEntry = { kind: 'packet', at: now, index, packet: copy };
    this.#push(entry, ENTRY_SIZE + 2 * length);
    this.#engine.receive(index, packet, length, now);
    const authentic = this.#options.keyring?.take();
    if (authentic !== undefined) entry.authentic = authentic;
  }

  notice(event: LinkEvent): void {
    this.#push({ kind: 'notice', event }, ENTRY_SIZE);
    this.#engine.notice(event);
  }

  hearBfdAgain(origin: BfdOrigin, packet: Uint8Array, length: number, now: Instant): boolean {
    if (!this.#engine.hearBfdAgain(origin, packet, length, now)) return false;
    // The long way leads to the same.
    const decoded = decodeBfd(packet, length);
    if (decoded.ok) this.#record({ kind: 'bfd.heard', ...origin, packet: decoded.value }, now);
    return true;
  }

  wakeBfd(now: Instant): readonly Output[] {
    this.#record({ kind: 'wake' }, now);
    return this.#engine.wakeBfd(now);
  }

  performed(): void {
    this.#engine.performed();
  }

  deadline(): Instant {
    return this.#engine.deadline();
  }

  silenceDeadline(): Instant {
    return this.#engine.silenceDeadline();
  }

  deadlineBesidesBfd(): Instant {
    return this.#engine.deadlineBesidesBfd();
  }

  get bfdPatience(): Duration {
    return this.#engine.bfdPatience;
  }

  changedViews(): InstanceView[] {
    return this.#engine.changedViews();
  }

  changedDirectors(): ReturnType<Engine['changedDirectors']> {
    return this.#engine.changedDirectors();
  }

  changedBfd(): ReturnType<Engine['changedBfd']> {
    return this.#engine.changedBfd();
  }

  /** A `begin` is wanted, so that a new file can start with it. */
  requestSnapshot(): void {
    this.#snapshotWanted = true;
  }

  /** After the last system call of a turn. */
  turned(now: Instant): void {
    if (!this.#stopping) this.#snapshot(now);
    this.flush();
  }

  /** Sends the entries collected so far. */
  flush(): void {
    if (this.#entries.length === 0) return;
    const [entries, size] = [this.#entries, this.#size];
    this.#entries = [];
    this.#size = 0;
    this.#options.send({ entries, size });
  }

  #record(input: Input, at: Instant): void {
    this.#push({ kind: 'input', at, input }, ENTRY_SIZE);
  }

  #push(entry: Entry, size: number): void {
    if (this.#dropped > 0 || this.#backlog + size > BACKLOG_MAX) this.#dropped++;
    else this.#add(entry, size);
  }

  #add(entry: Entry, size: number): void {
    this.#entries.push(entry);
    this.#size += size;
    this.#total += size;
  }

  get #backlog(): number {
    return this.#total - this.#options.taken();
  }

  #snapshot(now: Instant): void {
    if (this.#dropped > 0) {
      if (this.#backlog > BACKLOG_MAX / 2) return;
      this.#add({ kind: 'gap', count: this.#dropped }, ENTRY_SIZE);
      this.#dropped = 0;
      this.#resume(now);
      return;
    }
    if (!this.#snapshotWanted) return;
    if (this.#waitsUntil === NEVER) this.#waitsUntil = after(now, PATIENCE);
    if (now >= this.#restsAt || now >= this.#waitsUntil) this.#resume(now);
  }

  #resume(now: Instant): void {
    this.#snapshotWanted = false;
    this.#waitsUntil = NEVER;
    const links = this.#engine.links();
    const begin = { ...this.#begin(now), links };
    this.#push(
      this.#standby ? begin : { ...begin, capture: this.#engine.capture() },
      ENTRY_SIZE * (1 + links.length + this.#settings.instances.length),
    );
  }

  #begin(at: Instant): Begin {
    const { handoverOverlap } = this.#options;
    const begin = { at, wall: this.#options.wall(), settings: this.#settings };
    const more = handoverOverlap === undefined ? {} : { handoverOverlap };
    return { kind: 'begin', ...begin, standby: this.#standby, ...more };
  }

  /** What the next `begin` has to say, and whether it should wait. */
  #follow(input: Input, now: Instant): void {
    switch (input.kind) {
      case 'settings.changed':
        if (!this.#stopping) this.#settings = settingsAfter(this.#settings, input.change);
        break;
      case 'adopt':
        this.#standby = false;
        break;
      case 'shutdown':
        this.#stopping = true;
        break;
      case 'request':
        break;
      default:
        return;
    }
    this.#restsAt = after(now, REST);
  }

  #decided({ report }: Extract<Output, { readonly kind: 'report' }>, now: Instant): void {
    if (report.kind === 'before-master') this.#restsAt = after(now, REST);
    if (report.kind !== 'transition') return;
    this.#restsAt = after(now, REST);
    const { at, instance, from, to, event, priority } = report;
    this.#push({ kind: 'transition', at, instance, from, to, event, priority }, ENTRY_SIZE);
  }
}
