import { describe, expect, test } from 'vitest';
import { guardRules, RstGuard } from '../../../../src/ipvs/keep/rst-guard.ts';
import { NftError } from '../../../../src/kernel/nftables/nft.ts';
import type { NftTableEvents } from '../../../../src/kernel/nftables/nft-table.ts';
import { ip } from '../../../../src/net/address.ts';
import { QuietLog } from '../quiet-log.ts';

const VIP = ip('203.0.113.100');
const SLOW = new NftError('nft-failed', 'nft: not done in time');
const MISSING = new NftError('nft-missing', 'the program nft is in none of them');

/** A guard whose table fails with these errors in turn, and then works. */
function guardWith(...failures: readonly (NftError | undefined)[]) {
  const { log, lines } = new QuietLog();
  const left = [...failures];
  const asked: ('raise' | 'lower')[] = [];
  const events: NftTableEvents[] = [];
  const guard = new RstGuard(log, (_, callbacks) => {
    events.push(callbacks);
    return {
      want: async (content) => {
        asked.push(content === undefined ? 'lower' : 'raise');
        const failure = left.shift();
        if (failure !== undefined) throw failure;
      },
      abandon: () => {},
    };
  });
  return { guard, asked, lines, events };
}

test('A guard that nft was too slow to set up is set up by the next check, and then left alone', async () => {
  const { guard, asked, lines } = guardWith(SLOW);
  await guard.want([VIP]);
  expect(guard.isGuarding).toBe(false);
  expect(lines).toEqual([
    'ipvs-rst-guard-failed: resets are not blocked, will be tried again: nft: not done in time',
  ]);
  await guard.check();
  await guard.check();
  expect(guard.isGuarding).toBe(true);
  expect(asked).toEqual(['raise', 'raise']);
});

test('A guard that could not be removed is removed by a later check', async () => {
  const { guard, asked, lines } = guardWith(undefined, SLOW);
  await guard.want([VIP]);
  await guard.want([]);
  expect(guard.isGuarding).toBe(true);
  expect(lines).toEqual([
    'ipvs-rst-guard-failed: resets are still blocked, will be tried again: nft: not done in time',
  ]);
  await guard.check();
  expect(guard.isGuarding).toBe(false);
  expect(asked).toEqual(['raise', 'lower', 'lower']);
});

test('A guard that was never wanted is not touched', async () => {
  const { guard, asked } = guardWith();
  await guard.check();
  expect(asked).toEqual([]);
});

test('Without nft there is one message, and no guard', async () => {
  const { guard, lines } = guardWith(MISSING, MISSING);
  await guard.want([VIP]);
  await guard.check();
  expect(guard.isGuarding).toBe(false);
  expect(lines).toEqual([
    'ipvs-rst-guard-missing: nft is not installed: resets are not blocked at a planned move',
  ]);
});

test('A guard that another program removed is reported', async () => {
  const { guard, lines, events } = guardWith();
  await guard.want([VIP]);
  for (const { restored } of events) restored(1);
  expect(lines).toEqual([
    'ipvs-rst-guard-restored: another program removed or changed the RST guard: it has been restored',
  ]);
});

describe('The rules', () => {
  test('block resets from the VIPs of both families', () => {
    const rules = guardRules([VIP, ip('2001:db8::100')]);
    expect(rules).toContain('elements = { 203.0.113.100 }');
    expect(rules).toContain('elements = { 2001:db8::100 }');
    expect(rules).toContain('ip saddr @virtual_ipv4 tcp flags rst counter drop');
    expect(rules).toContain('ip6 saddr @virtual_ipv6 tcp flags rst counter drop');
  });

  test('are as many for 5,000 addresses as for one', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => ip(`10.0.${n >> 8}.${n & 255}`));
    const lines = (rules = '') => rules.split('\n').length;
    expect(lines(guardRules(many))).toBe(lines(guardRules([VIP])));
  });

  test('are absent if there is no address to guard', () => {
    expect(guardRules([])).toBeUndefined();
  });
});
