import { expect, test } from 'vitest';
import { missingIn } from '../../../../src/kernel/capability/capabilities.ts';

const status = (effective: string) =>
  `Name:\tnode\nCapPrm:\t0000000000000000\nCapEff:\t${effective}\n`;

test('root lacks nothing', () => {
  expect(missingIn(status('000001ffffffffff'))).toEqual([]);
});

test('each capability is found by its own bit', () => {
  expect(missingIn(status('0000000000803000'))).toEqual([]);
  expect(missingIn(status('0000000000802000'))).toEqual(['CAP_NET_ADMIN']);
  expect(missingIn(status('0000000000801000'))).toEqual(['CAP_NET_RAW']);
  expect(missingIn(status('0000000000003000'))).toEqual(['CAP_SYS_NICE']);
});

test('all are missing without a line about them', () => {
  expect(missingIn('Name:\tnode\n')).toHaveLength(3);
});
