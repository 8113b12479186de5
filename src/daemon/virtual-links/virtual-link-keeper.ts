/**
 * Creates the macvlan links that carry virtual MAC addresses, sets the sysctls with which the kernel
 * answers for the VIPs with the virtual MAC only, and removes and restores all of it. Runs on the main
 * thread, as some requests take the kernel 15 ms.
 *
 * The alias of each link names its owner and the former sysctls of its interface, so that the next run
 * can clean up after a crash.
 */
import type { LoadedConfig } from '../../config/load.ts';
import type { InterfaceSettingsPort, MacvlanPort } from '../../kernel/ports.ts';
import { Macvlans } from '../../kernel/rtnetlink/macvlans.ts';
import { InterfaceSettings } from '../../kernel/sysctl/interface-settings.ts';
import { familyOf } from '../../net/address.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import type { VirtualLinkRequest } from '../../protocol/thread/loop.ts';
import {
  MACVLAN_MODE_BRIDGE,
  type MacvlanLink,
  type NamedLink,
  type NewMacvlan,
} from '../../wire/netlink/route/macvlan.ts';
import { ParentSettings, parseSaved, type SavedSettings } from './parent-settings.ts';

const MARK = 'vrrp-agent';

/** The upper 16 bits of the link groups of all agents. */
const GROUP_PREFIX = 0x5652;

/** Milliseconds; longer than any link stays up after its last address was removed. */
const NEVER_REPORT = 3_600_000;

interface VirtualLinkParts {
  readonly macvlans: MacvlanPort;
  readonly sysctls: InterfaceSettingsPort;
  /** The path of the control socket, which is unique among running agents. */
  readonly owner: string;
}

/** Links of a predecessor that still runs, or of instances that a process was MASTER of when it died. */
export type LinksInUse =
  | { readonly of: 'predecessor'; readonly settings: Settings }
  | { readonly of: 'former'; readonly instances: readonly InstanceSettings[] };

/** Creates the links that the settings need before the protocol starts. */
export function openVirtualLinks(
  { settings, agent }: LoadedConfig,
  inUse: LinksInUse,
): VirtualLinkKeeper {
  const keeper = new VirtualLinkKeeper({
    macvlans: new Macvlans(),
    sysctls: new InterfaceSettings(),
    owner: agent.control.socket,
  });
  if (inUse.of === 'predecessor') keeper.prune(inUse.settings);
  else keeper.prepare(settings, inUse.instances);
  return keeper;
}

export class VirtualLinkKeeper {
  readonly #macvlans: MacvlanPort;
  readonly #sysctls: InterfaceSettingsPort;
  readonly #owner: string;
  readonly #group: number;
  readonly #parents: ParentSettings;
  /** Instances by the name of their link. */
  #wanted = new Map<string, InstanceSettings>();

  constructor({ macvlans, sysctls, owner }: VirtualLinkParts) {
    this.#macvlans = macvlans;
    this.#sysctls = sysctls;
    this.#owner = owner;
    this.#group = GROUP_PREFIX * 0x1_0000 + (hashOf(owner) & 0xffff);
    this.#parents = new ParentSettings(sysctls);
  }

