import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { AttributeWriter, decodeAttributes } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeAddress,
  encodeAddressDump,
  encodeNewAddress,
  encodeRemovedAddress,
} from '../../../../../src/wire/netlink/route/address.ts';

const V4 = { index: 3, address: ip('192.0.2.100'), prefixLength: 32 };
const V6 = { index: 3, address: ip('2001:db8::100'), prefixLength: 128 };

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const NODAD = 0x02;
const NOPREFIXROUTE = 0x200;

function attributesOf(payload: Uint8Array) {
  const decoded = decodeAttributes(payload, 8);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

function reported(family: number, lowFlags: number, attributes: AttributeWriter) {
  return decodeAddress(
    Uint8Array.from([family, 24, lowFlags, 0, 3, 0, 0, 0, ...attributes.finish()]),
  );
}

describe('a virtual address', () => {
  test('is read back as ours in both families', () => {
    for (const { index, ...key } of [V4, V6]) {
      expect(decodeAddress(encodeNewAddress({ index, ...key }))).toEqual({
        ok: true,
        value: { index, address: { ...key, ours: true, tentative: false, duplicate: false } },
      });
    }
  });

  test('IPv4 is sent as local and as interface address', () => {
    const attributes = attributesOf(encodeNewAddress(V4));
    expect(attributes.bytes(IFA_LOCAL)).toEqual(Uint8Array.of(192, 0, 2, 100));
    expect(attributes.bytes(IFA_ADDRESS)).toEqual(attributes.bytes(IFA_LOCAL));
    expect(attributes.uint32(IFA_FLAGS)).toBeUndefined();
  });

  test('has a label if one is given', () => {
    const labelled = attributesOf(encodeNewAddress(V4, undefined, 'eth0:web'));
    expect(labelled.text(3)).toBe('eth0:web');
    expect(attributesOf(encodeNewAddress(V4)).text(3)).toBeUndefined();
  });

  test('IPv6 is usable immediately and never chosen as source', () => {
    const attributes = attributesOf(encodeNewAddress(V6));
    expect(attributes.uint32(IFA_FLAGS)).toBe(NODAD);
    expect([...(attributes.bytes(IFA_CACHEINFO) ?? []).slice(0, 8)]).toEqual([
      0, 0, 0, 0, 255, 255, 255, 255,
    ]);
  });

  test('with a prefix shorter than the address adds no route', () => {
    const flagsOf = (key: typeof V4) => attributesOf(encodeNewAddress(key)).uint32(IFA_FLAGS);
    expect(flagsOf({ ...V4, prefixLength: 24 })).toBe(NOPREFIXROUTE);
    expect(flagsOf({ ...V6, prefixLength: 64 })).toBe(NODAD | NOPREFIXROUTE);
  });

  test('with a lifetime expires unless it is renewed; without, IPv4 has no such attribute', () => {
    const cacheOf = (key: typeof V4, lifetime?: number) =>
      attributesOf(encodeNewAddress(key, lifetime)).bytes(IFA_CACHEINFO)?.slice(0, 8);
    expect(cacheOf(V4)).toBeUndefined();
    expect(cacheOf(V4, 3)).toEqual(Uint8Array.of(3, 0, 0, 0, 3, 0, 0, 0));
    expect(cacheOf(V6, 3)).toEqual(Uint8Array.of(0, 0, 0, 0, 3, 0, 0, 0));
  });

  test('is removed by link, prefix and address alone', () => {
    const payload = encodeRemovedAddress(V4);
    expect([...payload.subarray(0, 8)]).toEqual([2, 32, 0, 0, 3, 0, 0, 0]);
    expect(attributesOf(payload).types()).toEqual([IFA_LOCAL, IFA_ADDRESS]);
    expect(attributesOf(encodeRemovedAddress(V6)).types()).toEqual([IFA_ADDRESS]);
  });
});

describe('a reported address', () => {
  const local = new Uint8Array([192, 0, 2, 1]);

  test('on a point-to-point link is the local end', () => {
    const far = new Uint8Array([192, 0, 2, 9]);
    expect(
      reported(2, 0, new AttributeWriter().bytes(IFA_ADDRESS, far).bytes(IFA_LOCAL, local)),
    ).toMatchObject({ value: { address: { address: '192.0.2.1' } } });
  });

  test('has a far end only if that is another address', () => {
    const far = Uint8Array.of(198, 51, 100, 9);
    const both = (end: Uint8Array) =>
      reported(2, 0, new AttributeWriter().bytes(IFA_LOCAL, local).bytes(IFA_ADDRESS, end));
    expect(both(far)).toMatchObject({ value: { address: { peer: '198.51.100.9' } } });
    for (const end of [local, new Uint8Array(16)]) {
      expect(both(end)).not.toHaveProperty('value.address.peer');
    }
  });

  test('is not ours without our mark', () => {
    for (const proto of [undefined, 0, 3]) {
      const attributes = new AttributeWriter().bytes(IFA_LOCAL, local);
      if (proto !== undefined) attributes.uint8(11, proto);
      expect(reported(2, 0, attributes)).toMatchObject({ value: { address: { ours: false } } });
    }
  });

  test('is tentative or a duplicate by its flags, the wide ones before the header', () => {
    const attributes = () => new AttributeWriter().bytes(IFA_LOCAL, local);
    const tentative = { tentative: true, duplicate: false };
    const usable = { tentative: false, duplicate: false };
    expect(reported(2, 0x40, attributes())).toMatchObject({ value: { address: tentative } });
    expect(reported(2, 0x44, attributes())).toMatchObject({ value: { address: usable } });
    expect(reported(2, 0x40, attributes().uint32(IFA_FLAGS, 0x200))).toMatchObject({
      value: { address: usable },
    });
    expect(reported(2, 0x08, attributes())).toMatchObject({
      value: { address: { duplicate: true } },
    });
  });

  test('without an address, or with one of the wrong length, is an error', () => {
    for (const [family, length] of [
      [2, 16],
      [10, 4],
      [7, 4],
    ] as const) {
      const attributes = new AttributeWriter().bytes(IFA_ADDRESS, new Uint8Array(length));
      expect(reported(family, 0, attributes)).toEqual({
        ok: false,
        error: { code: 'address-missing', family },
      });
    }
    expect(reported(2, 0, new AttributeWriter())).toMatchObject({ ok: false });
  });

  test('that is truncated is an error', () => {
    expect(decodeAddress(new Uint8Array(7))).toEqual({
      ok: false,
      error: { code: 'address-truncated', length: 7 },
    });
    expect(decodeAddress(Uint8Array.of(2, 24, 0, 0, 3, 0, 0, 0, 9, 0, 1, 0))).toMatchObject({
      error: { code: 'netlink-attribute-truncated' },
    });
  });

  test('no bytes make the decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
        expect(typeof decodeAddress(bytes).ok).toBe('boolean');
      }),
    );
  });
});

test('a dump asks for both families', () => {
  expect([...encodeAddressDump()]).toEqual(new Array(8).fill(0));
});
