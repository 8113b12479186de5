import { describe, expect, test } from 'vitest';
import { type Instant, instant } from '../../../../../src/net/time.ts';
import { CounterTable, countersLength } from '../../../../../src/protocol/engine/counters.ts';
import { Engine } from '../../../../../src/protocol/engine/engine.ts';
import type { Settings } from '../../../../../src/protocol/engine/settings.ts';
import type { Batch, Entry } from '../../../../../src/protocol/thread/recording/entry.ts';
import { BACKLOG_MAX, Recorder } from '../../../../../src/protocol/thread/recording/recorder.ts';
import { advert, INDEX, instanceOf, linkOf } from '../../../../conformance/rig.ts';

const SETTINGS: Settings = {
  router: 'lb1',
  linger: 'off',
  instances: [instanceOf()],
  syncGroups: [],
};

class Bench {
  readonly batches: Batch[] = [];
  taken = 0;
  now: Instant = instant(1_000_000);
  readonly recorder: Recorder;

  constructor() {
    const engine = new Engine(SETTINGS, new CounterTable(new Float64Array(countersLength(1))));
    this.recorder = new Recorder({
      ...{ engine, settings: SETTINGS, standby: false, now: this.now },
      wall: () => 7,
      send: (batch) => this.batches.push(batch),
      taken: () => this.taken,
    });
    this.recorder.handle({ kind: 'links.replaced', links: [linkOf()] }, this.now);
    this.recorder.turned(this.now);
  }

  /** Batches of one packet each. */
  hear(packets: number, microseconds = 1_000): void {
    const packet = advert();
    for (let i = 0; i < packets; i++) {
      this.now = instant(this.now + microseconds);
      this.recorder.receive(INDEX, packet, packet.length, this.now);
      this.recorder.handle({ kind: 'quiet' }, this.now);
      this.recorder.turned(this.now);
    }
  }

  get entries(): Entry[] {
    return this.batches.flatMap(({ entries }) => entries);
  }

  kinds(): string[] {
    return this.entries.map(({ kind }) => kind);
  }

  takeAll(): void {
    this.taken = this.batches.reduce((sum, { size }) => sum + size, 0);
  }
}

describe('a recorder', () => {
  test('sends a message for each turn: what went in, and what was decided', () => {
    const bench = new Bench();
    expect(bench.batches).toHaveLength(1);
    expect(bench.kinds()).toEqual(['begin', 'input', 'transition']);
    bench.hear(2);
    expect(bench.batches).toHaveLength(3);
    expect(bench.kinds().slice(3)).toEqual(['packet', 'input', 'packet', 'input']);
  });

  test('keeps a copy of a packet, as the buffer is used again', () => {
    const bench = new Bench();
    const buffer = new Uint8Array(2_048);
    buffer.set(advert());
    bench.recorder.receive(INDEX, buffer, advert().length, bench.now);
    bench.recorder.turned(bench.now);
    buffer.fill(0);
    expect(bench.entries.at(-1)).toMatchObject({ kind: 'packet', packet: advert() });
  });

  test('has no more than a bound under way, counts the rest, and continues from a snapshot', () => {
    const bench = new Bench();
    bench.hear(20_000, 10);
    const size = bench.batches.reduce((sum, batch) => sum + batch.size, 0);
    expect(size).toBeLessThanOrEqual(BACKLOG_MAX);
    const sent = bench.entries.length;
    bench.takeAll();
    bench.hear(2);
    const [gap, begin, ...rest] = bench.entries.slice(sent);
    // The turn that found room again is in the snapshot, so its entries are counted as missing.
    expect(gap).toEqual({ kind: 'gap', count: 3 + 2 * 20_001 - sent });
    expect(begin).toMatchObject({ kind: 'begin', links: [{ name: 'eth0' }], capture: {} });
    expect(rest.map(({ kind }) => kind)).toEqual(['packet', 'input']);
  });

  test('makes a snapshot when nothing has happened for ten seconds, or after a minute', () => {
    const bench = new Bench();
    bench.hear(9, 1_000_000);
    bench.recorder.requestSnapshot();
    bench.hear(1, 500_000);
    expect(bench.kinds().filter((kind) => kind === 'begin')).toHaveLength(1);
    bench.hear(1, 500_000);
    expect(bench.kinds().filter((kind) => kind === 'begin')).toHaveLength(2);
    bench.recorder.requestSnapshot();
    for (let second = 0; second < 61; second++) {
      const request = { type: 'priority', priority: 7 } as const;
      bench.recorder.handle({ kind: 'request', id: 1, instance: 'web', request }, bench.now);
      expect(bench.kinds().filter((kind) => kind === 'begin')).toHaveLength(2);
      bench.hear(1, 1_000_000);
    }
    expect(bench.kinds().filter((kind) => kind === 'begin')).toHaveLength(3);
  });

  test('makes none once the engine is stopping: nothing could continue from it', () => {
    const bench = new Bench();
    bench.recorder.handle({ kind: 'shutdown' }, bench.now);
    bench.recorder.requestSnapshot();
    bench.hear(3, 60_000_000);
    expect(bench.kinds().filter((kind) => kind === 'begin')).toHaveLength(1);
  });

  test('contains the input that makes the engine throw', () => {
    const bench = new Bench();
    const poison = { kind: 'links.replaced', links: null } as never;
    expect(() => bench.recorder.handle(poison, bench.now)).toThrow();
    bench.recorder.flush();
    expect(bench.entries.at(-1)).toMatchObject({ kind: 'input', input: poison });
  });
});
