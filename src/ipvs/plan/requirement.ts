/** What a host needs for IPVS, with its current value and the commands that change it. */
import {
  addressBits,
  type Family,
  familyOf,
  type IpAddress,
  networkOf,
} from '../../net/address.ts';
import type { Tunnel } from '../../net/ipvs.ts';

export type PreparedRole = 'director' | 'realserver';
export type PreparedMode = 'nat' | 'dr' | 'tun';

export interface HostLink {
  readonly name: string;
  readonly isUp: boolean;
  readonly addresses: readonly HostAddress[];
}

interface HostAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface HostFacts {
  readonly links: readonly HostLink[];
  /** Next hops of the default routes. */
  readonly gateways: readonly IpAddress[];
  readonly hasIpvs: boolean;
  /** Value of a parameter like `net.ipv4.ip_forward`; undefined: the kernel has no such parameter. */
  sysctl(name: string): string | undefined;
}

export interface PreparationInput {
  readonly role: PreparedRole;
  readonly mode: PreparedMode;
  readonly vips: readonly IpAddress[];
  /** Inside addresses that move with the VIPs: the gateways of servers behind `nat`. */
  readonly gateways: readonly IpAddress[];
  /** Addresses of the real servers, as far as they are known. */
  readonly servers: readonly IpAddress[];
  /** Encapsulations used with `tun`; empty: ipip. */
  readonly tunnels: readonly PreparedTunnel[];
}

export type PreparedTunnel = Pick<Tunnel, 'type' | 'port'>;

export interface Requirement {
  /** Parameter, address or device. */
  readonly subject: string;
  readonly why: string;
  readonly wanted: string;
  readonly found: string;
  /** `hint`: whether it is needed cannot be decided on this host. */
  readonly state: 'met' | 'unmet' | 'hint';
  /** In order; each as a program and its arguments. */
  readonly commands: readonly (readonly string[])[];
  /** Line for sysctl.d that keeps it across a reboot; undefined: there is none. */
  readonly persistent: string | undefined;
}

/** Families of the VIPs; both if no VIP is known. */
export function familiesOf({ vips }: PreparationInput): Family[] {
  const families = new Set(vips.map(familyOf));
  return families.size === 0 ? ['ipv4', 'ipv6'] : [...families];
}

export function sysctlRequirement(
  facts: HostFacts,
  name: string,
  wanted: string,
  why: string,
): Requirement {
  const found = facts.sysctl(name);
  return {
    subject: name,
    why,
    wanted,
    found: found ?? 'not in this kernel',
    state: found === wanted ? 'met' : 'unmet',
    commands: [['sysctl', '-w', `${name}=${wanted}`]],
    persistent: `${name} = ${wanted}`,
  };
}

export function hint(
  subject: string,
  why: string,
  commands: readonly (readonly string[])[] = [],
): Requirement {
  return {
    ...{ subject, why, commands },
    wanted: 'to be decided',
    found: '',
    state: 'hint',
    persistent: undefined,
  };
}

/** `203.0.113.100/32` */
export function hostPrefix(address: IpAddress): string {
  return `${address}/${addressBits(familyOf(address))}`;
}

/** The link whose network contains the address. */
export function linkTowards(facts: HostFacts, address: IpAddress): HostLink | undefined {
  return facts.links.find(({ addresses }) => addresses.some((one) => includes(one, address)));
}

function includes({ address, prefixLength }: HostAddress, other: IpAddress): boolean {
  if (familyOf(address) !== familyOf(other)) return false;
  if (prefixLength === addressBits(familyOf(address))) return false;
  return networkOf(address, prefixLength) === networkOf(other, prefixLength);
}
