/** What a link, and its setting for forwarding, say when parts of the message are missing. */
import { describe, expect, test } from 'vitest';
import { AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import { decodeForwarding } from '../../../../../src/wire/netlink/route/forwarding.ts';
import { decodeLink } from '../../../../../src/wire/netlink/route/link.ts';

const AF_INET6 = 10;
const IFLA_AF_SPEC = 26;
const IFLA_INET6_CONF = 2;

function linkOf(flags: number, attributes = new AttributeWriter()) {
  const header = new Uint8Array(16);
  new DataView(header.buffer).setUint32(8, flags, true);
  const decoded = decodeLink(Uint8Array.of(...header, ...attributes.finish()));
  return decoded.ok ? decoded.value.link : undefined;
}

describe('a link', () => {
  test('without attributes has neither name nor MTU', () => {
    expect(linkOf(0)).toMatchObject({ name: '', mtu: 0, up: false, running: false });
  });

  test('is up by its own flag, whether it runs or not', () => {
    expect(linkOf(0x1)).toMatchObject({ up: true, running: false });
    expect(linkOf(0x10040)).toMatchObject({ up: false, running: false });
  });

  test('that says nothing of IPv6 is not known to forward it or not', () => {
    const other = new AttributeWriter().nested(IFLA_AF_SPEC, (families) => families.uint8(2, 0));
    expect(linkOf(1, other)).not.toHaveProperty('forwarding');
    expect(linkOf(1)).not.toHaveProperty('forwarding');
  });

  test('forwards by a list of one setting as well', () => {
    const one = new AttributeWriter().nested(IFLA_AF_SPEC, (families) =>
      families.nested(AF_INET6, (inner) => inner.uint32(IFLA_INET6_CONF, 1)),
    );
    expect(linkOf(1, one)).toMatchObject({ forwarding: true });
  });
});

describe('a change of forwarding', () => {
  const message = (attributes: ArrayLike<number>) =>
    Uint8Array.from([AF_INET6, 0, 0, 0, ...Array.from(attributes)]);

  test('of no bytes, or of a header alone, is none', () => {
    expect(decodeForwarding(new Uint8Array(0))).toBeUndefined();
    expect(decodeForwarding(message([]))).toBeUndefined();
  });

  test('whose attributes are malformed is none, whatever comes before', () => {
    const whole = new AttributeWriter().uint32(1, 7).uint32(2, 1).finish();
    expect(decodeForwarding(message(whole))).toEqual({ index: 7, forwarding: true });
    expect(decodeForwarding(message([...whole, 99, 0, 3, 0]))).toBeUndefined();
  });

  test('may be of the greatest interface index there is', () => {
    const of = (index: number) =>
      message(new AttributeWriter().uint32(1, index).uint32(2, 1).finish());
    expect(decodeForwarding(of(0x7fff_ffff))?.index).toBe(0x7fff_ffff);
    expect(decodeForwarding(of(0x8000_0000))).toBeUndefined();
  });
});
