import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Macvlans } from '../../src/kernel/rtnetlink/macvlans.ts';
import { Routes } from '../../src/kernel/rtnetlink/routes.ts';
import { InterfaceSettings } from '../../src/kernel/sysctl/interface-settings.ts';
import { mac } from '../../src/net/address.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite, linkIn, NamespacePair } from './support.ts';

const VIRTUAL_MAC = mac('00:00:5e:00:01:37');

let pair: NamespacePair;
let macvlans: Macvlans;
let parent: number;

beforeEach(() => {
  pair = new NamespacePair();
  parent = linkIn(pair.a, 'v0').index;
  macvlans = inNamespace(pair.a, () => new Macvlans());
});

afterEach(() => {
  macvlans.close();
  pair.remove();
});

function shown(name: string): string {
  return ip('-n', pair.a, '-details', 'link', 'show', name);
}

kernelSuite('macvlan links', () => {
  test('are created down, marked, set up by the protocol thread, and set down', () => {
    macvlans.create({ name: 'vm', parent, mac: VIRTUAL_MAC });
    const made = macvlans.find('vm');
    expect(made?.macvlan).toMatchObject({ parent, mac: VIRTUAL_MAC, mode: 4, up: false });
    const index = made?.index ?? 0;
    macvlans.mark(index, { alias: 'a mark', group: 77 });
    expect(shown('vm')).toMatch(/macvlan mode bridge/);
    expect(macvlans.find('vm')?.macvlan).toMatchObject({ alias: 'a mark', group: 77 });
    const routes = inNamespace(pair.a, () => new Routes());
    expect(routes.setLinksUp([index, 9_999]).map(({ errno }) => errno)).toEqual([0, 19]);
    expect(linkIn(pair.a, 'vm')).toMatchObject({ up: true, mac: VIRTUAL_MAC });
    routes.close();
    macvlans.setDown(index);
    expect(linkIn(pair.a, 'vm').up).toBe(false);
  });

  test('follow the MTU of their parent down, and up on request', () => {
    macvlans.create({ name: 'vm', parent, mac: VIRTUAL_MAC });
    ip('-n', pair.a, 'link', 'set', 'v0', 'mtu', '1000');
    expect(macvlans.find('vm')?.mtu).toBe(1_000);
    ip('-n', pair.a, 'link', 'set', 'v0', 'mtu', '1500');
    expect(macvlans.find('vm')?.mtu).toBe(1_000);
    macvlans.setMtu(macvlans.find('vm')?.index ?? 0, 1_500);
    expect(macvlans.find('vm')?.mtu).toBe(1_500);
  });

  test('are removed one by one, and by group', () => {
    for (const name of ['one', 'two', 'three']) {
      const last = name.length;
      macvlans.create({
        name,
        parent,
        mac: mac(`00:00:5e:00:01:${last}${name.charCodeAt(1) % 10}`),
      });
      macvlans.mark(macvlans.find(name)?.index ?? 0, {
        alias: name,
        group: name === 'one' ? 5 : 6,
      });
    }
    macvlans.removeGroup(6);
    expect(macvlans.links().flatMap(({ macvlan }) => macvlan?.name ?? [])).toEqual(['one']);
    macvlans.remove(macvlans.find('one')?.index ?? 0);
    expect(macvlans.find('one')).toBeUndefined();
  });

  test('are supported by the kernel, as a request shows that creates none', () => {
    expect(macvlans.isSupported()).toBe(true);
    expect(macvlans.links().flatMap(({ macvlan }) => macvlan?.name ?? [])).toEqual([]);
  });

  test('that cannot be created are refused with the reason', () => {
    macvlans.create({ name: 'vm', parent, mac: VIRTUAL_MAC });
    expect(() => macvlans.create({ name: 'vm', parent, mac: VIRTUAL_MAC })).toThrow(/EEXIST/);
    expect(() => macvlans.create({ name: 'other', parent: 9_999, mac: VIRTUAL_MAC })).toThrow();
  });
});

kernelSuite('settings of an interface', () => {
  test('are read, written where they differ, and refused with the reason', () => {
    inNamespace(pair.a, () => {
      const settings = new InterfaceSettings();
      expect(settings.read('ipv4', 'v0', 'arp_ignore')).toBe(0);
      settings.ensure('ipv4', 'v0', 'arp_ignore', 1);
      expect(readFileSync('/proc/sys/net/ipv4/conf/v0/arp_ignore', 'ascii')).toBe('1\n');
      expect(settings.read('ipv4', 'nowhere', 'arp_ignore')).toBeUndefined();
      expect(() => settings.ensure('ipv4', 'nowhere', 'arp_ignore', 1)).toThrow(/ENOENT/);
      expect(() => settings.ensure('ipv6', 'v0', 'addr_gen_mode', 77)).toThrow(/EINVAL/);
    });
  });
});
