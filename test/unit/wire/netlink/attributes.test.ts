import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Attributes,
  AttributeWriter,
  decodeAttributes,
} from '../../../../src/wire/netlink/attributes.ts';

function decoded(bytes: Uint8Array): Attributes {
  const result = decodeAttributes(bytes);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

describe('netlink attributes', () => {
  test('every kind of value is read back', () => {
    const bytes = new AttributeWriter()
      .uint8(1, 200)
      .uint16(2, 0xbeef)
      .uint32(3, 0xdeadbeef)
      .text(4, 'eth0')
      .nested(5, (inner) => inner.uint8(1, 7).text(2, 'inner'))
      .finish();
    const attributes = decoded(bytes);
    expect(attributes.types()).toEqual([1, 2, 3, 4, 5]);
    expect(attributes.uint8(1)).toBe(200);
    expect(attributes.uint16(2)).toBe(0xbeef);
    expect(attributes.uint32(3)).toBe(0xdeadbeef);
    expect(attributes.text(4)).toBe('eth0');
    expect(attributes.nested(5)?.uint8(1)).toBe(7);
    expect(attributes.nested(5)?.text(2)).toBe('inner');
  });

  test('have the layout of struct nlattr, padded to four bytes', () => {
    expect([...new AttributeWriter().uint8(11, 112).finish()]).toEqual([5, 0, 11, 0, 112, 0, 0, 0]);
    const nested = new AttributeWriter().nested(2, () => undefined).finish();
    expect([...nested]).toEqual([4, 0, 2, 0x80]);
  });

  test('any text survives a round trip', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(decoded(new AttributeWriter().text(1, text).finish()).text(1)).toBe(text);
      }),
    );
  });

  test('text that is not UTF-8 is read as Latin-1', () => {
    expect(decoded(new AttributeWriter().bytes(1, Uint8Array.of(0xe9, 0)).finish()).text(1)).toBe(
      'é',
    );
  });

  test('text may lack its NUL', () => {
    const bytes = new AttributeWriter().bytes(1, Uint8Array.of(0x6c, 0x6f)).finish();
    expect(decoded(bytes).text(1)).toBe('lo');
  });

  test('a list may grow to any length', () => {
    const values = Array.from({ length: 300 }, (_, type) => new Uint8Array(type).fill(type));
    const writer = new AttributeWriter();
    for (const value of values) writer.bytes(value.length, value);
    const attributes = decoded(writer.finish());
    expect(values.map((value) => attributes.bytes(value.length))).toEqual(values);
  });

  test('the last one counts if a type occurs twice', () => {
    expect(decoded(new AttributeWriter().uint8(1, 1).uint8(1, 2).finish()).uint8(1)).toBe(2);
  });

  test('values that are absent, too short or malformed read as undefined', () => {
    const attributes = decoded(
      new AttributeWriter()
        .bytes(1, new Uint8Array(0))
        .bytes(2, Uint8Array.of(9, 0, 0, 0))
        .finish(),
    );
    expect(attributes.uint8(1)).toBeUndefined();
    expect(attributes.uint16(1)).toBeUndefined();
    expect(attributes.uint32(1)).toBeUndefined();
    expect(attributes.nested(2)).toBeUndefined();
    expect(attributes.nested(3)).toBeUndefined();
    expect(attributes.text(3)).toBeUndefined();
    expect(attributes.uint16(3)).toBeUndefined();
    expect(attributes.uint32(3)).toBeUndefined();
  });

  test('a length beyond the end or below the header is an error', () => {
    for (const length of [3, 9]) {
      const result = decodeAttributes(Uint8Array.of(length, 0, 1, 0, 0, 0, 0, 0));
      expect(result).toMatchObject({ ok: false, error: { code: 'netlink-attribute-truncated' } });
    }
  });

  test('no bytes make the decoder throw or loop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), fc.nat(130), (bytes, start) => {
        expect(typeof decodeAttributes(bytes, start).ok).toBe('boolean');
      }),
    );
  });
});
