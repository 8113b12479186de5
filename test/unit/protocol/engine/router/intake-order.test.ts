/** Which of two faults a packet is refused for: the first one in the order of RFC 9568 section 7.1. */
import { expect, test } from 'vitest';
import { ANY_RECEIVER, judge } from '../../../../../src/protocol/engine/router/intake.ts';
import { type AdvertOptions, advert } from '../../../../conformance/rig.ts';

function reason(options: AdvertOptions, length?: number): string | undefined {
  const packet = advert(options);
  const verdict = judge(packet, length ?? packet.length, ANY_RECEIVER);
  return verdict.ok ? undefined : verdict.reason;
}

const setByte = (position: number, value: number) => (message: Uint8Array) => {
  message[position] = value;
  return message;
};

test.each([0, 1, 19])(
  'a packet of %i bytes is refused as too short, even if it is of another protocol',
  (length) => {
    expect(reason({ protocol: 89 }, length)).toBe('packet-length-error');
  },
);

test('a packet of another protocol is refused for its protocol, whatever its TTL', () => {
  expect(reason({ protocol: 89, ttl: 1 })).toBe('invalid-type');
});

test('a TTL below 255 comes before anything in the message', () => {
  expect(reason({ ttl: 254, bend: setByte(0, 0x41) })).toBe('ip-ttl-error');
});

test('an unknown version comes before the length and the checksum', () => {
  expect(reason({ bend: (message) => Uint8Array.of(0x41, ...message.slice(1, 4)) })).toBe(
    'version-error',
  );
});

test('a wrong checksum comes before the VRID', () => {
  expect(reason({ bend: setByte(1, 0) })).toBe('checksum-error');
});

test('an accepted packet without a warning has the same empty list each time', () => {
  const packet = advert();
  const warnings = () => {
    const verdict = judge(packet, packet.length, ANY_RECEIVER);
    return verdict.ok ? verdict.warnings : undefined;
  };
  expect(warnings()).toEqual([]);
  expect(warnings()).toBe(warnings());
});
