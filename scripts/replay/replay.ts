/** Feeds a recording to an engine, and compares what it decides with what was decided then. */

import type { KernelAnswer } from '../../src/net/kernel-answer.ts';
import { elapsed, type Instant, instant } from '../../src/net/time.ts';
import { CounterTable, countersLength } from '../../src/protocol/engine/counters.ts';
import { Engine } from '../../src/protocol/engine/engine.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import type { Keyring } from '../../src/protocol/engine/keyring.ts';
import type { Output } from '../../src/protocol/engine/outputs.ts';
import type { Begin, Decision } from '../../src/protocol/thread/recording/entry.ts';
import { DIGEST_LENGTH } from '../../src/wire/vrrp/trailer.ts';
import { linesOf } from './lines.ts';
import type { RecordedLine } from './recording-line.ts';

/** As many as the agent has room for. */
const INSTANCES_MAX = 4_096;

const DONE: KernelAnswer = { errno: 0, text: undefined };

export interface ReplayOptions {
  /** What the engine asks for, in order; `wall` is in milliseconds of the epoch. */
  readonly print: (text: string, seq: number, wall: number) => void;
}

export class Replay {
  readonly #print: ReplayOptions['print'];
  #engine: Engine | undefined;
  #begin: Begin | undefined;
  /** Decided and not yet compared. */
  #decided: Decision[] = [];
  /** Changes of the kernel that wait for their answers: how many by the number of the batch. */
  readonly #asked = new Map<number, number>();
  /**
   * What the numbers of batches are less than those in the recording; undefined: an engine that
   * was made from a snapshot has not asked yet.
   */
  #offset: number | undefined;
  /** What the keys said of the packet. */
  #authentic = false;
  readonly #keyring: Keyring = {
    activeKey: () => 1,
    knows: () => true,
    digest: () => new Uint8Array(DIGEST_LENGTH),
    isRight: () => this.#authentic,
  };

  constructor({ print }: ReplayOptions) {
    this.#print = print;
  }

  /** True until the first `begin`, and in a gap. */
  get isIdle(): boolean {
    return this.#engine === undefined;
  }

  /** Undefined, or the first thing that is another one than in the recording. */
  feed(line: RecordedLine): string | undefined {
    if (line.kind === 'transition') return this.isIdle ? undefined : this.#compare(line);
    if (line.kind === 'gap') {
      this.#engine = undefined;
      this.#decided = [];
      return undefined;
    }
    const left = this.end();
    if (left !== undefined) return left;
    try {
      this.#take(line);
      return undefined;
    } catch (error) {
      return `the engine fails: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
    }
  }

  /** After the last line. */
  end(): string | undefined {
    const [decision] = this.#decided;
    return decision && `the recording does not have ${textOf(decision)}`;
  }

  #take(line: Exclude<RecordedLine, { readonly kind: 'transition' | 'gap' }>): void {
    if (line.kind === 'begin') {
      this.#start(line);
      return;
    }
    const engine = this.#engine;
    if (engine === undefined) return;
    switch (line.kind) {
      case 'packet':
        this.#authentic = line.authentic === true;
        engine.receive(line.index, line.packet, line.packet.length, line.at);
        return;
      case 'notice':
        engine.notice(line.event);
        return;
      case 'input':
        this.#perform(engine.handle(this.#own(line.input), line.at), line.seq, line.at);
    }
  }

  #start(begin: Begin & { readonly seq: number }): void {
    const { settings, links, capture, handoverOverlap, at } = begin;
    const standby = begin.standby || capture !== undefined;
    const counters = new CounterTable(new Float64Array(countersLength(INSTANCES_MAX)));
    const engine = new Engine(settings, counters, {
      standby,
      keyring: this.#keyring,
      ...(handoverOverlap === undefined ? {} : { handoverOverlap }),
    });
    this.#engine = engine;
    this.#begin = begin;
    this.#asked.clear();
    this.#offset = links === undefined ? 0 : undefined;
    // In a recording from the start of the process it is the first input.
    const offset = elapsed(at, instant(begin.wall * 1_000));
    if (capture !== undefined) settle(engine, { kind: 'wall.changed', offset }, at);
    if (links !== undefined) settle(engine, { kind: 'links.replaced', links }, at);
    if (capture !== undefined) settle(engine, { kind: 'adopt', capture }, at);
  }

  #perform(outputs: readonly Output[], seq: number, at: Instant): void {
    const { wall = 0, at: start = at } = this.#begin ?? {};
    for (const output of outputs) {
      for (const text of linesOf(output)) this.#print(text, seq, wall + (at - start) / 1_000);
      if (output.kind === 'kernel.change') this.#asked.set(output.id, output.changes.length);
      if (output.kind !== 'report' || output.report.kind !== 'transition') continue;
      const { kind, at: moment, instance, from, to, event, priority } = output.report;
      this.#decided.push({ kind, at: moment, instance, from, to, event, priority });
    }
  }

  /** An answer of the kernel with the number that this engine has given the question. */
  #own(input: Input): Input {
    if (input.kind !== 'kernel.changed') return input;
    // The oldest question is answered first.
    const [oldest = -1] = this.#asked.keys();
    this.#offset ??= input.id - oldest;
    const id = input.id - this.#offset;
    const count = this.#asked.get(id) ?? 0;
    this.#asked.delete(id);
    const answers = Array.from({ length: count }, (_, i) => input.answers[i] ?? DONE);
    return { kind: input.kind, id, answers };
  }

  #compare(recorded: Decision): string | undefined {
    const decided = this.#decided.shift();
    if (decided === undefined) return `the engine does not decide ${textOf(recorded)}`;
    return textOf(decided) === textOf(recorded)
      ? undefined
      : `the engine decides ${textOf(decided)}, the recording has ${textOf(recorded)}`;
  }
}

/** What a snapshot leads to is answered as if the kernel did it all: it was done before. */
function settle(engine: Engine, input: Input, at: Instant): void {
  for (const output of engine.handle(input, at)) {
    if (output.kind === 'kernel.change') {
      const answers = output.changes.map(() => DONE);
      settle(engine, { kind: 'kernel.changed', id: output.id, answers }, at);
    }
    if (output.kind === 'links.set-up') {
      const { indexes } = output;
      settle(engine, { kind: 'links.up', indexes, answers: indexes.map(() => DONE) }, at);
    }
  }
}

function textOf({ at, instance, from, to, event, priority }: Decision): string {
  return `${instance} ${from} -> ${to} (${event}) with priority ${priority} at ${at}`;
}
