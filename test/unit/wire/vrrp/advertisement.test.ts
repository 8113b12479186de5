import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { familyOf, ip } from '../../../../src/net/address.ts';
import { centiseconds, seconds } from '../../../../src/net/time.ts';
import {
  type Advertisement,
  decodeAdvertisement,
  type Envelope,
  encodeAdvertisement,
} from '../../../../src/wire/vrrp/advertisement.ts';
import { VECTORS, type Vector, type VectorFields } from '../../../fixtures/vectors.ts';
import { anyAddress, anyBytes, anyFamily } from '../arbitraries.ts';
import { fromHex, MARGIN, surrounded, toHex } from '../hex.ts';

const IPV4: Envelope = { source: ip('192.0.2.11'), destination: ip('224.0.0.18') };
const IPV6: Envelope = { source: ip('fe80::11'), destination: ip('ff02::12') };

const STRUCTURAL = ['packet-length-error', 'version-error', 'invalid-type'];

function decode(vector: Vector) {
  const bytes = fromHex(vector.hex);
  return decodeAdvertisement(bytes, 0, bytes.length, vector.family);
}

function expectedAddresses(fields: VectorFields): unknown {
  return Array.isArray(fields.addresses) ? fields.addresses : expect.any(Array);
}

describe('a received message', () => {
  const accepted = VECTORS.flatMap((vector) =>
    vector.expect.result === 'ok' ? [{ ...vector, fields: vector.expect.decoded }] : [],
  );
  const refused = VECTORS.flatMap((vector) =>
    vector.expect.result === 'error' ? [{ ...vector, reason: vector.expect.reason }] : [],
  );

  test.each(accepted)('reads as vector $name says', ({ fields, ...vector }) => {
    expect(decode(vector)).toEqual({
      ok: true,
      value: {
        version: fields.version,
        type: fields.type,
        vrid: fields.vrid,
        priority: fields.priority,
        count: fields.count,
        interval:
          fields.version === 2
            ? seconds(fields.adverInt ?? Number.NaN)
            : centiseconds(fields.maxAdverInt ?? Number.NaN),
        authType: fields.authType,
        authData: fields.auth === undefined ? undefined : fromHex(fields.auth),
        checksum: Number(fields.checksum),
        addresses: expectedAddresses(fields),
      },
    });
  });

  test('of 255 addresses has them all', () => {
    const vector = accepted.find(({ name }) => name === 'v3-ipv4-255addr');
    const result = vector && decode(vector);
    const addresses = result?.ok === true ? result.value.addresses : [];
    expect(addresses).toHaveLength(255);
    expect([addresses.at(0), addresses.at(-1)]).toEqual(['10.0.0.1', '10.0.0.255']);
  });

  test.each(refused)(
    'is judged by its structure alone in vector $name',
    ({ reason, ...vector }) => {
      const result = decode(vector);
      expect(result.ok ? undefined : result.error.code).toBe(
        STRUCTURAL.includes(reason) ? reason : undefined,
      );
    },
  );

  test('that is refused has an error with the numbers', () => {
    const numbers = (hex: string, family: 'ipv4' | 'ipv6') => {
      const bytes = fromHex(hex);
      const result = decodeAdvertisement(bytes, 0, bytes.length, family);
      return result.ok ? undefined : result.error;
    };
    expect(numbers('31336401006400', 'ipv4')).toEqual({
      code: 'packet-length-error',
      length: 7,
      expected: 8,
    });
    expect(numbers('3133640200640000 c0000264', 'ipv4')).toEqual({
      code: 'packet-length-error',
      length: 12,
      expected: 16,
    });
    expect(numbers('2133640100010000 c0000264', 'ipv6')).toEqual({
      code: 'version-error',
      version: 2,
      family: 'ipv6',
    });
    expect(numbers('3733640100640000 c0000264', 'ipv4')).toEqual({ code: 'invalid-type', type: 7 });
  });

  test.each([
    { name: 'version 2', hex: '2133640100010000 c0000264 0000000000000000', family: 'ipv4' },
    { name: 'version 3 over IPv4', hex: '3133640100640000 c0000264', family: 'ipv4' },
    {
      name: 'version 3 over IPv6',
      hex: '3133640100640000 fe800000000000000000000000000100',
      family: 'ipv6',
    },
  ] as const)('of $name has exactly one length', ({ hex, family }) => {
    const bytes = fromHex(`${hex}00`);
    const lengths = Array.from({ length: bytes.length + 1 }, (_, length) => length);
    const right = lengths.filter((length) => decodeAdvertisement(bytes, 0, length, family).ok);
    expect(right).toEqual([bytes.length - 1]);
  });

  test('is refused if the array ends before its length', () => {
    const bytes = fromHex('3133640100640000 c000');
    expect(decodeAdvertisement(bytes, 0, 12, 'ipv4')).toEqual({
      ok: false,
      error: { code: 'packet-length-error', length: 10, expected: 12 },
    });
    expect(decodeAdvertisement(bytes, 500, 12, 'ipv4').ok).toBe(false);
  });

  test('keeps its authentication data when the buffer is reused', () => {
    const bytes = fromHex('2133640101010000 c0000264 7365637265743132');
    const result = decodeAdvertisement(bytes, 0, bytes.length, 'ipv4');
    bytes.fill(0);
    expect(result.ok && result.value.authData).toEqual(fromHex('7365637265743132'));
  });

  test('of any bytes gives a result that surrounding bytes do not change', () => {
    const likely = fc
      .tuple(fc.constantFrom(0x21, 0x31), fc.nat({ max: 6 }), anyBytes)
      .map(([first, count, bytes]) => {
        const message = Uint8Array.from(bytes);
        if (message.length > 0) message[0] = first;
        if (message.length > 3) message[3] = count;
        return message;
      });
    fc.assert(
      fc.property(fc.oneof(anyBytes, likely), anyFamily, (bytes, family) => {
        const alone = decodeAdvertisement(bytes, 0, bytes.length, family);
        for (const filler of [0x00, 0x31, 0xff]) {
          const within = surrounded(bytes, filler);
          expect(decodeAdvertisement(within, MARGIN, bytes.length, family)).toEqual(alone);
        }
      }),
    );
  });
});

