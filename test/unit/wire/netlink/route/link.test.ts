import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import { decodeLink, encodeLinkDump } from '../../../../../src/wire/netlink/route/link.ts';

const UP = 0x1;
const RUNNING = 0x40;
const LOWER_UP = 0x10000;
const WORKING = UP | RUNNING | LOWER_UP;

function link(flags: number, attributes: AttributeWriter, family = 0): Uint8Array {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint8(0, family);
  view.setInt32(4, 3, true);
  view.setUint32(8, flags, true);
  return Uint8Array.from([...header, ...attributes.finish()]);
}

function running(flags: number, operationalState?: number): boolean | undefined {
  const attributes = new AttributeWriter();
  if (operationalState !== undefined) attributes.uint8(16, operationalState);
  const decoded = decodeLink(link(flags, attributes));
  return decoded.ok ? decoded.value.link.running : undefined;
}

/** IFLA_MASTER, and IFLA_INFO_SLAVE_KIND in IFLA_LINKINFO. */
function portOf(index: number, kind: string): AttributeWriter {
  return new AttributeWriter().uint32(10, index).nested(18, (info) => info.text(4, kind));
}

describe('links', () => {
  test('are read with name, MAC and MTU', () => {
    const attributes = new AttributeWriter()
      .bytes(1, Uint8Array.of(2, 0, 0, 0, 0, 0xaa))
      .text(3, 'eth0')
      .uint32(4, 1_500);
    expect(decodeLink(link(WORKING, attributes))).toEqual({
      ok: true,
      value: {
        family: 0,
        link: {
          index: 3,
          name: 'eth0',
          mac: '02:00:00:00:00:aa',
          mtu: 1_500,
          up: true,
          running: true,
        },
      },
    });
  });

  test('run when up with carrier, in operational state UP or UNKNOWN (RFC 2863)', () => {
    expect([undefined, 0, 6].map((state) => running(WORKING, state))).toEqual([true, true, true]);
    expect([1, 2, 3, 4, 5].map((state) => running(WORKING, state))).not.toContain(true);
    expect([UP, RUNNING, LOWER_UP].map((flag) => running(WORKING & ~flag, 6))).not.toContain(true);
  });

  test('without an Ethernet address have the zero MAC', () => {
    const infiniband = new AttributeWriter().bytes(1, new Uint8Array(20).fill(1));
    for (const attributes of [infiniband, new AttributeWriter()]) {
      expect(decodeLink(link(WORKING, attributes))).toMatchObject({
        value: { link: { mac: '00:00:00:00:00:00' } },
      });
    }
  });

  test('have the family, because a bridge reports its ports with the same messages', () => {
    expect(decodeLink(link(WORKING, new AttributeWriter(), 7))).toMatchObject({
      value: { family: 7 },
    });
  });

  test.each<[string, AttributeWriter, number | undefined]>([
    ['of a bridge', portOf(7, 'bridge'), 7],
    ['of a bond', portOf(7, 'bond'), 7],
    ['of a link whose kind has no name', new AttributeWriter().uint32(10, 7), 7],
    ['of a VRF, which leaves packets to them,', portOf(7, 'vrf'), undefined],
    ['of nothing', new AttributeWriter().uint32(10, 0), undefined],
  ])('FR-I1 that are ports %s say so', (what, attributes, expected) => {
    const decoded = decodeLink(link(WORKING, attributes));
    expect(decoded.ok && decoded.value.link.portOf).toBe(expected);
    const isVrf = decoded.ok && decoded.value.link.vrf === 7;
    expect(isVrf).toBe(what.includes('VRF'));
  });

  test('FR-J6 that are VRFs belong to themselves', () => {
    const decoded = decodeLink(
      link(
        WORKING,
        new AttributeWriter().nested(18, (info) => info.text(1, 'vrf')),
      ),
    );
    expect(decoded).toMatchObject({ value: { link: { index: 3, vrf: 3 } } });
    expect(decoded.ok && decoded.value.link.portOf).toBeUndefined();
  });

  const kindOf = (kind: string) =>
    new AttributeWriter().uint32(5, 7).nested(18, (info) => info.text(1, kind));

  test.each<[string, AttributeWriter, number | undefined]>([
    ['a VLAN', kindOf('vlan'), 7],
    ['a macvlan', kindOf('macvlan'), 7],
    ['a VLAN of another namespace', kindOf('vlan').uint32(37, 0), undefined],
    ['a veth link, which names its far end', kindOf('veth'), undefined],
    [
      'a VLAN of nothing',
      new AttributeWriter().nested(18, (info) => info.text(1, 'vlan')),
      undefined,
    ],
  ])('FR-C3 say what carries them: %s', (_, attributes, expected) => {
    const decoded = decodeLink(link(WORKING, attributes));
    expect(decoded.ok && decoded.value.link.over).toBe(expected);
  });

  test.each<[string, number, true | undefined]>([
    ['macvlan', 4, undefined],
    ['macvlan', 8, true],
    ['macvtap', 8, true],
    ['vlan', 8, undefined],
  ])('FR-I3 take all packets of the link below: a %s of mode %i: %s', (kind, mode, expected) => {
    const attributes = new AttributeWriter()
      .uint32(5, 7)
      .nested(18, (info) => info.text(1, kind).nested(2, (data) => data.uint32(1, mode)));
    const decoded = decodeLink(link(WORKING, attributes));
    expect(decoded.ok && decoded.value.link.takesAll).toBe(expected);
  });

  test.each([
    [2, undefined],
    [3, true],
    [4, true],
    [5, undefined],
  ])('FR-C3 with event %i have failed over: %s', (event, expected) => {
    const decoded = decodeLink(link(WORKING, new AttributeWriter().uint32(44, event)));
    expect(decoded.ok && decoded.value.failedOver).toBe(expected);
  });

  test('that are truncated are errors', () => {
    expect(decodeLink(new Uint8Array(15))).toEqual({
      ok: false,
      error: { code: 'link-truncated', length: 15 },
    });
    expect(decodeLink(Uint8Array.from([...new Uint8Array(16), 9, 0, 1, 0]))).toMatchObject({
      error: { code: 'netlink-attribute-truncated' },
    });
  });

  test('no bytes make the decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 128 }), (bytes) => {
        expect(typeof decodeLink(bytes).ok).toBe('boolean');
      }),
    );
  });

  test('are requested without their statistics', () => {
    expect([...encodeLinkDump().subarray(16)]).toEqual([8, 0, 29, 0, 8, 0, 0, 0]);
  });
});
