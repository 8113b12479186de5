import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, ip } from '../../../../src/net/address.ts';
import { seconds } from '../../../../src/net/time.ts';
import { foldSum, sum16 } from '../../../../src/wire/checksum.ts';
import { encodeAdvertisement } from '../../../../src/wire/vrrp/advertisement.ts';
import { ipv6PseudoHeaderSum } from '../../../../src/wire/vrrp/checksum.ts';
import {
  digestedBytes,
  digestIn,
  lengthBeforeTrailer,
  TRAILER_LENGTH,
  trailerAt,
  withTrailer,
} from '../../../../src/wire/vrrp/trailer.ts';
import { fromHex, toHex } from '../hex.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);
const SEQUENCE = 0x6800000080000000n;
const TRAILER = { keyId: 1, sequence: SEQUENCE };

const digest = (bytes: Uint8Array) =>
  createHmac('sha256', KEY).update(bytes).digest().subarray(0, 16);

/** The images of the draft: key 00 01 ... 1f, VRID 51, priority 200. */
const IMAGES = [
  {
    family: 'ipv4',
    source: ip('198.51.100.10'),
    destination: ip('198.51.100.20'),
    address: ip('192.0.2.100'),
    message: '3133c80100644402c0000264',
    trailer: '0101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265',
  },
  {
    family: 'ipv6',
    source: ip('fe80::10'),
    destination: ip('fe80::20'),
    address: ip('fe80::100'),
    message: '3133c8010064a2e9fe800000000000000000000000000100',
    trailer: '010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78',
  },
] as const;

type Image = (typeof IMAGES)[number];

function imageOf({ message, trailer }: Image): Uint8Array {
  return fromHex(message + trailer);
}

function messageOf({ source, destination, address }: Image): Uint8Array {
  const fields = { version: 3, vrid: 51, priority: 200, interval: seconds(1) } as const;
  const advertisement = { ...fields, addresses: [address] };
  return encodeAdvertisement(advertisement, { source, destination }, 'rfc9568');
}

/** Why a receiver of the key refuses the message, without its clock; undefined: it is right. */
function refusalOf(bytes: Uint8Array, source: IpAddress, family: 'ipv4' | 'ipv6') {
  const length = lengthBeforeTrailer(bytes, 0, bytes.length, family);
  if (length === undefined) return 'length';
  const trailer = trailerAt(bytes, length);
  if (trailer === undefined) return 'malformed';
  if (trailer.keyId !== 1) return 'unknown-key';
  const signed = { bytes, offset: 0, length, source, trailer };
  return toHex(digest(digestedBytes(signed))) === toHex(digestIn(signed)) ? undefined : 'bad';
}

describe.each(IMAGES)('the image of $family', (image) => {
  test('is what a message with these fields becomes', () => {
    const signed = withTrailer(messageOf(image), image, TRAILER, digest);
    expect(toHex(signed)).toBe(image.message + image.trailer);
  });

  test('is read as it was written', () => {
    const bytes = imageOf(image);
    const length = lengthBeforeTrailer(bytes, 0, bytes.length, image.family);
    expect(length).toBe(image.message.length / 2);
    expect(trailerAt(bytes, length ?? 0)).toEqual(TRAILER);
    expect(refusalOf(bytes, image.source, image.family)).toBeUndefined();
  });

  test('is refused with any one bit changed, except in the checksum', () => {
    const bytes = imageOf(image);
    const length = image.message.length / 2;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const at = bit >> 3;
      const changed = bytes.with(at, (bytes[at] ?? 0) ^ (0x80 >> (bit & 7)));
      expect([bit, refusalOf(changed, image.source, image.family)]).toEqual([
        bit,
        expectedFor(at, bit & 7, length),
      ]);
    }
  });

  test('is refused from another source', () => {
    const other = ip(image.family === 'ipv4' ? '198.51.100.11' : 'fe80::11');
    expect(refusalOf(imageOf(image), other, image.family)).toBe('bad');
  });

  test('goes to another destination with the same digest', () => {
    const destination = ip(image.family === 'ipv4' ? '192.0.2.9' : 'fe80::9');
    const signed = withTrailer(messageOf(image), { ...image, destination }, TRAILER, digest);
    expect(toHex(signed.subarray(-TRAILER_LENGTH))).toBe(image.trailer);
  });

  test('is no signed message with a byte more or less', () => {
    const bytes = imageOf(image);
    const { family } = image;
    expect(lengthBeforeTrailer(bytes, 0, bytes.length - 1, family)).toBeUndefined();
    expect(lengthBeforeTrailer(bytes, 0, bytes.length + 1, family)).toBeUndefined();
    expect(lengthBeforeTrailer(bytes, 0, bytes.length - TRAILER_LENGTH, family)).toBeUndefined();
  });
});

