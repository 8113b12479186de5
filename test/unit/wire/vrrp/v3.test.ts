import { expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { centiseconds, microseconds, seconds } from '../../../../src/net/time.ts';
import { encodeVersion3, readVersion3, version3Length } from '../../../../src/wire/vrrp/v3.ts';

const envelope = { source: ip('192.0.2.11'), destination: ip('224.0.0.18') };
const advertisement = {
  version: 3,
  vrid: 51,
  priority: 100,
  interval: seconds(1),
  addresses: [ip('192.0.2.100')],
} as const;

test('a message of 255 addresses has 1028 bytes over IPv4 and 4088 over IPv6', () => {
  expect(version3Length(255, 'ipv4')).toBe(1028);
  expect(version3Length(255, 'ipv6')).toBe(4088);
});

test('a fraction of a centisecond is rounded up', () => {
  const advertised = (count: number) => {
    const changed = { ...advertisement, interval: microseconds(count) };
    return readVersion3(encodeVersion3(changed, envelope, 'rfc9568'), 0, 'ipv4').interval;
  };
  expect(advertised(1)).toBe(centiseconds(1));
  expect(advertised(10_000)).toBe(centiseconds(1));
  expect(advertised(10_001)).toBe(centiseconds(2));
  expect(advertised(40_950_000)).toBe(centiseconds(4095));
});

test.each([
  [microseconds(0), 0],
  [microseconds(40_950_001), 4096],
])('an interval of %d us cannot be encoded', (interval, units) => {
  const changed = { ...advertisement, interval };
  expect(() => encodeVersion3(changed, envelope, 'rfc9568')).toThrow(
    new RangeError(`Max Advertise Interval in centiseconds is ${units}, not 1..4095`),
  );
});

test('Reserve is sent as zero, whatever the interval', () => {
  const changed = { ...advertisement, interval: centiseconds(4095) };
  expect(encodeVersion3(changed, envelope, 'rfc9568').subarray(4, 6)).toEqual(
    Uint8Array.of(0x0f, 0xff),
  );
});

test('there is no authentication, so a password is refused and "none" changes nothing', () => {
  const pass = { type: 'pass', password: 'secret12' } as const;
  expect(() =>
    encodeVersion3({ ...advertisement, authentication: pass }, envelope, 'rfc9568'),
  ).toThrow('version 3 has no authentication');
  expect(
    encodeVersion3({ ...advertisement, authentication: { type: 'none' } }, envelope, 'rfc9568'),
  ).toEqual(encodeVersion3(advertisement, envelope, 'rfc9568'));
});
