import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CommandOutcome } from '../../../../src/kernel/command/command.ts';
import { ip } from '../../../../src/net/address.ts';
import { RstGuard, raiseCommands } from '../../../../src/runtime/ipvs/rst-guard.ts';
import { QuietLog } from './quiet-log.ts';

const DONE: CommandOutcome = { kind: 'exited', status: 0, output: '' };
const SLOW: CommandOutcome = { kind: 'timed-out', output: '' };

/** A guard whose nft answers these, one after the other, and then that all is well. */
function guardWith(...answers: readonly (CommandOutcome | undefined)[]) {
  const { log, lines } = new QuietLog();
  const left = [...answers];
  const asked: ('raise' | 'lower')[] = [];
  const guard = new RstGuard(log, [ip('203.0.113.100')], async (commands) => {
    asked.push(commands.includes('203.0.113.100') ? 'raise' : 'lower');
    return left.length === 0 ? DONE : left.shift();
  });
  return { guard, asked, lines };
}

test('A guard that nft was too slow to raise is raised by the next check, and then left alone', async () => {
  const { guard, asked, lines } = guardWith(SLOW);
  await guard.raise();
  expect(guard.isStanding).toBe(false);
  expect(lines).toEqual([
    'ipvs-rst-guard-failed: resets are not held back, tried again soon: nft took longer than 5000 ms',
  ]);
  await guard.check();
  await guard.check();
  expect(guard.isStanding).toBe(true);
  expect(asked).toEqual(['raise', 'raise']);
});

test('A guard that could not be lowered does not stay for ever', async () => {
  const { guard, asked } = guardWith(DONE, { kind: 'exited', status: 1, output: 'busy' });
  await guard.raise();
  await guard.lower();
  expect(guard.isStanding).toBe(true);
  await guard.check();
  expect(guard.isStanding).toBe(false);
  expect(asked).toEqual(['raise', 'lower', 'lower']);
});

test('A guard that nobody has asked for is not touched', async () => {
  const { guard, asked } = guardWith();
  await guard.check();
  expect(asked).toEqual([]);
});

test('Without nft there is one complaint, and no guard', async () => {
  const { guard, lines } = guardWith(undefined, undefined);
  await guard.raise();
  await guard.check();
  expect(guard.isStanding).toBe(false);
  expect(lines).toEqual([
    'ipvs-rst-guard-missing: there is no nft: resets are not held back at a planned move',
  ]);
});

describe('What nft says', () => {
  const REFUSED = 'Error: Could not process rule: Operation not permitted\nadd table inet x\n^^^';

  test.each<[CommandOutcome, string]>([
    [
      { kind: 'exited', status: 1, output: REFUSED },
      'ended with status 1: Error: Could not process rule: Operation not permitted',
    ],
    [{ kind: 'signalled', signal: 'SIGSEGV', output: '' }, 'was ended by SIGSEGV'],
    [{ kind: 'failed', errno: 'EACCES', output: '' }, 'did not start: EACCES'],
  ])('is told to people: %o', async (outcome, text) => {
    const { guard, lines } = guardWith(outcome);
    await guard.raise();
    expect(lines).toEqual([
      `ipvs-rst-guard-failed: resets are not held back, tried again soon: nft ${text}`,
    ]);
  });

  test('is told as what it means, where the guard is in the way', async () => {
    const { guard, lines } = guardWith(DONE, SLOW);
    await guard.raise();
    await guard.lower();
    expect(lines).toEqual([
      'ipvs-rst-guard-failed: resets are still held back, tried again soon: nft took longer than 5000 ms',
    ]);
  });
});

describe('A guard that is to be lowered later', () => {
  afterEach(() => vi.useRealTimers());

  test('stands until then', async () => {
    vi.useFakeTimers();
    const { guard } = guardWith();
    await guard.raise();
    guard.lowerAfter(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(guard.isStanding).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(guard.isStanding).toBe(false);
  });

  test('stays when it is wanted again meanwhile: the instance has lost its state at once', async () => {
    vi.useFakeTimers();
    const { guard, asked } = guardWith();
    await guard.raise();
    guard.lowerAfter(5_000);
    await guard.raise();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(guard.isStanding).toBe(true);
    expect(asked).toEqual(['raise', 'raise']);
  });
});

test('The rules hold back the resets from the VIPs, of both families, and nothing else', () => {
  const commands = raiseCommands([ip('203.0.113.100'), ip('2001:db8::100')]).split(/; ?/);
  const table = 'inet vrrp_agent_rst_guard';
  expect(commands.filter((one) => one.startsWith('add rule'))).toEqual([
    `add rule ${table} output ip saddr 203.0.113.100 tcp flags rst counter drop`,
    `add rule ${table} output ip6 saddr 2001:db8::100 tcp flags rst counter drop`,
  ]);
  expect(commands.slice(0, 3)).toEqual([
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
  ]);
});
