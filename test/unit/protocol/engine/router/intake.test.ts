import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { seconds } from '../../../../../src/net/time.ts';
import { DISCARD_REASONS } from '../../../../../src/protocol/engine/intake-reasons.ts';
import {
  ANY_RECEIVER,
  isEnclosed,
  isMulticastPacket,
  judge,
  vrrpOffset,
} from '../../../../../src/protocol/engine/router/intake.ts';
import { hmac, signed } from '../../../../conformance/hmac-rig.ts';
import { type AdvertOptions, advert, OWN, PEER, PEER6, VIP } from '../../../../conformance/rig.ts';
import { ROUTER, verdict } from './receivers.ts';

describe('a receiver without a configuration', () => {
  test('accepts any VRID, version, interval, list and password', () => {
    const authentication = { type: 'pass', password: 'secret12' } as const;
    expect(verdict(ANY_RECEIVER, { vrid: 7, version: 2, authentication })).toEqual([]);
    expect(verdict(ANY_RECEIVER, { interval: seconds(3), addresses: [ip('203.0.113.9')] })).toEqual(
      [],
    );
    expect(verdict(ANY_RECEIVER, { source: PEER6 })).toEqual([]);
    expect(verdict(ANY_RECEIVER, { destination: OWN })).toEqual([]);
  });

  test('shows a signature that it cannot check, and none of an unknown kind', () => {
    const packet = advert(signed({ sequence: 7n, keyId: 3 }));
    const judged = judge(packet, packet.length, ANY_RECEIVER);
    expect(judged).toMatchObject({ ok: true, trailer: { keyId: 3, sequence: 7n } });
    const malformed = signed({ bend: (message) => message.with(12, 2) });
    expect(verdict(ANY_RECEIVER, malformed)).toBe('hmac-malformed');
  });

  test('still requires a TTL of 255', () => {
    expect(verdict(ANY_RECEIVER, { ttl: 64 })).toBe('ip-ttl-error');
  });

  test('refuses VRID 0', () => {
    const bend = (message: Uint8Array) => {
      const checksum = ((message[6] ?? 0) << 8) + (message[7] ?? 0) + 55;
      message[1] = 0;
      message.set([checksum >> 8, checksum & 0xff], 6);
      return message;
    };
    expect(verdict(ANY_RECEIVER, { bend })).toBe('vrid-error');
  });
});

describe('a receiver that authenticates by HMAC', () => {
  const receiver = { ...ROUTER, authentication: hmac() };

  test('believes no signature that nothing checks', () => {
    expect(verdict(receiver, signed())).toBe('hmac-unknown-key');
    expect(verdict(receiver)).toBe('hmac-missing');
  });

  test('asks only once everything cheaper is right', () => {
    let asked = 0;
    const check = () => {
      asked++;
      return undefined;
    };
    const judged = (options: AdvertOptions) => {
      const packet = advert(options);
      return judge(packet, packet.length, receiver, check);
    };
    expect(judged({ ...signed(), ttl: 254 })).toMatchObject({ reason: 'ip-ttl-error' });
    expect(judged(signed({}, { vrid: 56 }))).toMatchObject({ reason: 'vrid-error' });
    const spoilt = signed({ bend: (message) => message.with(6, 0).with(7, 0) });
    expect(judged(spoilt)).toMatchObject({ reason: 'checksum-error' });
    expect(asked).toBe(0);
    expect(judged(signed())).toMatchObject({ ok: true, warnings: [] });
    expect(asked).toBe(1);
  });
});

