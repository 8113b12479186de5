import { describe, expect, test } from 'vitest';
import { strangeFrame } from '../../../../src/lab/packets/peer-datagram.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { ETHERTYPE_IPV4, encodeEthernetFrame } from '../../../../src/wire/ethernet.ts';
import { encodeIpv4Packet } from '../../../../src/wire/ip.ts';

const HEADERS = 14 + 20 + 8;
const PAYLOAD = Uint8Array.from({ length: 40 }, (_, at) => at);
const UDP = Uint8Array.of(0x22, 0x8b, 0x22, 0x8b, 0, 48, 0xbe, 0xef);

const CAPTURED = encodeEthernetFrame(
  {
    destination: mac('02:00:00:00:00:12'),
    source: mac('02:00:00:00:00:11'),
    etherType: ETHERTYPE_IPV4,
  },
  encodeIpv4Packet(
    {
      source: ip('198.51.100.11'),
      destination: ip('198.51.100.12'),
      ttl: 64,
      trafficClass: 0,
      identification: 1,
      protocol: 17,
    },
    Uint8Array.from([...UDP, ...PAYLOAD]),
  ),
);

const payloadOf = (frame: Uint8Array) => frame.subarray(HEADERS);

describe('a datagram of a stranger', () => {
  test.each(['replayed', 'forged', 'garbage'] as const)(
    '%s: has the headers of the captured one, without the checksum of UDP',
    (kind) => {
      const frame = strangeFrame(kind, CAPTURED);
      expect(frame).toHaveLength(CAPTURED.length);
      expect(frame.subarray(0, HEADERS - 2)).toEqual(CAPTURED.subarray(0, HEADERS - 2));
      expect([...frame.subarray(HEADERS - 2, HEADERS)]).toEqual([0, 0]);
    },
  );

  test('replayed: is the captured one; forged: differs in the last bit; garbage: in most bytes', () => {
    expect(payloadOf(strangeFrame('replayed', CAPTURED))).toEqual(PAYLOAD);
    const forged = payloadOf(strangeFrame('forged', CAPTURED));
    expect(forged.subarray(0, -1)).toEqual(PAYLOAD.subarray(0, -1));
    expect(forged.at(-1)).toBe(39 ^ 1);
    const garbage = payloadOf(strangeFrame('garbage', CAPTURED));
    expect(garbage.filter((byte, at) => byte === PAYLOAD[at]).length).toBeLessThan(5);
  });

  test('leaves the captured one as it is', () => {
    const before = Uint8Array.from(CAPTURED);
    strangeFrame('garbage', CAPTURED);
    expect(CAPTURED).toEqual(before);
  });
});
