import { expect, test } from 'vitest';
import { takeoverAdvice } from '../../../src/daemon/takeover-advice.ts';
import type { TakeoverCost } from '../../../src/kernel/rtnetlink/takeover-cost.ts';
import { ip } from '../../../src/net/address.ts';
import { milliseconds } from '../../../src/net/time.ts';
import { instanceOf } from '../../conformance/rig.ts';

function instances(count: number, more = {}) {
  return Array.from({ length: count }, (_, router) =>
    instanceOf({
      name: `r${router}`,
      advertisementInterval: milliseconds(100),
      addresses: Array.from({ length: 250 }, (__, at) => ({
        address: ip(`10.0.${router}.${at + 1}`),
        prefixLength: 32,
        interface: router % 2 === 0 ? 'eth0' : 'eth1',
      })),
      ...more,
    }),
  );
}

function advice(cost: TakeoverCost | undefined): string[] {
  return takeoverAdvice(instances(20), (links) => {
    expect(links.map(({ length }) => length)).toEqual([2_500, 2_500]);
    return cost;
  });
}

test('FR-O4 a takeover that takes longer than a Master_Down_Interval is reported with its measured cost', () => {
  expect(advice({ milliseconds: 800, addresses: 5_000 })).toEqual([
    'a takeover of all 5000 addresses takes 800 ms here (160 us for each, measured), and the ' +
      'Master_Down_Interval of r0 is 300 ms: clients wait that much longer. Use fewer addresses on a ' +
      'link, a longer "advertisement_interval", or route a prefix to one VIP',
  ]);
  expect(advice({ milliseconds: 5_000, addresses: 4_000 })[0]).toContain('takes more than 5000 ms');
});

test('FR-O4 one that is done in time draws no warning', () => {
  expect(advice({ milliseconds: 250, addresses: 5_000 })).toEqual([]);
});

test('FR-O4 a cost that cannot be measured is said to be unknown', () => {
  expect(advice(undefined)).toEqual([
    expect.stringContaining('5000 addresses takes here is unknown'),
  ]);
});
