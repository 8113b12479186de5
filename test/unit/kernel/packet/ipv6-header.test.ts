import { expect, test } from 'vitest';
import { writeIpv6Header } from '../../../../src/kernel/packet/ipv6-header.ts';
import { ip, ipToBytes } from '../../../../src/net/address.ts';
import { decodeIpv6Header } from '../../../../src/wire/ip.ts';

const SOURCE = ip('2001:db8::2');
const DESTINATION = ip('ff02::12');
const PAYLOAD = 12;

/** One `struct cmsghdr` of level IPPROTO_IPV6, padded. */
function record(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((16 + data.length) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 16 + data.length, true);
  view.setInt32(8, 41, true);
  view.setInt32(12, type, true);
  bytes.set(data, 16);
  return bytes;
}

const HOP_LIMIT = record(52, Uint8Array.of(255, 0, 0, 0));
const TRAFFIC_CLASS = record(67, Uint8Array.of(0xc0, 0, 0, 0));
const PACKET_INFO = record(50, Uint8Array.from([...ipToBytes(DESTINATION), 7, 0, 0, 0]));

function headerFrom(...records: Uint8Array[]) {
  const control = Uint8Array.from(records.flatMap((bytes) => [...bytes]));
  const name = new Uint8Array(28);
  name.set(ipToBytes(SOURCE), 8);
  const packet = new Uint8Array(40 + PAYLOAD).fill(0xee);
  writeIpv6Header(packet, PAYLOAD, name, new DataView(control.buffer), control.length);
  const header = decodeIpv6Header(packet, 0, packet.length);
  if (!header.ok) throw new Error(header.error.code);
  return header.value;
}

test('the header has the values of the ancillary data', () => {
  expect(headerFrom(HOP_LIMIT, TRAFFIC_CLASS, PACKET_INFO)).toEqual({
    family: 'ipv6',
    headerLength: 40,
    totalLength: 40 + PAYLOAD,
    trafficClass: 0xc0,
    protocol: 112,
    ttl: 255,
    source: SOURCE,
    destination: DESTINATION,
  });
});

test('a missing hop limit becomes 0', () => {
  expect(headerFrom(PACKET_INFO).ttl).toBe(0);
  expect(headerFrom().ttl).toBe(0);
});

test('records that are truncated or have a wrong length are ignored', () => {
  expect(headerFrom(PACKET_INFO.subarray(0, 24)).destination).toBe('::');
  expect(headerFrom(new Uint8Array(24), HOP_LIMIT).ttl).toBe(0);
});

test('records of another level are ignored', () => {
  const foreign = HOP_LIMIT.slice();
  foreign[8] = 1;
  expect(headerFrom(foreign, PACKET_INFO)).toMatchObject({ ttl: 0, destination: DESTINATION });
});
