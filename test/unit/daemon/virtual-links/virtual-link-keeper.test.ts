import { describe, expect, test } from 'vitest';
import { VirtualLinkKeeper } from '../../../../src/daemon/virtual-links/virtual-link-keeper.ts';
import type { InterfaceSettingsPort, MacvlanPort } from '../../../../src/kernel/ports.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import type { Input } from '../../../../src/protocol/engine/inputs.ts';
import type { InstanceSettings } from '../../../../src/protocol/engine/settings.ts';
import type {
  MacvlanLink,
  NamedLink,
  NewMacvlan,
} from '../../../../src/wire/netlink/route/macvlan.ts';
import { instanceOf } from '../../../conformance/rig.ts';

const SOCKET = '/run/vrrp-agent/control.sock';
const NAME = 'vr4-55-eth0';
const VIRTUAL_MAC = mac('00:00:5e:00:01:37');

/** A kernel with interfaces and sysctls, as far as the keeper uses them. */
class FakeKernel implements MacvlanPort, InterfaceSettingsPort {
  readonly calls: string[] = [];
  readonly values = new Map<string, number>();
  refuses: string | undefined;
  #links: NamedLink[] = [{ index: 2, name: 'eth0', mtu: 1500, macvlan: undefined }];
  #nextIndex = 3;

  links(): NamedLink[] {
    return [...this.#links];
  }

  find(name: string): NamedLink | undefined {
    return this.#links.find((link) => link.name === name);
  }

  macvlan(name = NAME): MacvlanLink | undefined {
    return this.find(name)?.macvlan;
  }

  create(wanted: NewMacvlan): void {
    if (this.refuses !== undefined) throw new Error(this.refuses);
    this.calls.push(`create ${wanted.name}`);
    this.put(wanted);
  }

  put(wanted: NewMacvlan, more: Partial<MacvlanLink> = {}): void {
    const index = this.#nextIndex++;
    const macvlan = { ...wanted, index, mode: 4, up: false, alias: '', group: 0, vrf: 0, ...more };
    this.#links.push({ index, name: wanted.name, mtu: 1500, macvlan });
    for (const key of ['arp_ignore', 'arp_announce', 'rp_filter', 'forwarding']) {
      this.values.set(`ipv4 ${wanted.name} ${key}`, 0);
    }
    this.values.set(`ipv6 ${wanted.name} disable_ipv6`, 0);
  }

  mark(index: number, mark: { readonly alias: string; readonly group: number }): void {
    this.#change(index, mark);
  }

  rename(index: number, name: string): void {
    this.#links = this.#links.map((link) => (link.index === index ? { ...link, name } : link));
    this.#change(index, { name });
  }

  setMtu(index: number, mtu: number): void {
    this.#links = this.#links.map((link) => (link.index === index ? { ...link, mtu } : link));
  }

  setVrf(index: number, vrf: number): void {
    this.#change(index, { vrf });
  }

  addVrf(name: string, vrfTable: number): void {
    this.#links.push({ index: this.#nextIndex++, name, mtu: 65_536, macvlan: undefined, vrfTable });
  }

  setDown(index: number): void {
    this.calls.push(`down ${this.#links.find((link) => link.index === index)?.name}`);
    this.#change(index, { up: false });
  }

  remove(index: number): void {
    this.calls.push(`remove ${this.#links.find((link) => link.index === index)?.name}`);
    this.#links = this.#links.filter((link) => link.index !== index);
  }

  removeGroup(group: number): void {
    this.calls.push('remove group');
    this.#links = this.#links.filter((link) => link.macvlan?.group !== group);
  }

  close(): void {}

  read(family: string, link: string, key: string): number | undefined {
    return this.values.get(`${family} ${link} ${key}`);
  }

  ensure(family: string, link: string, key: string, value: number): void {
    this.values.set(`${family} ${link} ${key}`, value);
  }

  #change(index: number, more: Partial<MacvlanLink>): void {
    this.#links = this.#links.map((link) =>
      link.index === index && link.macvlan !== undefined
        ? { ...link, macvlan: { ...link.macvlan, ...more } }
        : link,
    );
  }
}

function kernelWith(values: Readonly<Record<string, number>> = {}): FakeKernel {
  const kernel = new FakeKernel();
  const defaults = {
    'ipv4 all arp_ignore': 0,
    'ipv4 all arp_announce': 0,
    'ipv4 all rp_filter': 0,
    'ipv4 eth0 arp_ignore': 0,
    'ipv4 eth0 arp_announce': 0,
    'ipv4 eth0 rp_filter': 0,
    'ipv4 eth0 forwarding': 0,
  };
  for (const [key, value] of Object.entries({ ...defaults, ...values })) {
    kernel.values.set(key, value);
  }
  return kernel;
}

function keeperOn(kernel: FakeKernel, owner = SOCKET): VirtualLinkKeeper {
  return new VirtualLinkKeeper({ macvlans: kernel, sysctls: kernel, owner });
}

