import { expect, test } from 'vitest';
import type { CommandOutcome } from '../../../../src/kernel/command/command.ts';
import { ip } from '../../../../src/net/address.ts';
import { RstGuard } from '../../../../src/runtime/ipvs/rst-guard.ts';
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
