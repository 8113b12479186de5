import { expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { seconds } from '../../../../src/net/time.ts';
import { encodeAdvertisement } from '../../../../src/wire/vrrp/advertisement.ts';
import { isCarp } from '../../../../src/wire/vrrp/carp.ts';

const HEADER = [0x21, 55, 0, 7, 0, 1, 0x5a, 0xa5];

function bytes(header: readonly number[], rest = 28): Uint8Array {
  return Uint8Array.of(...header, ...new Uint8Array(rest).fill(0xc4));
}

test('FR-L6 a message of CARP differs from VRRP by version, authentication length and length', () => {
  expect(isCarp(Uint8Array.of(9, 9, ...bytes(HEADER)), 2, 36)).toBe(true);
  expect(isCarp(bytes(HEADER, 27), 0, 35)).toBe(false);
  expect(isCarp(bytes([0x31, ...HEADER.slice(1)]), 0, 36)).toBe(false);
  expect(isCarp(bytes([0x21, 55, 0, 6, 0, 1, 0, 0]), 0, 36)).toBe(false);
});

test.each([2, 3] as const)('FR-L6 version %i with seven addresses is no CARP', (version) => {
  const addresses = Array.from({ length: 7 }, (_, i) => ip(`203.0.113.${i + 1}`));
  const message = encodeAdvertisement(
    { version, vrid: 55, priority: 100, interval: seconds(1), addresses },
    { source: ip('192.0.2.12'), destination: ip('224.0.0.18') },
    'rfc9568',
  );
  expect(isCarp(message, 0, message.length)).toBe(false);
});
