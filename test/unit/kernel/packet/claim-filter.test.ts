import { describe, expect, test } from 'vitest';
import { claimFilter } from '../../../../src/kernel/packet/claim-filter.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { encodeArpAnnouncement } from '../../../../src/wire/arp.ts';
import { encodeNeighborAdvertisement } from '../../../../src/wire/neighbor.ts';
import { runFilter } from './classic-bpf.ts';

const PACKET_TYPE = 4;
const OUTGOING = 4;
const MAC = mac('02:00:00:00:00:99');
const VIPS = { ipv4: ['203.0.113.1', '203.0.113.2'], ipv6: ['fe80::55:1', '2001:db8::100'] };

function announcement(address: string): Uint8Array {
  return address.includes(':')
    ? encodeNeighborAdvertisement(MAC, ip(address), { router: true })
    : encodeArpAnnouncement(MAC, ip(address), 'request');
}

describe.each(['ipv4', 'ipv6'] as const)('claims of %s addresses', (family) => {
  const filter = claimFilter(family, VIPS[family].map(ip));

  test('pass for each of them', () => {
    for (const address of VIPS[family]) {
      expect(runFilter(filter, announcement(address))).not.toBe(0);
    }
  });

  test('of other addresses do not', () => {
    const other = family === 'ipv4' ? '203.0.113.3' : '2001:db8::101';
    expect(runFilter(filter, announcement(other))).toBe(0);
  });

  test('that this host sends do not', () => {
    const frame = announcement(VIPS[family][0] ?? '');
    expect(runFilter(filter, frame, { [PACKET_TYPE]: OUTGOING })).toBe(0);
  });
});

test('no other IPv6 packet passes', () => {
  const filter = claimFilter('ipv6', VIPS.ipv6.map(ip));
  const frame = announcement('fe80::55:1');
  const udp = frame.slice();
  udp[20] = 17;
  const solicitation = frame.slice();
  solicitation[54] = 135;
  expect(runFilter(filter, udp)).toBe(0);
  expect(runFilter(filter, solicitation)).toBe(0);
  expect(runFilter(filter, frame.subarray(0, 70))).toBe(0);
});
