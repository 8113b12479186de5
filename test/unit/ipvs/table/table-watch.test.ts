import { describe, expect, test, vi } from 'vitest';
import { TableWatch, type TableWatchOptions } from '../../../../src/ipvs/table/table-watch.ts';
import { ip } from '../../../../src/net/address.ts';
import {
  BUCKETS,
  emptySummary,
  type TableReading,
  type TableSummary,
} from '../../../../src/net/connection.ts';
import { after, type Duration, elapsed, type Instant, seconds } from '../../../../src/net/time.ts';
import { decodeSummary, encodeSummary } from '../../../../src/wire/connections/summary-message.ts';
import { QuietLog } from '../quiet-log.ts';

const SUMMARY_PORT = 8_912;
const LB2 = { syncId: 55, sender: 2, name: 'lb2', isRepetition: false };
const SETTINGS = {
  mode: 'follow',
  instance: 'web',
  rstGuard: 'planned',
  catchUp: true,
  peers: [],
  daemon: {
    interface: 'eth1',
    syncId: 55,
    group: ip('224.0.0.81'),
    port: 8_848,
    ttl: 1,
    maximumLength: undefined,
  },
} as const;

function line(port: number, state = 'ESTABLISHED', origin = 'LOCAL'): string {
  const client = `CB0071C8 ${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return `TCP ${client} CB007164 0050 C000020B 0050 ${state} ${origin}      897`;
}

function countOf(live: number): TableSummary {
  return {
    ...emptySummary(),
    live,
    buckets: new Uint16Array(BUCKETS).fill(live, 0, 1),
    isCounted: true,
  };
}

/** A watch on a table of text, and a segment that records what is sent. */
class Bench {
  lines: readonly string[] = [
    'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires',
  ];
  now = 0 as Instant;
  refusal: Error | undefined;
  /** What the kernel counts. */
  counted: TableReading = { all: countOf(0), shared: countOf(0) };
  /** Replaces the reading of `lines`. */
  read: (() => AsyncGenerator<readonly string[]>) | undefined;
  readonly sent: { readonly bytes: Uint8Array; readonly port: number }[] = [];
  readonly reported: unknown[] = [];
  readonly quiet = new QuietLog();
  opened = 0;
  closed = 0;
  hear: (bytes: Uint8Array, address: string) => void = () => {};
  fail: (error: Error) => void = () => {};
  readonly watch: TableWatch;

  constructor(more: Partial<TableWatchOptions> = {}) {
    this.watch = new TableWatch({
      router: 'lb1',
      sender: 1,
      settings: SETTINGS,
      refresh: 0 as Duration,
      isMaster: true,
      log: this.quiet.log,
      now: () => this.now,
      processor: () => elapsed(0 as Instant, this.now),
      lines: () => this.read?.() ?? this.#chunks(),
      count: () => this.counted,
      open: (hear, fail) => this.#open(hear, fail),
      entries: () => (connection) => ({ connection, forwarding: 'nat', mark: 0, timeout: 900 }),
      caughtUp: (hasCaughtUp) => this.reported.push(hasCaughtUp),
      moved: (reports) => this.reported.push(...reports),
      ...more,
    });
  }

  pass(duration: Duration): void {
    this.now = after(this.now, duration);
  }

  async *#chunks() {
    const middle = Math.ceil(this.lines.length / 2);
    yield this.lines.slice(0, middle);
    yield this.lines.slice(middle);
  }

  async #open(hear: Bench['hear'], fail: Bench['fail']) {
    if (this.refusal !== undefined) throw this.refusal;
    this.opened++;
    this.hear = hear;
    this.fail = fail;
    return {
      send: async (bytes: Uint8Array, port: number) => {
        this.sent.push({ bytes, port });
      },
      close: () => {
        this.closed++;
      },
    };
  }

  /** A round each second; another director that is not MASTER reports an empty table. */
  async rounds(count: number, peer = { isMaster: false, summary: emptySummary() }): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.now = after(this.now, seconds(1));
      await this.watch.run();
      this.hear(encodeSummary({ ...LB2, ...peer }), '10.0.0.2');
    }
  }

  /** Messages for the kernel of the other director. */
  get toKernel(): Uint8Array[] {
    return this.sent.filter(({ port }) => port === 8_848).map(({ bytes }) => bytes);
  }
}

describe('the watch of the connection table', () => {
  test('sends a summary of the live connections', async () => {
    const bench = new Bench();
    bench.lines = [...bench.lines, line(1), line(2, 'ESTABLISHED', 'SYNC'), line(3, 'TIME_WAIT')];
    await bench.rounds(1);
    expect(bench.sent.map(({ port }) => port)).toEqual([SUMMARY_PORT]);
    const decoded = decodeSummary(bench.sent[0]?.bytes ?? new Uint8Array());
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        syncId: 55,
        isMaster: true,
        sender: 1,
        name: 'lb1',
        summary: { live: 2, synced: 1 },
      },
    });
  });

  test('resends to the kernels of others what they lack', async () => {
    const bench = new Bench();
    bench.lines = [line(1), line(2), line(3, 'SYN_RECV')];
    await bench.rounds(5);
    expect(bench.toKernel).toEqual([]);
    await bench.rounds(1);
    expect(bench.toKernel).toHaveLength(1);
    expect(bench.toKernel[0]?.[4]).toBe(2);
    expect(bench.watch.resent).toBe(2);
    expect(bench.quiet.lines).toEqual([
      'ipvs-table-resent: resent 2 connections: another director lacks some of them',
    ]);
  });

  test('sends messages no longer than those of the daemons', async () => {
    const daemon = { ...SETTINGS.daemon, maximumLength: 576 };
    const bench = new Bench({ settings: { ...SETTINGS, daemon } });
    bench.lines = Array.from({ length: 20 }, (_, port) => line(port + 1));
    await bench.rounds(6);
    expect(bench.toKernel.map(({ length }) => length)).toEqual([8 + 36 * 15, 8 + 36 * 5]);
  });

  test('leaves to the kernel what only the kernel knows', async () => {
    const bench = new Bench({ entries: () => () => undefined });
    bench.lines = [line(1)];
    await bench.rounds(6);
    expect(bench.toKernel).toEqual([]);
    expect(bench.watch.resent).toBe(0);
  });

  test('reports once when the table has caught up with the MASTER, and each change', async () => {
    const bench = new Bench({ isMaster: false });
    bench.lines = [line(1, 'ESTABLISHED', 'SYNC')];
    await bench.rounds(1);
    const { buckets } = bench.watch.standing.own;
    const master = { isMaster: true, summary: { live: 1, synced: 0, buckets } };
    await bench.rounds(6, master);
    expect(bench.reported).toEqual([false, true]);
    expect(bench.watch.hasCaughtUp).toBe(true);
    bench.lines = [];
    await bench.rounds(6, master);
    expect(bench.reported).toEqual([false, true, false]);
  });

  test('reports what a move has lost', async () => {
    const bench = new Bench({ isMaster: false });
    const buckets = new Uint16Array(BUCKETS).fill(1, 0, 3);
    await bench.rounds(1, { isMaster: true, summary: { live: 3, synced: 0, buckets } });
    bench.watch.follow(true);
    await bench.rounds(5);
    bench.watch.follow(false);
    expect(bench.reported.filter((one) => typeof one === 'object')).toEqual([
      { kind: 'take-over', peer: 'lb2', live: 3, before: undefined, missing: 3 },
      { kind: 'hand-over', peer: 'lb2', live: 0, before: 0, missing: 0 },
    ]);
    expect(bench.watch.moves.document()).toMatchObject({ hand_overs: 1, take_overs: 1, lost: 3 });
  });

  test.each([
    ['of another cluster', { syncId: 56, sender: 2 }],
    ['of this process', { syncId: 55, sender: 1 }],
  ])('does not listen to a message %s', async (_, more) => {
    const bench = new Bench();
    await bench.rounds(1);
    bench.now = after(bench.now, seconds(20));
    const summary = emptySummary();
    const message = { ...LB2, ...more, isMaster: false, summary };
    bench.hear(encodeSummary(message), '10.0.0.3');
    bench.hear(new Uint8Array([1, 2, 3]), '10.0.0.3');
    expect(bench.watch.standing.peers(bench.now)).toEqual([]);
  });

  test('FR-O9 says that too many hosts send summaries, until there are fewer', async () => {
    const bench = new Bench();
    await bench.rounds(1);
    bench.pass(seconds(20));
    const hear = (host: number) =>
      bench.hear(
        encodeSummary({ ...LB2, syncId: 55, isMaster: false, summary: emptySummary() }),
        `10.0.0.${host}`,
      );
    for (let host = 3; host <= 18; host++) hear(host);
    expect(bench.quiet.log.troubles()).toEqual([]);
    hear(19);
    hear(20);
    expect(bench.quiet.log.troubles()).toEqual([expect.stringContaining('`ipvs.sync.peers`')]);
    bench.pass(seconds(20));
    await bench.rounds(1);
    expect(bench.quiet.log.troubles()).toEqual([]);
  });

  test('sends nothing with `catch_up: false`', async () => {
    const bench = new Bench({ settings: { ...SETTINGS, catchUp: false } });
    await bench.rounds(3);
    expect([bench.opened, bench.sent]).toEqual([0, []]);
  });

  test('continues when the network is back', async () => {
    const bench = new Bench();
    bench.refusal = new Error('eth1 has no IPv4 address');
    await bench.rounds(2);
    expect(bench.quiet.log.troubles()).toEqual(['eth1 has no IPv4 address']);
    expect(bench.quiet.lines).toHaveLength(1);
    bench.refusal = undefined;
    await bench.rounds(1);
    expect(bench.quiet.log.troubles()).toEqual([]);
    bench.fail(new Error('ENETDOWN'));
    expect(bench.closed).toBe(1);
    await bench.rounds(1);
    expect(bench.opened).toBe(2);
  });

  test('sends nothing after it was closed', async () => {
    const bench = new Bench();
    bench.watch.start();
    await bench.rounds(1);
    await bench.watch.close();
    const { length } = bench.sent;
    await bench.watch.run();
    expect([bench.sent.length, bench.closed]).toEqual([length, 1]);
  });
});

describe('FR-N3 a large table', () => {
  /** Each line takes this long; lines of no connection make the table a large one. */
  function slow(bench: Bench, cost: Duration): void {
    const { lines } = bench;
    bench.read = async function* () {
      yield Array<string>(2_001).fill('');
      for (const one of lines) {
        bench.pass(cost);
        yield [one];
      }
    };
  }

  /** Cannot be listed. */
  function large(bench: Bench, live: number): void {
    bench.lines = [line(1), line(2), line(3)];
    slow(bench, seconds(2));
    bench.counted = { all: countOf(live), shared: countOf(live) };
  }

  test('is given up after five seconds, reported as a problem, and counted in its place', async () => {
    const bench = new Bench();
    large(bench, 60_000);
    await bench.watch.run();
    const [first] = bench.sent.map(({ bytes }) => decodeSummary(bytes));
    expect(first).toMatchObject({
      value: { isRepetition: false, summary: { live: 60_000, isCounted: true } },
    });
    expect(bench.quiet.log.troubles()).toEqual([
      expect.stringContaining('compare only how many each server has'),
    ]);
  });

  test('is not listed again within ten minutes, nor in a twentieth of the time', async () => {
    const bench = new Bench();
    large(bench, 60_000);
    await bench.watch.run();
    const given = bench.now;
    const { read } = bench;
    let attempts = 0;
    bench.read = () => {
      attempts++;
      return read?.() ?? (async function* () {})();
    };
    for (let second = 1; second < 600; second++) {
      bench.pass(seconds(1));
      await bench.watch.run();
    }
    expect([attempts, bench.sent.length]).toEqual([0, 600]);
    bench.pass(seconds(2));
    await bench.watch.run();
    expect(attempts).toBe(1);
    const spent = elapsed(given, bench.now) - seconds(600);
    expect(spent).toBeLessThan(seconds(600) / 20);
  });

  test('is listed as soon as that costs less', async () => {
    const bench = new Bench();
    large(bench, 60_000);
    await bench.watch.run();
    slow(bench, 1_000 as Duration);
    bench.pass(seconds(601));
    await bench.watch.run();
    const last = decodeSummary(bench.sent.at(-1)?.bytes ?? new Uint8Array());
    expect(last).toMatchObject({ value: { summary: { live: 3 } } });
    expect(bench.quiet.log.troubles()).toEqual([]);
  });

  test('is known to the others, and a takeover says what it has lost', async () => {
    const bench = new Bench({ isMaster: false });
    large(bench, 59_000);
    const master = { isMaster: true, summary: countOf(60_000) };
    await bench.rounds(12, master);
    expect(bench.watch.standing.peers(bench.now)).toEqual([
      expect.objectContaining({ name: 'lb2', live: 60_000, missing: 1_000 }),
    ]);
    bench.watch.follow(true);
    await bench.rounds(5, { isMaster: false, summary: countOf(60_000) });
    expect(bench.reported.at(-1)).toMatchObject({
      ...{ kind: 'take-over', peer: 'lb2', live: 60_000, before: 1_000, missing: 1_000 },
    });
  });

  test('lets a director come back once it has nearly all connections', async () => {
    const bench = new Bench({ isMaster: false });
    large(bench, 59_000);
    const master = { isMaster: true, summary: countOf(60_000) };
    await bench.rounds(12, master);
    expect(bench.watch.hasCaughtUp).toBe(false);
    bench.counted = { all: countOf(59_900), shared: countOf(59_900) };
    await bench.rounds(6, master);
    expect(bench.watch.hasCaughtUp).toBe(true);
  });

  test('is not resent: which connections the other director lacks is not known', async () => {
    const bench = new Bench();
    large(bench, 60_000);
    await bench.rounds(20, { isMaster: false, summary: countOf(10) });
    expect(bench.watch.standing.peers(bench.now)).toEqual([
      expect.objectContaining({ missing: 59_990 }),
    ]);
    expect(bench.toKernel).toEqual([]);
  });

  test('that is being read does not hold up the end', async () => {
    const bench = new Bench();
    let chunks = 0;
    bench.read = async function* () {
      for (; chunks < 1_000; chunks++) {
        if (chunks === 3) void bench.watch.close();
        yield [line(1)];
      }
    };
    await bench.watch.run();
    expect([chunks, bench.sent]).toEqual([3, []]);
  });

  test('is not what a busy machine makes of a small one', async () => {
    const bench = new Bench({ processor: () => 7 as Duration });
    bench.lines = [line(1), line(2), line(3)];
    slow(bench, seconds(60));
    await bench.watch.run();
    expect(bench.sent).toHaveLength(1);
    expect(bench.quiet.log.troubles()).toEqual([]);
  });

  test('is repeated to the others while it is not read', async () => {
    const bench = new Bench();
    bench.lines = [line(1), line(2)];
    await bench.watch.run();
    await bench.watch.repeat();
    expect(bench.sent).toHaveLength(1);
    bench.pass(seconds(4));
    bench.watch.follow(false);
    await bench.watch.repeat();
    const [first, second] = bench.sent.map(({ bytes }) => decodeSummary(bytes));
    expect(first).toMatchObject({ value: { isRepetition: false, isMaster: true } });
    expect(second).toMatchObject({
      value: { isRepetition: true, isMaster: false, summary: { live: 2 } },
    });
  });

  test('is read by a BACKUP right after the MASTER has read its own, once its pause is over', async () => {
    vi.useFakeTimers();
    try {
      const bench = new Bench({ isMaster: false });
      bench.lines = [line(1)];
      slow(bench, seconds(1));
      bench.watch.start();
      await vi.advanceTimersByTimeAsync(1);
      const readings = () => bench.sent.length;
      const master = encodeSummary({ ...LB2, isMaster: true, summary: emptySummary() });
      bench.pass(seconds(18));
      bench.hear(master, '10.0.0.2');
      await vi.advanceTimersByTimeAsync(1);
      expect(readings()).toBe(1);
      bench.pass(seconds(2));
      bench.hear(master, '10.0.0.2');
      await vi.advanceTimersByTimeAsync(1);
      expect(readings()).toBe(2);
      await bench.watch.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('FR-N20 flows of a single datagram', () => {
  const flow = (port: number) => line(port, 'UDP').replace('TCP', 'UDP');

  test('that begin while the other director is here are left to the kernel', async () => {
    const bench = new Bench();
    bench.lines = [line(1)];
    await bench.rounds(6);
    bench.lines = [line(1), flow(2), flow(3)];
    bench.watch.resent = 0;
    await bench.rounds(12);
    // The connection alone, each time.
    expect(bench.toKernel.every((message) => message[4] === 1)).toBe(true);
    expect(bench.watch.standing.peers(bench.now)).toMatchObject([{ missing: 1 }]);
    expect(bench.watch.standing.own.live).toBe(3);
  });

  test('are sent to a director that has just arrived', async () => {
    const bench = new Bench();
    bench.lines = [flow(2), flow(3)];
    await bench.watch.run();
    await bench.rounds(7);
    expect(bench.toKernel[0]?.[4]).toBe(2);
  });

  test('are no loss of a BACKUP that has them', async () => {
    const bench = new Bench({ isMaster: false });
    bench.lines = [flow(2), flow(3)];
    await bench.rounds(1);
    const { buckets } = bench.watch.standing.own;
    await bench.rounds(6, { isMaster: true, summary: { live: 2, synced: 0, buckets } });
    expect(bench.watch.hasCaughtUp).toBe(true);
  });
});
