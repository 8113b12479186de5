import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SyncKeeper } from '../../../../src/ipvs/keep/sync-keeper.ts';
import { ip } from '../../../../src/net/address.ts';
import type { DaemonRole } from '../../../../src/net/ipvs.ts';
import { FakeKernel } from '../fake-kernel.ts';
import { QuietLog } from '../quiet-log.ts';

const DAEMON = {
  interface: 'eth1',
  syncId: 55,
  group: ip('224.0.0.81'),
  port: 8_848,
  ttl: 1,
  maximumLength: undefined,
};
const SETTINGS = {
  mode: 'follow',
  instance: 'web',
  rstGuard: 'off',
  catchUp: true,
  peers: [],
  daemon: DAEMON,
} as const;

class Bench {
  readonly kernel = new FakeKernel();
  readonly quiet = new QuietLog();
  isBackupOnly = false;
  readonly keeper: SyncKeeper;

  constructor(mode: 'follow' | 'both' = 'follow') {
    this.keeper = new SyncKeeper({
      client: this.kernel,
      log: this.quiet.log,
      settings: { ...SETTINGS, mode },
      now: () => this.kernel.now,
      interfaceIndex: () => this.kernel.index,
      isBackupOnly: () => this.isBackupOnly,
    });
  }

  /** Adds a daemon that this run did not start. */
  leave(role: DaemonRole, more: Partial<typeof DAEMON> = {}): void {
    this.kernel.running.set(role, { ...DAEMON, ...more, role });
  }

  async pass(milliseconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  async become(state: 'MASTER' | 'BACKUP'): Promise<void> {
    this.keeper.follow(state === 'MASTER');
    await this.pass(100);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the sync daemons', () => {
  test('receive while the instance is BACKUP', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    expect(bench.kernel.written).toEqual(['start backup']);
    expect(bench.keeper.roles).toEqual(['backup']);
  });

  test('FR-N12 belong to another keeper at once, also while one waits for a daemon to settle', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    bench.kernel.index = 4;
    void bench.keeper.run(true);
    await bench.pass(100);
    bench.keeper.abandon();
    bench.kernel.written.length = 0;
    await bench.pass(1_000);
    expect(bench.kernel.written).toEqual([]);
  });

