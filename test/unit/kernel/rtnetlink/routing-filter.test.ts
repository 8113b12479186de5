import { expect, test } from 'vitest';
import { routeFilter } from '../../../../src/kernel/rtnetlink/routing-filter.ts';
import { runFilter } from '../packet/classic-bpf.ts';

const OURS = 112;
const KERNEL = 2;
const STATIC = 4;
const BGP = 186;
const UNICAST = 1;
const LOCAL = 2;

const filter = routeFilter({ own: OURS, ofHost: [KERNEL, STATIC] });

function passes(kind: number, protocol: number, type = UNICAST, length = 24): boolean {
  const bytes = new Uint8Array(28);
  bytes[4] = kind;
  bytes[16 + 1] = length;
  bytes[16 + 5] = protocol;
  bytes[16 + 7] = type;
  return runFilter(filter, bytes) > 0;
}

test.each([24, 25])('passes routes of ours, whatever they are: message %i', (kind) => {
  expect([passes(kind, OURS), passes(kind, OURS, LOCAL, 128)]).toEqual([true, true]);
});

test.each([KERNEL, STATIC])('passes those of the host to more than a single host: %i', (origin) => {
  expect([passes(24, origin), passes(25, origin, UNICAST, 64)]).toEqual([true, true]);
  // Each VIP has one of these.
  expect([passes(24, origin, LOCAL, 32), passes(24, origin, UNICAST, 128)]).toEqual([false, false]);
});

test('drops routes of other programs, and passes everything that is no route', () => {
  expect([passes(24, BGP), passes(25, BGP)]).toEqual([false, false]);
  expect(passes(32, 0)).toBe(true);
});
