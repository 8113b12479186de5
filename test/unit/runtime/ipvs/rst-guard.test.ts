import { describe, expect, test } from 'vitest';
import type { CommandOutcome } from '../../../../src/kernel/command/command.ts';
import { ip } from '../../../../src/net/address.ts';
import { RstGuard, raiseCommands } from '../../../../src/runtime/ipvs/rst-guard.ts';
import { QuietLog } from './quiet-log.ts';

const VIP = ip('203.0.113.100');
const DONE: CommandOutcome = { kind: 'exited', status: 0, output: '' };
const SLOW: CommandOutcome = { kind: 'timed-out', output: '' };

/** A guard whose nft answers these, one after the other, and then that all is well. */
function guardWith(...answers: readonly (CommandOutcome | undefined)[]) {
  const { log, lines } = new QuietLog();
  const left = [...answers];
  const asked: ('raise' | 'lower')[] = [];
  const guard = new RstGuard(log, async (commands) => {
    asked.push(commands.includes(VIP) ? 'raise' : 'lower');
    return left.length === 0 ? DONE : left.shift();
  });
  return { guard, asked, lines };
}

test('A guard that nft was too slow to raise is raised by the next check, and then left alone', async () => {
  const { guard, asked, lines } = guardWith(SLOW);
  await guard.want([VIP]);
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
  await guard.want([VIP]);
  await guard.want([]);
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
  await guard.want([VIP]);
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
    await guard.want([VIP]);
    expect(lines).toEqual([
      `ipvs-rst-guard-failed: resets are not held back, tried again soon: nft ${text}`,
    ]);
  });

  test('is told as what it means, where the guard is in the way', async () => {
    const { guard, lines } = guardWith(DONE, SLOW);
    await guard.want([VIP]);
    await guard.want([]);
    expect(lines).toEqual([
      'ipvs-rst-guard-failed: resets are still held back, tried again soon: nft took longer than 5000 ms',
    ]);
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