function web(name = NAME, vrid = 55): InstanceSettings {
  const more = vrid === 55 ? VIRTUAL_MAC : mac('00:00:5e:00:01:38');
  return instanceOf({
    name: `web-${vrid}`,
    vrid,
    addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: name }],
    virtualMac: { interface: name, mac: more },
  });
}

const ONE = { instances: [web()] };
const NONE = { instances: [] };

describe('a start', () => {
  test('creates the link, down, marked, with what it needs of the kernel', () => {
    const kernel = kernelWith({ 'ipv4 eth0 forwarding': 1, 'ipv4 all rp_filter': 1 });
    keeperOn(kernel).prepare(ONE);
    expect(kernel.macvlan()).toMatchObject({ parent: 2, mac: VIRTUAL_MAC, mode: 4, up: false });
    expect(kernel.macvlan()?.alias).toBe(`vrrp-agent arp_ignore=0,arp_announce=0 ${SOCKET}`);
    expect(Object.fromEntries(kernel.values)).toMatchObject({
      [`ipv4 ${NAME} arp_ignore`]: 1,
      [`ipv4 ${NAME} rp_filter`]: 2,
      [`ipv4 ${NAME} forwarding`]: 1,
      [`ipv6 ${NAME} disable_ipv6`]: 1,
      'ipv4 eth0 arp_ignore': 1,
      'ipv4 eth0 arp_announce': 2,
    });
  });

  test('puts the link into the VRF of its instance, and out of one that it no longer has', () => {
    const kernel = kernelWith();
    const inBlue = { instances: [{ ...web(), vrf: { name: 'blue', table: 10 } }] };
    const keeper = keeperOn(kernel);
    keeper.prepare(inBlue);
    expect(keeper.make(NAME)).toBe('there is no VRF blue');
    kernel.addVrf('blue', 10);
    expect(keeper.make(NAME)).toBeUndefined();
    expect(kernel.macvlan()?.vrf).toBe(kernel.find('blue')?.index);
    keeper.prepare(ONE);
    expect(kernel.macvlan()?.vrf).toBe(0);
  });

  test('leaves stricter settings of the interface as they are', () => {
    const kernel = kernelWith({ 'ipv4 all arp_ignore': 1, 'ipv4 eth0 arp_announce': 2 });
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    expect(kernel.read('ipv4', 'eth0', 'arp_ignore')).toBe(0);
    keeper.removeAll();
    expect(kernel.read('ipv4', 'eth0', 'arp_announce')).toBe(2);
  });

  test('reuses the link of a run that was killed, and sets it down first', () => {
    const kernel = kernelWith();
    keeperOn(kernel).prepare(ONE);
    const { index = 0 } = kernel.macvlan() ?? {};
    kernel.remove(index);
    kernel.put(
      { name: NAME, parent: 2, mac: VIRTUAL_MAC },
      {
        up: true,
        alias: `vrrp-agent arp_ignore=0,arp_announce=0 ${SOCKET}`,
      },
    );
    kernel.calls.length = 0;
    keeperOn(kernel).prepare(ONE);
    expect(kernel.calls).toEqual([`down ${NAME}`]);
  });

  test('leaves the link up whose run was MASTER, and may be again', () => {
    const kernel = kernelWith();
    const link = { parent: 2, mac: VIRTUAL_MAC };
    const made = { up: true, alias: `vrrp-agent arp_ignore=0,arp_announce=0 ${SOCKET}` };
    kernel.put({ ...link, name: NAME }, made);
    kernel.put({ ...link, name: 'unwanted' }, made);
    keeperOn(kernel).prepare(ONE, ONE.instances);
    expect(kernel.calls).toEqual(['down unwanted', 'remove unwanted']);
  });

  test('gives a link of an earlier run the present MTU of the interface', () => {
    const kernel = kernelWith();
    keeperOn(kernel).prepare(ONE);
    kernel.setMtu(kernel.macvlan()?.index ?? 0, 1_000);
    keeperOn(kernel).prepare(ONE);
    expect(kernel.find(NAME)?.mtu).toBe(1_500);
  });

  test('replaces a link of an earlier run that belongs to another interface now', () => {
    const kernel = kernelWith();
    const alias = `vrrp-agent arp_ignore=0,arp_announce=0 ${SOCKET}`;
    kernel.put({ name: NAME, parent: 7, mac: VIRTUAL_MAC }, { alias });
    keeperOn(kernel).prepare(ONE);
    expect(kernel.calls).toEqual([`remove ${NAME}`, `create ${NAME}`]);
  });

  test('removes unwanted links of an earlier run, and no others', () => {
    const kernel = kernelWith();
    const mark = 'vrrp-agent arp_ignore=0,arp_announce=0';
    const link = { parent: 2, mac: VIRTUAL_MAC };
    kernel.put({ ...link, name: 'mine' }, { alias: `${mark} ${SOCKET}` });
    kernel.put({ ...link, name: 'others' }, { alias: `${mark} /run/other.sock` });
    kernel.put({ ...link, name: 'strangers' }, { alias: '' });
    keeperOn(kernel).prepare(NONE);
    expect(kernel.calls).toEqual(['remove mine']);
  });

  test('refuses to use the link of another program', () => {
    const kernel = kernelWith();
    kernel.put({ name: NAME, parent: 2, mac: VIRTUAL_MAC }, { up: true });
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    expect(kernel.calls).toEqual([]);
    expect(keeper.make(NAME)).toContain('another program has created a link');
  });

  test('completes a link whose creator was killed before it could mark it', () => {
    const kernel = kernelWith();
    kernel.put({ name: NAME, parent: 2, mac: VIRTUAL_MAC });
    keeperOn(kernel).prepare(ONE);
    expect(kernel.calls).toEqual([]);
    expect(kernel.macvlan()?.alias).toContain('vrrp-agent');
  });
});