describe('a virtual router', () => {
  test('accepts its peer without a warning, and returns source and checksum form', () => {
    const packet = advert({ form: 'pseudo_header' });
    expect(judge(packet, packet.length, ROUTER)).toMatchObject({
      ok: true,
      source: PEER,
      form: 'pseudo_header',
      warnings: [],
      advertisement: { vrid: 55, priority: 200 },
    });
  });

  test('refuses the VRID of another', () => {
    expect(verdict(ROUTER, { vrid: 56 })).toBe('vrid-error');
  });

  test('returns all warnings together', () => {
    const options = { priority: 100, interval: seconds(2), addresses: [ip('203.0.113.9')] };
    expect(verdict(ROUTER, options)).toEqual([
      'interval-error',
      'address-list-error',
      'priority-conflict',
    ]);
    expect(verdict({ ...ROUTER, priority: 255 })).toEqual(['owner-conflict']);
  });

  test('sees a longer list as another one', () => {
    expect(verdict(ROUTER, { addresses: [VIP, ip('203.0.113.9')] })).toEqual([
      'address-list-error',
    ]);
  });

  test('without an address of its own accepts packets from every source', () => {
    expect(verdict(ROUTER, { source: OWN })).toBe('own-packet');
    expect(verdict({ ...ROUTER, localAddress: undefined }, { source: OWN })).toEqual([]);
  });

  test('of version 2 that checks the list refuses another one, but not from the owner', () => {
    const strict = { ...ROUTER, version: 2 as const, checkAddressList: true };
    const addresses = [ip('203.0.113.9')];
    expect(verdict(strict, { version: 2 })).toEqual([]);
    expect(verdict(strict, { version: 2, addresses })).toBe('address-list-error');
    expect(verdict(strict, { version: 2, addresses, priority: 255 })).toEqual([
      'address-list-error',
    ]);
  });

  test('reads the given bytes, not those behind them', () => {
    const packet = advert();
    const larger = new Uint8Array(2_048).fill(0xff);
    larger.set(packet);
    expect(judge(larger, packet.length, ROUTER)).toMatchObject({ ok: true });
    expect(judge(larger, packet.length - 1, ROUTER)).toEqual({
      ok: false,
      reason: 'packet-length-error',
    });
  });
});

describe('the offset of the message', () => {
  test.each([
    ['a short packet', [0x45], undefined],
    ['IPv4', [0x45, ...new Array<number>(19).fill(0)], 20],
    ['IPv4 with options that are cut off', [0x46, ...new Array<number>(19).fill(0)], undefined],
    ['IPv4 with a header that is too short', [0x44, ...new Array<number>(19).fill(0)], undefined],
    ['IPv6', [0x60, ...new Array<number>(39).fill(0)], 40],
    ['IPv6 that is cut off', [0x60, ...new Array<number>(38).fill(0)], undefined],
    ['another protocol', [0x50, ...new Array<number>(39).fill(0)], undefined],
  ])('in %s', (_, bytes, expected) => {
    expect(vrrpOffset(Uint8Array.from(bytes), bytes.length)).toBe(expected);
  });
});

describe('a packet with an Authentication Header', () => {
  /** RFC 4302 section 2: next header, length in words of 4 bytes minus 2, then the rest of the header. */
  const enclosed =
    (bytes: number, next = 112) =>
    (message: Uint8Array) =>
      Uint8Array.of(next, bytes / 4 - 2, ...new Uint8Array(bytes - 2), ...message);
  const around = (bend: (message: Uint8Array) => Uint8Array) =>
    advert({ version: 2, protocol: 51, bend });

  test.each([12, 24, 28])('of %i bytes has its message behind that', (bytes) => {
    const packet = around(enclosed(bytes));
    expect(vrrpOffset(packet, packet.length)).toBe(20 + bytes);
    expect(vrrpOffset(packet, 20 + bytes)).toBe(20 + bytes);
    expect(vrrpOffset(packet, 20 + bytes - 1)).toBeUndefined();
    expect(isEnclosed(packet)).toBe(true);
    expect(judge(packet, packet.length, ROUTER)).toMatchObject({ reason: 'auth-type-mismatch' });
  });

  test('around another protocol, or cut short, has no message', () => {
    const packet = around(enclosed(24, 6));
    expect(vrrpOffset(packet, packet.length)).toBeUndefined();
    const shortest = Uint8Array.of(...around(enclosed(24)).subarray(0, 20), 112, 0xfe, 0, 0);
    expect(vrrpOffset(shortest, 21)).toBeUndefined();
  });

  test('is one of IPv4 with protocol 51', () => {
    expect(isEnclosed(advert())).toBe(false);
    expect(isEnclosed(advert({ source: PEER6 }).with(9, 51))).toBe(false);
  });

  test('or without one, is known to be for a group by its destination', () => {
    expect(isMulticastPacket(advert())).toBe(true);
    expect(isMulticastPacket(advert({ destination: OWN }))).toBe(false);
    expect(isMulticastPacket(advert({ source: PEER6 }))).toBe(true);
  });
});

describe('any packet', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 128 }),
    fc.tuple(fc.nat(), fc.nat(255), fc.nat(60)).map(([position, value, cut]) => {
      const packet = advert();
      packet[position % packet.length] = value;
      return packet.slice(0, packet.length - (cut % 40));
    }),
  );

  test('has a verdict, and a refusal has one of the known reasons', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(ANY_RECEIVER, ROUTER), (packet, receiver) => {
        const result = judge(packet, packet.length, receiver);
        if (!result.ok) expect(DISCARD_REASONS).toContain(result.reason);
      }),
      { numRuns: 2_000 },
    );
  });
});
