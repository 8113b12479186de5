import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mac } from '../../../../../src/net/address.ts';
import { AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeNamedLink,
  encodeLinkMark,
  encodeLinkMtu,
  encodeLinkQuery,
  encodeLinkSwitch,
  encodeLinkVrf,
  encodeNewMacvlan,
  encodeRemovedGroup,
  encodeRemovedLink,
} from '../../../../../src/wire/netlink/route/macvlan.ts';

const VIRTUAL_MAC = mac('00:00:5e:00:01:37');

function link(flags: number, attributes: AttributeWriter): Uint8Array {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setInt32(4, 9, true);
  view.setUint32(8, flags, true);
  return Uint8Array.from([...header, ...attributes.finish()]);
}

function macvlan(kind = 'macvlan'): AttributeWriter {
  return new AttributeWriter()
    .bytes(1, Uint8Array.of(0, 0, 0x5e, 0, 1, 0x37))
    .text(3, 'vr4-55-eth0')
    .uint32(5, 2)
    .text(20, 'vrrp-agent')
    .uint32(27, 77)
    .nested(18, (info) => info.text(1, kind).nested(2, (data) => data.uint32(1, 4)));
}

describe('a macvlan link', () => {
  test('is created with MAC, name, parent, and mode bridge', () => {
    const made = encodeNewMacvlan({ name: 'vr4-55-eth0', parent: 2, mac: VIRTUAL_MAC });
    expect(decodeNamedLink(made)).toEqual({
      index: 0,
      name: 'vr4-55-eth0',
      mtu: 0,
      macvlan: {
        index: 0,
        name: 'vr4-55-eth0',
        parent: 2,
        mac: VIRTUAL_MAC,
        mode: 4,
        up: false,
        alias: '',
        group: 0,
        vrf: 0,
      },
    });
  });

  test('is read with its mark', () => {
    expect(decodeNamedLink(link(1, macvlan()))?.macvlan).toMatchObject({
      index: 9,
      up: true,
      alias: 'vrrp-agent',
      group: 77,
    });
  });

  test('whose parent is in another network namespace has none', () => {
    const foreign = macvlan().uint32(37, 0);
    expect(decodeNamedLink(link(0, foreign))?.macvlan?.parent).toBe(0);
  });

  test('is not every link', () => {
    expect(decodeNamedLink(link(1, macvlan('macvtap')))).toEqual({
      index: 9,
      name: 'vr4-55-eth0',
      mtu: 0,
      macvlan: undefined,
    });
    expect(decodeNamedLink(link(1, new AttributeWriter()))?.macvlan).toBeUndefined();
  });

  test('is not a VRF, which has a table', () => {
    const vrf = new AttributeWriter()
      .text(3, 'red')
      .nested(18, (info) => info.text(1, 'vrf').nested(2, (data) => data.uint32(1, 1_001)));
    const read = { index: 9, name: 'red', mtu: 0, macvlan: undefined };
    expect(decodeNamedLink(link(1, vrf))).toEqual({ ...read, vrfTable: 1_001 });
    const bare = new AttributeWriter().text(3, 'red').nested(18, (info) => info.text(1, 'vrf'));
    expect(decodeNamedLink(link(1, bare))).toEqual(read);
  });

  test('with only a kind has no mode, mark or group', () => {
    const bare = new AttributeWriter()
      .bytes(1, new Uint8Array(6))
      .nested(18, (info) => info.text(1, 'macvlan'));
    expect(decodeNamedLink(link(0, bare))?.macvlan).toMatchObject({
      ...{ parent: 0, mode: 0, alias: '', group: 0 },
    });
  });

  test('that is malformed is refused, whatever the bytes', () => {
    expect(decodeNamedLink(new Uint8Array(15))).toBeUndefined();
    expect(decodeNamedLink(Uint8Array.from([...new Uint8Array(16), 9, 0, 1, 0]))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
        decodeNamedLink(bytes);
      }),
    );
  });
});

describe('a request', () => {
  test('sets a link up, or down, and changes nothing else', () => {
    expect([...encodeLinkSwitch(9, true)]).toEqual([
      ...[0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    ]);
    expect([...encodeLinkSwitch(9, false)]).toEqual([
      ...[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    ]);
  });

  test('removes one link by its index, or all of a group', () => {
    expect([...encodeRemovedLink(9)]).toEqual([0, 0, 0, 0, 9, ...new Array(11).fill(0)]);
    expect([...encodeRemovedGroup(77)].slice(16)).toEqual([8, 0, 27, 0, 77, 0, 0, 0]);
  });

  test('sets the MTU, which is read back', () => {
    const request = encodeLinkMtu(9, 1_400);
    expect([...request].slice(16)).toEqual([8, 0, 4, 0, 0x78, 5, 0, 0]);
    expect(decodeNamedLink(request)?.mtu).toBe(1_400);
  });

  test('puts a link into a VRF', () => {
    expect([...encodeLinkVrf(9, 3)].slice(16)).toEqual([8, 0, 10, 0, 3, 0, 0, 0]);
  });

  test('asks by name, and marks', () => {
    expect([...encodeLinkQuery('a')].slice(16)).toEqual([6, 0, 3, 0, 97, 0, 0, 0]);
    const mark = encodeLinkMark(9, { alias: 'b', group: 1 });
    expect([...mark].slice(16)).toEqual([6, 0, 20, 0, 98, 0, 0, 0, 8, 0, 27, 0, 1, 0, 0, 0]);
  });
});