  /**
   * For an ordinary start: creates the wanted links as far as possible; for a missing one `make` gives
   * the reason later. Sets links of an earlier run down, and removes those that are not wanted. Those of
   * `former` stay up: the kernel removes the IPv6 addresses of a link that goes down.
   */
  prepare(settings: Pick<Settings, 'instances'>, former: readonly InstanceSettings[] = []): void {
    const kept = new Set(former.map(({ virtualMac }) => virtualMac?.interface));
    for (const { macvlan } of this.#macvlans.links()) {
      if (macvlan?.up !== true || !this.#isOwn(macvlan) || kept.has(macvlan.name)) continue;
      this.#macvlans.setDown(macvlan.index);
    }
    this.prune(settings);
  }

  /** Call before a change of configuration: creates its new links. Links in use stay until `prune`. */
  extend({ instances }: Pick<Settings, 'instances'>): void {
    for (const instance of instances) {
      const name = instance.virtualMac?.interface;
      const present = this.#wanted.get(name ?? '');
      if (name === undefined || (present !== undefined && !isSameLink(present, instance))) continue;
      this.#wanted.set(name, instance);
      this.make(name);
    }
  }

  /** Removes the links that these settings do not want; a predecessor's settings keep all of its links. */
  prune({ instances }: Pick<Settings, 'instances'>): void {
    this.#wanted = new Map();
    for (const instance of instances) {
      if (instance.virtualMac !== undefined) {
        this.#wanted.set(instance.virtualMac.interface, instance);
      }
    }
    const links = this.#macvlans.links();
    for (const { macvlan } of links) {
      if (macvlan === undefined || !this.#isOwn(macvlan)) continue;
      this.#remember(macvlan, links);
      if (!this.#wanted.has(macvlan.name)) this.#macvlans.remove(macvlan.index);
    }
    for (const name of this.#wanted.keys()) this.make(name);
    this.#restoreUnused();
  }

  /** Carries out a request of the engine, which learns of a new link from the kernel. */
  answer({ kind, name }: VirtualLinkRequest, feed: (input: Input) => void): void {
    if (kind === 'virtual-link.set-down') {
      this.setDown(name);
      feed({ kind: 'virtual-link.down', name });
      return;
    }
    const message = problemOf(() => {
      this.#removeRenamed(name);
      this.#make(name);
    });
    if (message !== undefined) feed({ kind: 'virtual-link.failed', name, message });
  }

  /** Creates or corrects the link; returns why that failed. */
  make(name: string): string | undefined {
    return problemOf(() => this.#make(name));
  }

  /** Disables IPv6 first, so that the kernel sends no MLD report for the groups that it leaves. */
  setDown(name: string): void {
    try {
      const link = this.#macvlans.find(name);
      if (link?.macvlan === undefined) return;
      const hasIpv6 = this.#sysctls.read('ipv6', name, 'disable_ipv6') === 0;
      if (hasIpv6) this.#sysctls.ensure('ipv6', name, 'disable_ipv6', 1);
      this.#macvlans.setDown(link.index);
      if (hasIpv6) this.#sysctls.ensure('ipv6', name, 'disable_ipv6', 0);
    } catch (error) {
      // The link is missing or stays up: harmless, as it no longer has addresses.
      messageOf(error);
    }
  }

  /** Removes all links of this agent and restores the settings of their interfaces. */
  removeAll(): void {
    this.#wanted = new Map();
    const links = this.#macvlans.links();
    const own = links.filter(({ macvlan }) => macvlan !== undefined && this.#isOwn(macvlan));
    const inGroup = links.filter(({ macvlan }) => macvlan?.group === this.#group);
    if (own.length > 1 && own.length === inGroup.length) {
      this.#macvlans.removeGroup(this.#group);
    } else {
      for (const { index } of own) this.#macvlans.remove(index);
    }
    this.#restoreUnused();
  }

  #make(name: string): void {
    const instance = this.#wanted.get(name);
    const { virtualMac, interface: parentName } = instance ?? {};
    if (instance === undefined || virtualMac === undefined) return;
    const parent = this.#macvlans.find(parentName ?? '');
    if (parent === undefined) throw new Error(`there is no interface ${parentName}`);
    const wanted = { name, parent: parent.index, mac: virtualMac.mac };
    this.#parents.prepare(parent.name, hasFamily(instance, name, 'ipv4'));
    const vrf = this.#vrfOf(instance);
    const made = this.#adopt(wanted) ?? this.#create(wanted);
    if (made.vrf !== vrf) this.#macvlans.setVrf(made.index, vrf);
    // The kernel lowers the MTU with the parent's (below 1280 without IPv6) but never raises it.
    if (this.#macvlans.find(name)?.mtu !== parent.mtu) {
      this.#macvlans.setMtu(made.index, parent.mtu);
    }
    const alias = `${MARK} ${this.#parents.textOf(parent.name)} ${this.#owner}`;
    this.#macvlans.mark(made.index, { alias, group: this.#group });
    this.#configure(instance, name);
  }

  /** Index of the VRF, which does not pass on from the parent; 0: none. */
  #vrfOf({ vrf }: InstanceSettings): number {
    if (vrf === undefined) return 0;
    const found = this.#macvlans.find(vrf.name);
    if (found?.vrfTable === undefined) throw new Error(`there is no VRF ${vrf.name}`);
    return found.index;
  }

  /** The link of an earlier run if it fits; one that does not is removed. */
  #adopt({ name, parent, mac }: NewMacvlan): MacvlanLink | undefined {
    const present = this.#macvlans.find(name);
    if (present === undefined) return undefined;
    const { macvlan } = present;
    // Without an alias and down: its creator died before it could finish.
    const isUnfinished = macvlan?.alias === '' && !macvlan.up;
    if (macvlan === undefined || !(isMarked(macvlan) || isUnfinished)) {
      throw new Error(
        'another program has created a link with this name: remove it, or choose another name ' +
          'with virtual_mac: { interface: NAME }',
      );
    }
    const fits = macvlan.parent === parent && macvlan.mac === mac;
    if (fits && macvlan.mode === MACVLAN_MODE_BRIDGE) return macvlan;
    this.#macvlans.remove(macvlan.index);
    return undefined;
  }

  #create(wanted: NewMacvlan): MacvlanLink {
    this.#macvlans.create(wanted);
    const made = this.#macvlans.find(wanted.name)?.macvlan;
    if (made === undefined) throw new Error('the link disappeared after it was created');
    if (made.parent !== wanted.parent) {
      this.#macvlans.remove(made.index);
      throw new Error(
        'the interface is itself a macvlan, and the kernel stacks no macvlan on another',
      );
    }
    return made;
  }

  /**
   * Of the links with one MAC address on an interface, the kernel sets up one only: a link of this agent that
   * another program has given another name would keep the new one down.
   */
  #removeRenamed(name: string): void {
    if (this.#macvlans.find(name) !== undefined) return;
    const mac = this.#wanted.get(name)?.virtualMac?.mac;
    for (const { macvlan } of this.#macvlans.links()) {
      if (macvlan === undefined || macvlan.mac !== mac) continue;
      if (!this.#isOwn(macvlan) || this.#wanted.has(macvlan.name)) continue;
      this.#macvlans.remove(macvlan.index);
    }
  }

  /** The link is down, so that none of this is visible on the wire. */
  #configure(instance: InstanceSettings, name: string): void {
    const { interface: parent } = instance;
    const set = (family: 'ipv4' | 'ipv6', key: string, value: number | undefined) => {
      if (value === undefined) return;
      const present = this.#sysctls.read(family, name, key);
      if (present === undefined || present === value) return;
      this.#sysctls.ensure(family, name, key, value);
    };
    // Answers for its own addresses only: never with the virtual MAC for those of the host.
    set('ipv4', 'arp_ignore', 1);
    set('ipv4', 'arp_announce', 2);
    // Routes lead through the parent: strict filtering would drop packets to the VIPs.
    set('ipv4', 'rp_filter', this.#parents.filtersSources(parent) ? 2 : 0);
    set('ipv4', 'forwarding', this.#sysctls.read('ipv4', parent, 'forwarding'));
    if (!hasFamily(instance, name, 'ipv6')) {
      set('ipv6', 'disable_ipv6', 1);
      return;
    }
    // RFC 9568 section 7.4: no interface identifier from the virtual MAC.
    set('ipv6', 'addr_gen_mode', 1);
    set('ipv6', 'accept_ra', 0);
    set('ipv6', 'router_solicitations', 0);
    set('ipv6', 'mldv1_unsolicited_report_interval', NEVER_REPORT);
    set('ipv6', 'mldv2_unsolicited_report_interval', NEVER_REPORT);
    set('ipv6', 'forwarding', this.#sysctls.read('ipv6', parent, 'forwarding'));
    set('ipv6', 'disable_ipv6', 0);
  }

  /** Keeps the original settings of the interface, which an earlier run has stored in the alias. */
  #remember({ alias, parent }: MacvlanLink, links: readonly NamedLink[]): void {
    const name = links.find((link) => link.index === parent)?.name;
    const saved: SavedSettings | undefined = parseSaved(alias);
    if (name !== undefined && saved !== undefined) this.#parents.remember(name, saved);
  }

  #restoreUnused(): void {
    this.#parents.restoreExcept(new Set([...this.#wanted.values()].map((one) => one.interface)));
  }

  #isOwn({ alias }: MacvlanLink): boolean {
    return isMarked({ alias }) && alias.endsWith(` ${this.#owner}`);
  }
}

function isSameLink(a: InstanceSettings, b: InstanceSettings): boolean {
  return a.interface === b.interface && a.virtualMac?.mac === b.virtualMac?.mac;
}

function isMarked({ alias }: Pick<MacvlanLink, 'alias'>): boolean {
  return alias.startsWith(`${MARK} `);
}

function hasFamily(instance: InstanceSettings, name: string, family: 'ipv4' | 'ipv6'): boolean {
  return [...instance.addresses, ...instance.extraAddresses].some(
    (one) => one.interface === name && familyOf(one.address) === family,
  );
}

/** Undefined: there is none. */
function problemOf(step: () => void): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Rethrows bugs. */
function messageOf(error: unknown): string {
  if (error instanceof Error && !(error instanceof TypeError)) return error.message;
  throw error;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
