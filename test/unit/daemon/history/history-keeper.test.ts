import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EventFacts } from '../../../../src/control/protocol.ts';
import { HistoryFiles } from '../../../../src/daemon/history/history-files.ts';
import { HistoryKeeper } from '../../../../src/daemon/history/history-keeper.ts';
import { historyDirectory } from '../../../../src/history/files.ts';

const START = Date.parse('2026-03-01T00:00:00Z');

const STALL: EventFacts = {
  ...{ kind: 'stall', duration_ms: 1, cause: null, waited_ms: null, ran_ms: null },
};

const COMMAND: EventFacts = {
  ...{ kind: 'command', instance: 'web', by: 'alice', request: 'failover', outcome: null },
};

const SECOND = { service: 'web', server: '10.0.0.12:80' };

/** Longer than the time between two signs of life. */
const TICK_MS = 31_000;

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Setting {
  readonly state?: string;
  readonly boot?: string;
  readonly fileBytes?: number;
}

function keeperIn({ state = stateDirectory(), boot = 'boot-1', ...more }: Setting = {}) {
  const reported: EventFacts[] = [];
  const clock = { now: START, up: 1_000 };
  const offsets: Record<string, number> = {};
  const keeper: HistoryKeeper = new HistoryKeeper({
    ...{ stateDirectory: state, gid: undefined, boot, version: '0.1.0', ...more },
    router: () => 'lb1',
    instances: () => [],
    clockOffsets: () => ({ ...offsets }),
    report: (facts) => {
      reported.push(facts);
      keeper.record(facts);
    },
    up: () => clock.up,
    now: () => clock.now,
  });
  onTestFinished(() => keeper.close(undefined));
  return { keeper, reported, state, clock, offsets };
}

function lines(state: string): Record<string, unknown>[] {
  const directory = historyDirectory(state);
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

const kinds = (state: string) => lines(state).map(({ kind }) => kind);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the history of an agent', () => {
  test('begins with its start and the instances, and ends with its stop', async () => {
    const { keeper, state } = keeperIn();
    keeper.record(STALL, 400);
    keeper.begin(false);
    keeper.record(STALL);
    await keeper.written();
    await keeper.close('stopped');
    expect(lines(state)).toMatchObject([
      {
        kind: 'agent-started',
        former: 'none',
        alive: null,
        at: '2026-02-28T23:59:59.400Z',
        up: 400,
      },
      { kind: 'instances', router: 'lb1', boot: 'boot-1' },
      { kind: 'stall', at: '2026-02-28T23:59:59.400Z', up: 400 },
      { kind: 'stall', at: '2026-03-01T00:00:00.000Z', up: 1_000 },
      { kind: 'agent-stopped', outcome: 'stopped' },
    ]);
    keeper.record(STALL);
    expect(lines(state)).toHaveLength(5);
  });

  test('of a process that never became the agent is not written', async () => {
    const { keeper, state } = keeperIn();
    keeper.record(STALL);
    await keeper.close('failed');
    expect(readdirSync(state)).toEqual([]);
  });

  test.each([
    ['stopped', 'stopped', 'boot-1', 'stopped'],
    ['stopped', 'stopped', 'boot-2', 'stopped'],
    ['without a word', undefined, 'boot-1', 'died'],
    ['without a word', undefined, 'boot-2', 'host-restarted'],
  ] as const)(
    'says of one that ended %s (%s, then %s) that it is %s',
    async (_, outcome, boot, former) => {
      const { keeper, state } = keeperIn();
      keeper.begin(false);
      await keeper.written();
      await keeper.close(outcome);
      const next = keeperIn({ state, boot });
      next.keeper.begin(false);
      await next.keeper.written();
      const starts = lines(state).filter(({ kind }) => kind === 'agent-started');
      expect(starts[1]).toMatchObject({ former, boot, alive: expect.any(Number) });
    },
  );

  test('continues after a takeover', async () => {
    const { keeper, state } = keeperIn();
    keeper.begin(false);
    await keeper.written();
    await keeper.close(undefined);
    const next = keeperIn({ state });
    next.keeper.begin(true);
    await next.keeper.written();
    expect(kinds(state)).toEqual(['agent-started', 'instances', 'agent-started', 'instances']);
    expect(lines(state)[2]).toMatchObject({ former: 'taken-over' });
  });

  test('closes a line that a crash has torn', async () => {
    const { keeper, state } = keeperIn();
    keeper.begin(false);
    await keeper.written();
    await keeper.close(undefined);
    const file = join(historyDirectory(state), '00000001.jsonl');
    appendFileSync(file, '{"at":"2026-03-01T');
    const next = keeperIn({ state });
    next.keeper.begin(false);
    await next.keeper.written();
    expect(readFileSync(file, 'utf8')).toContain('{"at":"2026-03-01T\n{"at":');
    expect(kinds(state)).toEqual(['agent-started', 'instances', 'agent-started', 'instances']);
  });

  test('has eight files, each with the instances at its start', async () => {
    const { keeper, state } = keeperIn({ fileBytes: 500 });
    keeper.begin(false);
    for (let count = 0; count < 100; count++) {
      keeper.record(STALL);
      await keeper.written();
    }
    const directory = historyDirectory(state);
    const names = readdirSync(directory).sort();
    expect(names).toHaveLength(8);
    expect(names[0]).not.toBe('00000001.jsonl');
    for (const name of names) {
      const text = readFileSync(join(directory, name), 'utf8');
      expect(JSON.parse(text.split('\n', 1)[0] ?? '')).toMatchObject({ kind: 'instances' });
      expect(text.length).toBeLessThan(1_000);
    }
  });

  test('leaves a sign of life, and notes clocks that have moved', async () => {
    const { keeper, state, clock, offsets } = keeperIn();
    keeper.begin(false);
    await keeper.written();
    offsets['lb2'] = 3;
    const tick = async () => {
      clock.now += 700_000;
      vi.advanceTimersByTime(TICK_MS);
      await keeper.written();
    };
    await tick();
    offsets['lb2'] = 4;
    await tick();
    offsets['lb2'] = 20;
    await tick();
    await tick();
    expect(lines(state).filter(({ kind }) => kind === 'clocks')).toMatchObject([
      { offsets: { lb2: 3 } },
      { offsets: { lb2: 20 } },
    ]);
    await keeper.close(undefined);
    const next = keeperIn({ state });
    next.keeper.begin(false);
    await next.keeper.written();
    expect(lines(state).at(-2)).toMatchObject({ former: 'died', alive: START + 2_800_000 });
  });

  test('leaves out weights that follow a load, and counts a storm', async () => {
    const { keeper, state, clock } = keeperIn();
    keeper.begin(false);
    keeper.record({
      ...{ kind: 'ipvs-weight', service: 'http', server: '10.0.0.11:80' },
      ...{ from: 1, to: 2, result: '' },
    });
    for (let count = 0; count < 2_010; count++) keeper.record(STALL);
    await keeper.written();
    clock.now += 3_600_000;
    keeper.record(STALL);
    await keeper.written();
    expect(kinds(state).filter((kind) => kind === 'stall')).toHaveLength(2_001);
    expect(lines(state)).toContainEqual(
      expect.objectContaining({ kind: 'left-out', count: 10, why: 'storm' }),
    );
    expect(kinds(state)).not.toContain('ipvs-weight');
  });
});

