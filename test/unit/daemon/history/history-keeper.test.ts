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
import { HistoryKeeper } from '../../../../src/daemon/history/history-keeper.ts';
import { historyDirectory } from '../../../../src/history/files.ts';

const START = Date.parse('2026-03-01T00:00:00Z');

const STALL: EventFacts = {
  ...{ kind: 'stall', duration_ms: 1, cause: null, waited_ms: null, ran_ms: null },
};

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

describe('a disk that refuses', () => {
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
    expect(kinds(state).slice(0, 5)).toEqual([
      ...['left-out', 'agent-started', 'instances', 'stall', 'history-failed'],
    ]);
    expect(kinds(state).at(-1)).toBe('history-restored');
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
