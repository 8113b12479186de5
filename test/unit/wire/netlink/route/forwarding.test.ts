import { describe, expect, test } from 'vitest';
import { AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import { decodeForwarding } from '../../../../../src/wire/netlink/route/forwarding.ts';
import { decodeLink } from '../../../../../src/wire/netlink/route/link.ts';

const AF_INET6 = 10;

function message(family: number, fill: (attributes: AttributeWriter) => void): Uint8Array {
  const writer = new AttributeWriter();
  fill(writer);
  return Uint8Array.of(family, 0, 0, 0, ...writer.finish());
}

const tells = (index: number, forwarding: number) =>
  message(AF_INET6, (attributes) => attributes.uint32(1, index >>> 0).uint32(2, forwarding));

describe('a change of forwarding', () => {
  test.each([
    [1, true],
    [0, false],
  ])('to %i is reported with its interface', (value, forwarding) => {
    expect(decodeForwarding(tells(7, value))).toEqual({ index: 7, forwarding });
  });

  test.each([
    ['of all interfaces', tells(-1, 1)],
    ['of new interfaces', tells(-2, 1)],
    ['of IPv4', message(2, (attributes) => attributes.uint32(1, 7).uint32(2, 1))],
    ['of something else', message(AF_INET6, (attributes) => attributes.uint32(1, 7))],
    ['of nothing', Uint8Array.of(AF_INET6, 0, 0)],
    ['that is cut off', tells(7, 1).subarray(0, 15)],
  ])('%s is refused', (_, payload) => {
    expect(decodeForwarding(payload)).toBeUndefined();
  });
});

describe('a link', () => {
  const linkWith = (settings: Uint8Array | undefined) => {
    const writer = new AttributeWriter();
    writer.nested(26, (families) => {
      families.nested(AF_INET6, (inner) => {
        if (settings !== undefined) inner.bytes(2, settings);
      });
    });
    const decoded = decodeLink(Uint8Array.of(...new Uint8Array(16), ...writer.finish()));
    return decoded.ok ? decoded.value.link.forwarding : 'malformed';
  };

  test('tells whether it forwards IPv6, if the kernel reports it', () => {
    expect(linkWith(Uint8Array.of(1, 0, 0, 0, 64, 0, 0, 0))).toBe(true);
    expect(linkWith(Uint8Array.of(0, 0, 0, 0, 64, 0, 0, 0))).toBe(false);
    expect(linkWith(Uint8Array.of(1, 0))).toBeUndefined();
    expect(linkWith(undefined)).toBeUndefined();
  });
});
