import { describe, expect, test } from 'vitest';
import { countedTable } from '../../../../src/ipvs/plan/counted-table.ts';
import { differenceOf } from '../../../../src/ipvs/plan/table-comparison.ts';
import { ip } from '../../../../src/net/address.ts';
import { emptySummary, type TableSummary } from '../../../../src/net/connection.ts';
import type { ServiceKey } from '../../../../src/net/ipvs.ts';

const VIP = ip('203.0.113.100');

function key(protocol: 'tcp' | 'udp'): ServiceKey {
  return { kind: 'address', family: 'ipv4', protocol, address: VIP, port: 80 };
}

function table(of: ServiceKey, ...active: number[]) {
  const service = { key: of };
  const servers = active.map((activeConnections, at) => ({
    ...{ address: ip(`192.0.2.${at + 1}`), port: 80, activeConnections },
  }));
  return { service, servers };
}

function missing(complete: TableSummary, other: TableSummary): number {
  return differenceOf(complete, other).reduce((sum, count) => sum + count, 0);
}

describe('a table that the kernel has counted', () => {
  test('differs server by server, exactly, however many connections there are', () => {
    for (const [complete, other, difference] of [
      [[100_000, 50_000], [100_000, 50_000], 0],
      [[100_000, 50_000], [99_999, 50_000], 1],
      [[100_000, 50_000], [50_000, 100_000], 50_000],
      [[1_000_000, 7], [31, 0], 999_976],
    ] as const) {
      const one = countedTable([table(key('tcp'), ...complete)]).all;
      const two = countedTable([table(key('tcp'), ...other)]).all;
      expect(missing(one, two)).toBe(difference);
    }
  });

  test('shares nothing of UDP and of marks, which other directors need not have', () => {
    const mark: ServiceKey = { kind: 'mark', family: 'ipv4', mark: 7 };
    const { all, shared } = countedTable([
      table(key('tcp'), 5),
      table(key('udp'), 7),
      table(mark, 11),
    ]);
    expect([all.live, shared.live]).toEqual([23, 5]);
    expect(missing(shared, all)).toBe(0);
  });

  test('is empty without services', () => {
    expect(countedTable([]).all).toEqual({ ...emptySummary(), isCounted: true });
  });
});
