import { expect, test } from 'vitest';
import { messageFilter } from '../../../../src/kernel/rtnetlink/routing-filter.ts';
import { runFilter } from '../packet/classic-bpf.ts';

const ROUTES = [24, 25] as const;
const filter = messageFilter(ROUTES, 5, 112);

function message(type: number, protocol: number): Uint8Array {
  const bytes = new Uint8Array(28);
  bytes[4] = type;
  bytes[16 + 5] = protocol;
  return bytes;
}

test('drops routes of other programs, and passes ours and everything else', () => {
  for (const type of ROUTES) {
    expect(runFilter(filter, message(type, 186))).toBe(0);
    expect(runFilter(filter, message(type, 112))).toBeGreaterThan(0);
  }
  expect(runFilter(filter, message(32, 0))).toBeGreaterThan(0);
});
