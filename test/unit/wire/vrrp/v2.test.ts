import { expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import { encodeVersion2, readVersion2, version2Length } from '../../../../src/wire/vrrp/v2.ts';
import { toHex } from '../hex.ts';

const advertisement = {
  version: 2,
  vrid: 51,
  priority: 100,
  interval: seconds(1),
  addresses: [ip('192.0.2.100')],
} as const;

test('a message of 255 addresses has 1036 bytes', () => {
  expect(version2Length(255)).toBe(1036);
});

test('Authentication Data is zero when there is none to send', () => {
  const plain = encodeVersion2(advertisement);
  expect(toHex(plain.subarray(12))).toBe('0000000000000000');
  expect(encodeVersion2({ ...advertisement, authentication: { type: 'none' } })).toEqual(plain);
});

test('a password follows the addresses, with authentication type 1', () => {
  const authentication = { type: 'pass', password: 'secret12' } as const;
  const pdu = encodeVersion2({ ...advertisement, authentication });
  expect(pdu[4]).toBe(1);
  expect(toHex(pdu.subarray(12))).toBe('7365637265743132');
});

test('a fraction of a second is rounded up', () => {
  const advertised = (interval: number) =>
    readVersion2(encodeVersion2({ ...advertisement, interval: milliseconds(interval) }), 0)
      .interval;
  expect(advertised(10)).toBe(seconds(1));
  expect(advertised(1000)).toBe(seconds(1));
  expect(advertised(1001)).toBe(seconds(2));
  expect(advertised(255_000)).toBe(seconds(255));
});

test.each([
  [seconds(0), 0],
  [milliseconds(255_001), 256],
])('an interval of %d us cannot be encoded', (interval, units) => {
  expect(() => encodeVersion2({ ...advertisement, interval })).toThrow(
    new RangeError(`Adver Int in seconds is ${units}, not 1..255`),
  );
});
