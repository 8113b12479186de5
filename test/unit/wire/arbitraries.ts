/** Values for property tests, from the whole range of what each type can hold. */
import fc from 'fast-check';
import {
  type Family,
  type IpAddress,
  ipFromBytes,
  type MacAddress,
  macFromBytes,
} from '../../../src/net/address.ts';

export const anyBytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 128 });

export const anyFamily: fc.Arbitrary<Family> = fc.constantFrom('ipv4', 'ipv6');

export const anyMac: fc.Arbitrary<MacAddress> = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => macFromBytes(bytes));

export function anyAddress(family: Family): fc.Arbitrary<IpAddress> {
  const size = family === 'ipv4' ? 4 : 16;
  return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => ipFromBytes(bytes));
}
