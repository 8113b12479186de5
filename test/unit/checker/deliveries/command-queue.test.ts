import { describe, expect, test } from 'vitest';
import type { NotifyOutcome, RunningCommand } from '../../../../src/checker/deliveries/command.ts';
import { CommandQueue } from '../../../../src/checker/deliveries/command-queue.ts';
import { Ledger } from './clockwork.ts';

/** Commands that end when the test says so. */
class Bench {
  readonly ledger = new Ledger();
  readonly queue = new CommandQueue('web', this.ledger.outcomes);
  readonly started: string[] = [];
  readonly killed: string[] = [];
  #end: ((outcome: NotifyOutcome) => void) | undefined;

  push(state: string, ...keys: string[]): void {
    const commands = keys.map((key) => ({
      target: `notify.${key}`,
      state,
      start: () => this.#start(`${key} ${state}`),
    }));
    this.queue.push(commands, state);
  }

  async end(outcome: NotifyOutcome = { kind: 'done' }): Promise<void> {
    this.#end?.(outcome);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #start(name: string): RunningCommand {
    this.started.push(name);
    const ended = new Promise<NotifyOutcome>((resolve) => {
      this.#end = resolve;
    });
    return { ended, kill: () => this.killed.push(name) };
  }
}

describe('the commands of an instance', () => {
  test('run one after the other', async () => {
    const bench = new Bench();
    bench.push('MASTER', 'master', 'any');
    expect(bench.started).toEqual(['master MASTER']);
    await bench.end();
    expect(bench.started).toEqual(['master MASTER', 'any MASTER']);
    await bench.end();
    expect(bench.ledger.counts.command).toMatchObject({ done: 2, skipped: 0 });
  });

  test('wait for the running one; then only the newest run', async () => {
    const bench = new Bench();
    bench.push('MASTER', 'master', 'any');
    bench.push('BACKUP', 'backup', 'any');
    bench.push('MASTER', 'master', 'any');
    await bench.end();
    expect(bench.started).toEqual(['master MASTER', 'master MASTER']);
    expect(bench.ledger.lines).toEqual([
      'notify.any skipped: MASTER ended before the command could run; now BACKUP',
      'notify.backup skipped: BACKUP ended before the command could run; now MASTER',
      'notify.any skipped: BACKUP ended before the command could run; now MASTER',
    ]);
    expect(bench.ledger.counts.command.skipped).toBe(3);
  });

  test('are skipped by a state that has no commands', async () => {
    const bench = new Bench();
    bench.push('MASTER', 'master', 'any');
    bench.push('BACKUP');
    await bench.end();
    expect(bench.started).toEqual(['master MASTER']);
    expect(bench.ledger.counts.command.skipped).toBe(1);
  });

  test('continue after one that failed, which is reported', async () => {
    const bench = new Bench();
    bench.push('FAULT', 'fault', 'any');
    await bench.end({ kind: 'timed-out', detail: 'timed out' });
    expect(bench.started).toEqual(['fault FAULT', 'any FAULT']);
    expect(bench.ledger.lines).toEqual(['notify.fault timed-out: timed out']);
  });

  test('that have not begun when the agent stops are lost and reported', async () => {
    const bench = new Bench();
    bench.push('STOP', 'stop', 'any');
    bench.queue.abandon();
    expect(bench.killed).toEqual(['stop STOP']);
    expect(bench.ledger.lines).toEqual([
      'notify.any lost: the agent stopped before the command for STOP could run',
    ]);
  });

  test('are drained when the last one has ended', async () => {
    const bench = new Bench();
    bench.push('STOP', 'stop');
    let drained = false;
    void bench.queue.drained().then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    await bench.end();
    expect(drained).toBe(true);
  });
});