describe('a sent message', () => {
  const anyAdvertisement = anyFamily.chain((family) =>
    fc.record({
      version:
        family === 'ipv4' ? fc.constantFrom(2 as const, 3 as const) : fc.constant(3 as const),
      vrid: fc.integer({ min: 1, max: 255 }),
      priority: fc.integer({ min: 0, max: 255 }),
      units: fc.integer({ min: 1, max: 255 }),
      addresses: fc.array(anyAddress(family), { minLength: 1, maxLength: 8 }),
    }),
  );

  test('reads back as what was sent, in either version, family and form', () => {
    const anyForm = fc.constantFrom('rfc9568', 'pseudo_header');
    fc.assert(
      fc.property(anyAdvertisement, anyForm, ({ units, ...fields }, form) => {
        const interval = fields.version === 2 ? seconds(units) : centiseconds(units);
        const envelope = fields.addresses.every((each) => familyOf(each) === 'ipv4') ? IPV4 : IPV6;
        const bytes = encodeAdvertisement({ ...fields, interval }, envelope, form);
        expect(
          decodeAdvertisement(bytes, 0, bytes.length, familyOf(envelope.source)),
        ).toMatchObject({
          ok: true,
          value: { ...fields, type: 1, interval, count: fields.addresses.length },
        });
      }),
    );
  });

  const vrid51 = { vrid: 51, priority: 100, addresses: [ip('192.0.2.100')] };
  const version3 = { ...vrid51, version: 3, interval: seconds(1) } as const;

  test.each([
    { name: 'v2-noauth-1addr', change: { version: 2 }, envelope: IPV4, form: 'rfc9568' },
    {
      name: 'v2-pass-short-padded',
      change: { version: 2, authentication: { type: 'pass', password: '1111' } },
      envelope: IPV4,
      form: 'rfc9568',
    },
    { name: 'v3-ipv4-1addr-rfc9568', change: {}, envelope: IPV4, form: 'rfc9568' },
    { name: 'v3-ipv4-1addr-pseudo', change: {}, envelope: IPV4, form: 'pseudo_header' },
    {
      name: 'v3-ipv4-unicast-pseudo',
      change: {},
      envelope: { source: ip('192.0.2.11'), destination: ip('192.0.2.12') },
      form: 'pseudo_header',
    },
    {
      name: 'v3-ipv6-linklocal-only',
      change: { addresses: [ip('fe80::100')] },
      envelope: IPV6,
      form: 'rfc9568',
    },
  ] as const)('is vector $name to the byte', ({ name, change, envelope, form }) => {
    const advertisement: Advertisement = { ...version3, ...change };
    const vector = VECTORS.find((each) => each.name === name);
    expect(toHex(encodeAdvertisement(advertisement, envelope, form))).toBe(vector?.hex);
  });

  test.each<{ change: Partial<Advertisement>; envelope?: Envelope; message: string }>([
    { change: { vrid: 0 }, message: 'VRID is 0, not 1..255' },
    { change: { vrid: 256 }, message: 'VRID is 256, not 1..255' },
    { change: { priority: 256 }, message: 'priority is 256, not 0..255' },
    {
      change: { addresses: Array(256).fill(ip('192.0.2.100')) },
      message: 'address count is 256, not 0..255',
    },
    { change: { addresses: [ip('fe80::100')] }, message: 'fe80::100 is not an ipv4 address' },
    {
      change: { version: 2 },
      envelope: IPV6,
      message: 'VRRP version 2 does not support IPv6',
    },
    {
      change: {},
      envelope: { source: IPV4.source, destination: IPV6.destination },
      message: 'ff02::12 is not an ipv4 address',
    },
  ])('is never one of which $message', ({ change, envelope = IPV4, message }) => {
    const advertisement = { ...version3, ...change };
    expect(() => encodeAdvertisement(advertisement, envelope, 'rfc9568')).toThrow(
      new RangeError(message),
    );
  });
});
