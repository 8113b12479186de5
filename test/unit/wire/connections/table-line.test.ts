import { describe, expect, test } from 'vitest';
import { BUCKETS, isLive } from '../../../../src/net/connection.ts';
import { decodeTableLine, decodeTableRow } from '../../../../src/wire/connections/table-line.ts';

const IPV4 = 'TCP CB0071C8 9C40 CB007164 0050 C000020B 1F90 ESTABLISHED LOCAL      897';
const IPV6 =
  'UDP 2001:0db8:0000:0000:0000:0000:0000:00c8 9C40 2001:0db8:0000:0000:0000:0000:0000:0100 0035 2001:0db8:0001:0000:0000:0000:0000:000b 0035 UDP         SYNC       299';
const TITLES = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires';

describe('a line of the connection table', () => {
  test('of IPv4', () => {
    expect(decodeTableLine(IPV4)).toEqual({
      protocol: 'TCP',
      client: { address: '203.0.113.200', port: 40_000 },
      service: { address: '203.0.113.100', port: 80 },
      server: { address: '192.0.2.11', port: 8080 },
      state: 'ESTABLISHED',
      isSynced: false,
      seconds: 897,
    });
  });

  test('of IPv6', () => {
    expect(decodeTableLine(IPV6)).toEqual({
      protocol: 'UDP',
      client: { address: '2001:db8::c8', port: 40_000 },
      service: { address: '2001:db8::100', port: 53 },
      server: { address: '2001:db8:1::b', port: 53 },
      state: 'UDP',
      isSynced: true,
      seconds: 299,
    });
  });

  test('has a bucket that depends on neither the director nor the age', () => {
    const row = decodeTableRow(IPV4);
    const elsewhere = IPV4.replace('LOCAL      897', 'SYNC         1');
    expect(row?.isSynced).toBe(false);
    expect(decodeTableRow(elsewhere)).toEqual({ ...row, isSynced: true });
    expect(row?.bucket).toBeLessThan(BUCKETS);
    expect(decodeTableRow(IPV4.replace('9C40', '9C41'))?.bucket).not.toBe(row?.bucket);
  });

  test('spreads connections over the buckets', () => {
    const used = new Set<number | undefined>();
    for (let port = 0x8000; port < 0x8800; port++) {
      used.add(decodeTableRow(IPV4.replace('9C40', port.toString(16).toUpperCase()))?.bucket);
    }
    expect(used.size).toBeGreaterThan(BUCKETS * 0.9);
  });

  test.each([TITLES, '', 'TCP', `${IPV4} more`, IPV4.replace('LOCAL', 'ELSE')])(
    'that is none: %s',
    (line) => {
      expect(decodeTableRow(line)).toBe(undefined);
      expect(decodeTableLine(line)).toBe(undefined);
    },
  );

  test.each(['CB0071C8', 'CB007164', 'C000020B'])('with an invalid address: %s', (address) => {
    expect(decodeTableLine(IPV4.replace(address, 'CB00'))).toBe(undefined);
    expect(decodeTableLine(IPV4.replace(address, 'CB:1'))).toBe(undefined);
  });

  test.each([
    ['TCP', 'ESTABLISHED', true],
    ['SCTP', 'ESTABLISHED', true],
    ['UDP', 'UDP', true],
    ['TCP', 'SYN_RECV', false],
    ['TCP', 'TIME_WAIT', false],
    ['TCP', 'NONE', false],
    ['TCP', 'ASSURED', true],
    ['IP', 'ASSURED', true],
    ['UDP', 'NONE', true],
    ['IP', 'NONE', true],
  ])('%s in %s would be missed: %s', (protocol, state, live) => {
    expect(isLive({ protocol, state })).toBe(live);
  });
});