  test('of a new MASTER send, and keep receiving for five seconds', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    await bench.pass(10_000);
    await bench.become('MASTER');
    expect(bench.kernel.roles).toEqual(['backup', 'master']);
    await bench.pass(4_800);
    expect(bench.kernel.roles).toEqual(['backup', 'master']);
    await bench.pass(200);
    expect(bench.kernel.roles).toEqual(['master']);
    expect(bench.keeper.repairs).toBe(0);
  });

  test('of a former MASTER keep sending for three and a half seconds', async () => {
    const bench = new Bench();
    await bench.become('MASTER');
    await bench.pass(10_000);
    await bench.become('BACKUP');
    expect(bench.kernel.roles).toEqual(['backup', 'master']);
    await bench.pass(3_300);
    expect(bench.kernel.roles).toEqual(['backup', 'master']);
    await bench.pass(200);
    expect(bench.kernel.roles).toEqual(['backup']);
  });

  test('FR-N2 of a new MASTER with backup_only stop receiving before they send', async () => {
    const bench = new Bench();
    bench.isBackupOnly = true;
    await bench.keeper.run(true);
    await bench.pass(10_000);
    await bench.become('MASTER');
    expect(bench.kernel.written).toEqual(['start backup', 'stop backup', 'start master']);
    await bench.pass(10_000);
    expect(bench.kernel.roles).toEqual(['master']);
  });

  test('FR-N2 of a new MASTER with backup_only do not receive, even if they cannot send', async () => {
    const bench = new Bench();
    bench.isBackupOnly = true;
    await bench.keeper.run(true);
    await bench.pass(10_000);
    bench.kernel.refuses.add('eth1');
    await bench.become('MASTER');
    expect(bench.kernel.roles).toEqual([]);
  });

  test('FR-N2 in mode `both` are a problem while backup_only is set', async () => {
    const bench = new Bench('both');
    bench.isBackupOnly = true;
    await bench.keeper.run(true);
    expect(bench.quiet.log.troubles()).toEqual([
      expect.stringContaining('this director balances nothing'),
    ]);
    bench.isBackupOnly = false;
    await bench.keeper.run();
    expect(bench.quiet.log.troubles()).toEqual([]);
  });

  test('FR-N12 start again, after all have stopped, when a parameter of their start changes', async () => {
    const bench = new Bench('both');
    await bench.keeper.run(true);
    await bench.pass(1_000);
    await bench.keeper.restart();
    expect(bench.kernel.written.slice(2)).toEqual([
      ...['stop master', 'stop backup'],
      ...['start master', 'start backup'],
    ]);
    expect(bench.keeper.repairs).toBe(0);
    await bench.keeper.run();
    expect(bench.kernel.written).toHaveLength(6);
  });

  test('in mode `both` send and receive in every state', async () => {
    const bench = new Bench('both');
    await bench.keeper.run(true);
    await bench.become('MASTER');
    await bench.pass(10_000);
    expect(bench.kernel.written).toEqual(['start master', 'start backup']);
  });

  test('of a crashed run are restarted, as they may be deaf', async () => {
    const bench = new Bench();
    bench.leave('backup');
    await bench.keeper.run(true);
    expect(bench.kernel.written).toEqual(['stop backup', 'start backup']);
    expect(bench.quiet.lines[0]).toBe(
      'ipvs-sync-stopped: the backup sync daemon was stopped: its interface may have been recreated, and it would no longer receive',
    );
  });

  test('of a crashed run that are not wanted are stopped', async () => {
    const bench = new Bench();
    bench.leave('master');
    await bench.keeper.run(true);
    expect(bench.kernel.roles).toEqual(['backup']);
  });

  test('are restarted when their interface was recreated', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    await bench.pass(1_000);
    bench.kernel.index = 4;
    await bench.keeper.run();
    expect(bench.kernel.written).toEqual(['start backup', 'stop backup', 'start backup']);
    expect(bench.keeper.repairs).toBe(1);
    await bench.keeper.run();
    expect(bench.keeper.repairs).toBe(1);
  });

  test('are left alone while their interface is missing', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    await bench.pass(1_000);
    bench.kernel.index = undefined;
    await bench.keeper.run();
    expect(bench.kernel.written).toEqual(['start backup']);
  });

  test.each([
    ['stopped', (bench: Bench) => bench.kernel.running.clear(), ['start backup']],
    [
      'given another id',
      (bench: Bench) => bench.leave('backup', { syncId: 7 }),
      ['stop backup', 'start backup'],
    ],
  ])('that another program has %s are repaired, which is counted', async (_, meddle, expected) => {
    const bench = new Bench();
    await bench.keeper.run(true);
    await bench.pass(1_000);
    meddle(bench);
    bench.kernel.written.length = 0;
    await bench.keeper.run();
    expect(bench.kernel.written).toEqual(expected);
    expect(bench.keeper.repairs).toBe(1);
    expect(bench.kernel.running.get('backup')?.syncId).toBe(55);
  });

  test('are not stopped before their thread has begun: the kernel would not answer', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    bench.kernel.index = 4;
    const pass = bench.keeper.run();
    await bench.pass(200);
    expect(bench.kernel.written).toEqual(['start backup']);
    await bench.pass(100);
    await pass;
    expect(bench.kernel.written).toEqual(['start backup', 'stop backup', 'start backup']);
  });

  test('that the kernel refuses are a problem until it accepts them', async () => {
    const bench = new Bench();
    bench.kernel.refuses.add('eth1');
    await bench.keeper.run(true);
    await bench.keeper.run();
    expect(bench.quiet.log.troubles()).toHaveLength(1);
    expect(bench.quiet.lines).toHaveLength(1);
    bench.kernel.refuses.clear();
    await bench.keeper.run();
    expect(bench.quiet.log.troubles()).toEqual([]);
    expect(bench.kernel.roles).toEqual(['backup']);
  });
});

describe('the end of the sync daemons', () => {
  test('of a MASTER comes when its buffer has been sent', async () => {
    const bench = new Bench();
    await bench.become('MASTER');
    await bench.pass(10_000);
    const stopped = bench.keeper.stop(new AbortController().signal);
    await bench.pass(3_400);
    expect(bench.kernel.roles).toContain('master');
    await bench.pass(200);
    await stopped;
    expect(bench.kernel.roles).toEqual([]);
  });

  test('is not awaited after `hurry`', async () => {
    const bench = new Bench();
    await bench.become('MASTER');
    await bench.pass(10_000);
    const stopped = bench.keeper.stop(AbortSignal.abort());
    await bench.pass(300);
    await stopped;
    expect(bench.kernel.roles).toEqual([]);
  });

  test('of a BACKUP comes immediately', async () => {
    const bench = new Bench();
    await bench.keeper.run(true);
    await bench.pass(1_000);
    await bench.keeper.stop(new AbortController().signal);
    expect(bench.kernel.roles).toEqual([]);
    await bench.keeper.run();
    expect(bench.kernel.roles).toEqual([]);
  });

  test('does not come when a keeper leaves them to another one', async () => {
    const bench = new Bench();
    await bench.become('MASTER');
    bench.keeper.abandon();
    await bench.pass(10_000);
    await bench.keeper.run();
    expect(bench.kernel.roles).toEqual(['master']);
  });
});