/** A server goes down and comes up, `rounds` times. */
function flap(keeper: HistoryKeeper, rounds: number): void {
  const about = { service: 'web', server: '10.0.0.11:80', weight: 0, result: '' };
  for (let round = 0; round < rounds; round++) {
    keeper.record({ kind: 'ipvs-server-down', ...about });
    keeper.record({ kind: 'ipvs-server-up', ...about });
  }
}

describe('a storm of server changes', () => {
  test('leaves room for all else, and says when and what it was about', async () => {
    const { keeper, state, clock } = keeperIn();
    keeper.begin(false);
    flap(keeper, 2_000);
    clock.up += 100;
    clock.now += 100;
    flap(keeper, 3);
    keeper.record(STALL);
    keeper.record({ ...COMMAND });
    clock.up += 30_000;
    clock.now += 30_000;
    await keeper.written();
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    expect(lines(state).filter(({ kind }) => kind === 'ipvs-server-down')).toHaveLength(2_000);
    expect(kinds(state)).toEqual(expect.arrayContaining(['stall', 'command']));
    expect(lines(state).filter(({ kind }) => kind === 'left-out')).toEqual([
      expect.objectContaining({
        ...{ count: 6, why: 'storm', lasted_ms: 30_000, at: '2026-03-01T00:00:30.100Z' },
        servers: [{ service: 'web', server: '10.0.0.11:80', down: false }],
      }),
    ]);
  });

  test('is summed up before the next change that is written, and when the agent stops', async () => {
    const { keeper, state, clock } = keeperIn();
    keeper.begin(false);
    flap(keeper, 2_001);
    await keeper.written();
    clock.now += 3_600_000;
    clock.up += 3_600_000;
    flap(keeper, 2_001);
    await keeper.written();
    await keeper.close('stopped');
    const seen = kinds(state).filter((kind) => kind !== 'ipvs-server-up');
    const without = seen.filter((kind, index) => kind !== seen[index - 1]);
    expect(without).toEqual([
      ...['agent-started', 'instances', 'ipvs-server-down', 'left-out', 'ipvs-server-down'],
      ...['left-out', 'agent-stopped'],
    ]);
  });

  test('that lasts is summed up every ten minutes', async () => {
    const { keeper, state, clock } = keeperIn();
    keeper.begin(false);
    flap(keeper, 2_000);
    await keeper.written();
    for (let count = 0; count < 30; count++) {
      flap(keeper, 1);
      clock.now += 60_000;
      clock.up += 60_000;
      vi.advanceTimersByTime(TICK_MS);
      await keeper.written();
    }
    const counts = lines(state).flatMap(({ kind, count }) => (kind === 'left-out' ? count : []));
    expect(counts).toEqual([2, 20, 20]);
  });
});