/** The version and the count decide where the trailer begins; the checksum is not in the digest. */
function expectedFor(at: number, bit: number, length: number): string | undefined {
  if (at === 0 && bit < 4) return 'length';
  if (at === 3) return 'length';
  if (at === 6 || at === 7) return undefined;
  if (at === length || at === length + 2 || at === length + 3) return 'malformed';
  return at === length + 1 ? 'unknown-key' : 'bad';
}

describe('a signed message', () => {
  test('over IPv6 has a checksum that covers the trailer', () => {
    const [, image] = IMAGES;
    const bytes = imageOf(image);
    const packet = new Uint8Array(40 + bytes.length);
    packet.set(fromHex('fe800000000000000000000000000010fe800000000000000000000000000020'), 8);
    packet.set(bytes, 40);
    const sum = sum16(packet, 40, bytes.length) + ipv6PseudoHeaderSum(packet, 8, 24, bytes.length);
    expect(foldSum(sum)).toBe(0xffff);
  });

  test('over IPv4 has the checksum of the message alone', () => {
    const [image] = IMAGES;
    expect(foldSum(sum16(imageOf(image), 0, 12))).toBe(0xffff);
  });

  test('of version 2 has its trailer behind the authentication data', () => {
    const { source, destination, address } = IMAGES[0];
    const fields = { version: 2, vrid: 51, priority: 200, interval: seconds(1) } as const;
    const advertisement = { ...fields, addresses: [address], authentication: { type: 'hmac' } };
    const envelope = { source, destination };
    const message = encodeAdvertisement(advertisement as never, envelope, 'rfc9568');
    const signed = withTrailer(message, envelope, TRAILER, digest);
    expect(signed).toHaveLength(8 + 4 + 8 + TRAILER_LENGTH);
    expect(lengthBeforeTrailer(signed, 0, signed.length, 'ipv4')).toBe(20);
    expect(lengthBeforeTrailer(signed, 0, signed.length, 'ipv6')).toBeUndefined();
    expect(refusalOf(signed, source, 'ipv4')).toBeUndefined();
  });

  test('of an unknown version has no trailer', () => {
    expect(lengthBeforeTrailer(Uint8Array.of(0x41), 0, 40, 'ipv4')).toBeUndefined();
  });

  test('reads back in every sequence and key', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.integer({ min: 0, max: 255 }),
        (sequence, keyId) => {
          const image = IMAGES[0];
          const signed = withTrailer(messageOf(image), image, { keyId, sequence }, digest);
          expect(trailerAt(signed, 12)).toEqual({ keyId, sequence });
        },
      ),
    );
  });

  test('of any bytes is read without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(90), (bytes, offset) => {
        const signed = { bytes, offset, length: 12, source: ip('192.0.2.1'), trailer: TRAILER };
        trailerAt(bytes, offset);
        lengthBeforeTrailer(bytes, offset, bytes.length, 'ipv4');
        expect(digestedBytes(signed)).toHaveLength(20 + 12 + TRAILER_LENGTH);
        expect(digestIn(signed).length).toBeLessThanOrEqual(16);
      }),
    );
  });
});