describe('a stop', () => {
  test('removes the link and restores the former settings', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    keeper.removeAll();
    expect(kernel.macvlan()).toBeUndefined();
    expect(kernel.read('ipv4', 'eth0', 'arp_ignore')).toBe(0);
    expect(kernel.read('ipv4', 'eth0', 'arp_announce')).toBe(0);
  });

  test('restores the settings from before a run that was killed', () => {
    const kernel = kernelWith({ 'ipv4 eth0 arp_announce': 1 });
    keeperOn(kernel).prepare(ONE);
    const successor = keeperOn(kernel);
    successor.prepare(ONE);
    successor.removeAll();
    expect(kernel.read('ipv4', 'eth0', 'arp_announce')).toBe(1);
  });

  test('keeps what another program has set in the meantime', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    kernel.ensure('ipv4', 'eth0', 'arp_ignore', 8);
    keeper.removeAll();
    expect(kernel.read('ipv4', 'eth0', 'arp_ignore')).toBe(8);
  });

  test('removes many links in one request, unless the group has a foreign one', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    const two = { instances: [web(), web('vr4-56-eth0', 56)] };
    keeper.prepare(two);
    keeper.removeAll();
    expect(kernel.calls.slice(-1)).toEqual(['remove group']);
    keeper.prepare(two);
    const group = kernel.macvlan()?.group ?? 0;
    kernel.put({ name: 'stranger', parent: 2, mac: VIRTUAL_MAC }, { group });
    keeper.removeAll();
    expect(kernel.find('stranger')).toBeDefined();
    expect(kernel.macvlan()).toBeUndefined();
  });
});

describe('an answer to the engine', () => {
  function answersTo(
    keeper: VirtualLinkKeeper,
    kind: 'virtual-link.make' | 'virtual-link.set-down',
  ) {
    const inputs: Input[] = [];
    keeper.answer({ kind, name: NAME }, (input) => inputs.push(input));
    return inputs;
  }

  test('reports why a link cannot be created', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    kernel.refuses = 'make vr4-55-eth0: EBUSY';
    keeper.prepare(ONE);
    const message = 'make vr4-55-eth0: EBUSY';
    expect(answersTo(keeper, 'virtual-link.make')).toEqual([
      { kind: 'virtual-link.failed', name: NAME, message },
    ]);
  });

  test('is left to the kernel if the link is created', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    kernel.remove(kernel.macvlan()?.index ?? 0);
    expect(answersTo(keeper, 'virtual-link.make')).toEqual([]);
    expect(kernel.macvlan()).toBeDefined();
  });

  test('FR-L9 replaces a link that another program has given another name', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    kernel.rename(kernel.macvlan()?.index ?? 0, 'other');
    expect(answersTo(keeper, 'virtual-link.make')).toEqual([]);
    expect(kernel.calls.slice(-2)).toEqual(['remove other', `create ${NAME}`]);
  });

  test('FR-L9 does not replace a link of another program with the same MAC', () => {
    const kernel = kernelWith();
    kernel.put({ name: 'strangers', parent: 2, mac: VIRTUAL_MAC });
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    expect(answersTo(keeper, 'virtual-link.make')).toEqual([]);
    expect(kernel.find('strangers')).toBeDefined();
  });

  test('is sent when the link is down or missing', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    const rested = [{ kind: 'virtual-link.down', name: NAME }];
    expect(answersTo(keeper, 'virtual-link.set-down')).toEqual(rested);
    expect(kernel.calls.slice(-1)).toEqual([`down ${NAME}`]);
    kernel.remove(kernel.macvlan()?.index ?? 0);
    expect(answersTo(keeper, 'virtual-link.set-down')).toEqual(rested);
  });
});

describe('another configuration', () => {
  test('has its links before it takes effect; the others are removed afterwards', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    const next = { instances: [web('vr4-56-eth0', 56)] };
    keeper.extend(next);
    expect(kernel.macvlan()).toBeDefined();
    expect(kernel.macvlan('vr4-56-eth0')).toBeDefined();
    keeper.prune(next);
    expect(kernel.macvlan()).toBeUndefined();
    expect(kernel.read('ipv4', 'eth0', 'arp_ignore')).toBe(1);
  });

  test('does not touch the link of a MASTER that keeps running', () => {
    const kernel = kernelWith();
    const keeper = keeperOn(kernel);
    keeper.prepare(ONE);
    kernel.calls.length = 0;
    keeper.extend(ONE);
    keeper.prune(ONE);
    expect(kernel.calls).toEqual([]);
  });
});
