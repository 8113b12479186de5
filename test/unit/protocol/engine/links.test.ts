import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { addressKey, LinkTable } from '../../../../src/protocol/engine/links.ts';
import { addressOf, linkOf } from '../../../conformance/rig.ts';

const ADDRESS = addressOf('192.0.2.50/24');

function tableWith(...links: Parameters<LinkTable['replace']>[0]): LinkTable {
  const table = new LinkTable();
  table.replace(links);
  return table;
}

describe('the link table', () => {
  test('finds links by index and by name', () => {
    const table = tableWith(linkOf(), linkOf({ index: 3, name: 'eth1' }));
    expect(table.byIndex(3)?.attributes.name).toBe('eth1');
    expect(table.byName('eth0')?.attributes.index).toBe(2);
    expect(table.byName('eth2')).toBeUndefined();
  });

  test('forgets links that a new dump does not have', () => {
    const table = tableWith(linkOf());
    table.replace([]);
    expect(table.byName('eth0')).toBeUndefined();
    expect(table.byIndex(2)).toBeUndefined();
  });

  test('keeps the addresses of a link that changes', () => {
    const table = tableWith(linkOf());
    const { addresses: _, ...attributes } = linkOf({ running: false });
    table.change(attributes);
    expect(table.byName('eth0')?.attributes.running).toBe(false);
    expect(table.byName('eth0')?.addresses.size).toBe(2);
  });

  test('follows a link that is renamed', () => {
    const table = tableWith(linkOf());
    const { addresses: _, ...attributes } = linkOf({ name: 'wan' });
    table.change(attributes);
    expect(table.byName('eth0')).toBeUndefined();
    expect(table.byName('wan')?.attributes.index).toBe(2);
  });

  test('assigns a name to the link that took it last', () => {
    const table = tableWith(linkOf());
    const { addresses: _, ...attributes } = linkOf({ index: 3 });
    table.change(attributes);
    table.change({ ...linkOf({ name: 'old' }) });
    expect(table.byName('eth0')?.attributes.index).toBe(3);
    table.change({ ...attributes, name: 'wan' });
    table.remove(2);
    expect(table.byName('wan')?.attributes.index).toBe(3);
  });

  test('removing a link keeps the one that took over its name', () => {
    const table = tableWith(linkOf());
    const { addresses: _, ...attributes } = linkOf({ index: 3 });
    table.change(attributes);
    table.remove(2);
    expect(table.byName('eth0')?.attributes.index).toBe(3);
    table.remove(3);
    expect(table.byName('eth0')).toBeUndefined();
    table.remove(3);
  });

  test('returns whether an added address is new', () => {
    const table = tableWith(linkOf());
    expect(table.addAddress(2, ADDRESS)).toBe(true);
    expect(table.addAddress(2, { ...ADDRESS })).toBe(false);
    expect(table.addAddress(9, ADDRESS)).toBe(false);
  });

  test.each(['ours', 'tentative', 'duplicate'])('notices a change of `%s`', (what) => {
    const table = tableWith(linkOf());
    table.addAddress(2, ADDRESS);
    expect(table.addAddress(2, { ...ADDRESS, [what]: true })).toBe(true);
  });

  test('returns whether a removed address was known', () => {
    const table = tableWith(linkOf({ addresses: [ADDRESS] }));
    expect(table.removeAddress(2, ADDRESS.address, 32)).toBe(false);
    expect(table.removeAddress(2, ADDRESS.address, 24)).toBe(true);
    expect(table.removeAddress(2, ADDRESS.address, 24)).toBe(false);
    expect(table.removeAddress(9, ADDRESS.address, 24)).toBe(false);
  });

  test('distinguishes addresses by prefix length and far end, too', () => {
    const [own, peer] = [ip('192.0.2.1'), ip('198.51.100.9')];
    const keys = [addressKey(own, 24), addressKey(own, 32), addressKey(own, 32, peer)];
    expect(new Set(keys).size).toBe(3);
  });

  test('has an IPv6 address once on a link, with the prefix length that was reported last', () => {
    const table = tableWith(linkOf({ addresses: [addressOf('2001:db8::1/128')] }));
    table.addAddress(2, addressOf('2001:db8::1/64'));
    const prefix = { address: ip('2001:db8::'), length: 64 };
    expect([...(table.byIndex(2)?.addresses.keys() ?? [])]).toEqual(['2001:db8::1/64']);
    expect(table.hasPrefix('eth0', prefix)).toBe(true);
    expect(table.removeAddress(2, ip('2001:db8::1'), 128)).toBe(false);
    expect(table.byIndex(2)?.ipv6.size).toBe(1);
    table.addAddress(2, addressOf('2001:db8::1/128'));
    expect(table.hasPrefix('eth0', prefix)).toBe(false);
    expect(table.removeAddress(2, ip('2001:db8::1'), 128)).toBe(true);
    expect(table.byIndex(2)?.ipv6.size).toBe(0);
  });

  test('FR-L8 knows which addresses are its own for packets that leave by a link', () => {
    const [peer, local] = [ip('192.0.2.12'), ip('fe80::12')];
    const both = [addressOf('192.0.2.12/24'), addressOf('fe80::12/64')];
    const other = { index: 3, name: 'eth1', addresses: both };
    const isOwn = (from: Parameters<typeof linkOf>[0], holder: Parameters<typeof linkOf>[0]) => {
      const table = tableWith(linkOf(from), linkOf(holder));
      return [peer, local].map((one) => table.isOwn(one, table.byIndex(2)?.attributes));
    };
    expect(isOwn({}, other)).toEqual([true, false]);
    expect(isOwn({}, { ...other, vrf: 7 })).toEqual([false, false]);
    expect(isOwn({ vrf: 7 }, { ...other, vrf: 7 })).toEqual([true, false]);
    expect(isOwn({ vrf: 7 }, { ...other, vrf: 8 })).toEqual([false, false]);
    expect(isOwn({ vrf: 7 }, other)).toEqual([true, false]);
    const table = tableWith(linkOf({ addresses: both }));
    expect(table.isOwn(local, table.byIndex(2)?.attributes)).toBe(true);
  });

  test('takes the prefix of a point-to-point address from its far end', () => {
    const far = addressOf('192.0.2.1/24', { peer: ip('198.51.100.9') });
    const table = tableWith(linkOf({ addresses: [far] }));
    expect(table.hasPrefix('eth0', { address: ip('192.0.2.0'), length: 24 })).toBe(false);
    expect(table.hasPrefix('eth0', { address: ip('198.51.100.0'), length: 24 })).toBe(true);
    expect(table.reaching(ip('198.51.100.7'))).toHaveLength(1);
  });
});