test('each file begins with the servers that are down', async () => {
  const { keeper, state } = keeperIn({ fileBytes: 500 });
  keeper.begin(false);
  flap(keeper, 1);
  keeper.record({ kind: 'ipvs-server-down', ...SECOND, weight: 0, result: '' });
  for (let count = 0; count < 8; count++) {
    keeper.record(STALL);
    await keeper.written();
  }
  const marks = lines(state).filter(({ kind }) => kind === 'instances');
  expect(marks.at(-1)).toMatchObject({ down: [SECOND] });
});

describe('a disk that refuses', () => {
  test('and works again leaves what was lost before what followed', async () => {
    const { keeper, state, clock } = keeperIn();
    keeper.begin(false);
    await keeper.written();
    const refuse = vi.spyOn(HistoryFiles.prototype, 'append').mockRejectedValue(new Error('EIO'));
    onTestFinished(() => refuse.mockRestore());
    keeper.record({ ...TRANSITION });
    keeper.record({ kind: 'ipvs-server-down', ...SECOND, weight: 0, result: '' });
    await keeper.written();
    clock.now += 5_000;
    clock.up += 5_000;
    keeper.record(STALL);
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    refuse.mockRestore();
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    const [, , mark, gap, ...rest] = lines(state);
    expect(mark).toMatchObject({ kind: 'instances', at: gap?.['at'] });
    expect(gap).toMatchObject({
      ...{ kind: 'left-out', count: 1, why: 'disk', lasted_ms: 0 },
      ...{ at: '2026-03-01T00:00:00.000Z', states: [{ name: 'web', state: 'MASTER' }] },
    });
    // They waited while the disk refused the first one.
    expect(rest.map(({ kind }) => kind)).toEqual([
      ...['ipvs-server-down', 'history-failed', 'stall', 'history-restored'],
    ]);
    expect(keeper.document).toEqual({ state: 'written', lost: 1 });
  });

  test('costs records, which are counted, reported, and noted when it is over', async () => {
    const state = join(stateDirectory(), 'state');
    // A file in the place of the directory.
    writeFileSync(state, '');
    const { keeper, reported } = keeperIn({ state });
    keeper.record(STALL);
    keeper.begin(false);
    await keeper.written();
    expect(reported).toMatchObject([{ kind: 'history-failed', errno: 'ENOTDIR' }]);
    expect(keeper.document).toEqual({ state: 'failed', lost: 0 });
    for (let count = 0; count < 5_000; count++) keeper.record({ ...TRANSITION });
    expect(keeper.document).toEqual({ state: 'failed', lost: 2 });
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    expect(reported).toHaveLength(1);
    rmSync(state);
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    expect(reported[1]).toEqual({ kind: 'history-restored', lost: 2 });
    expect(keeper.document).toEqual({ state: 'written', lost: 2 });
    expect(kinds(state).slice(0, 4)).toEqual([
      ...['agent-started', 'instances', 'stall', 'history-failed'],
    ]);
    expect(kinds(state).slice(-3)).toEqual(['transition', 'left-out', 'history-restored']);
    expect(lines(state).at(-2)).toMatchObject({
      ...{ count: 2, why: 'disk', lasted_ms: 0, states: [{ name: 'web', state: 'MASTER' }] },
    });
  });

  test('that loses the file gets another one', async () => {
    const { keeper, state, reported } = keeperIn();
    keeper.begin(false);
    await keeper.written();
    rmSync(historyDirectory(state), { recursive: true });
    vi.advanceTimersByTime(TICK_MS);
    await keeper.written();
    keeper.record(STALL);
    await keeper.written();
    expect(kinds(state)).toEqual(['instances', 'stall']);
    expect(reported).toEqual([]);
  });
});

const TRANSITION: EventFacts = {
  ...{ kind: 'transition', instance: 'web', from: 'BACKUP', to: 'MASTER' },
  ...{ event: 'master-timeout', cause: 'master-silent', reason: '', priority: 1 },
} as EventFacts;
