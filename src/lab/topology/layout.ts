/**
 * The plan of a lab: which namespaces, links and addresses there are. Nothing is made here.
 *
 *     +-------------+   +-------------+         +---------------+
 *     | P-lb1  eth0 |   | P-lb2  eth0 |   ...   | P-client eth0 |
 *     | 192.0.2.11  |   | 192.0.2.12  |         | 192.0.2.50    |
 *     | fe80::11    |   | fe80::12    |         | fe80::50      |
 *     |             |   |             |         | 2001:db8::50  |
 *     +------+------+   +------+------+         +-------+-------+
 *        lb1 |             lb2 |                 client |
 *     +------+-----------------+------------------------+-------+
 *     | P-switch                bridge                          |
 *     +---------------------------------------------------------+
 */
import { familyOf, type IpAddress, ip } from '../../net/address.ts';
import { LabError } from '../command.ts';

/** Every machine of the lab has an interface called like this. */
export const HOST_INTERFACE = 'eth0';
export const SWITCH_BRIDGE = 'bridge';

/** The second network, of the directors alone, where a lab has one: 198.51.100.0/24 (RFC 5737). */
export const PEER_INTERFACE = 'eth1';
export const PEER_BRIDGE = 'peers';

/** The first address of every IPv6 virtual router. */
export const VIRTUAL_LINK_LOCAL = ip('fe80::55:1');

export const DIRECTORS_MAX = 9;
export const CLIENTS_MAX = 4;

export interface LabHost {
  /** `lb1`, `lb2`, … or `client`, `client2`, …; also the name of the port on the switch. */
  readonly name: string;
  readonly namespace: string;
  readonly address: IpAddress;
  readonly linkLocal: IpAddress;
}

export interface LabLayout {
  readonly prefix: string;
  readonly directors: readonly LabHost[];
  /** The first of them. */
  readonly client: LabHost;
  readonly clients: readonly LabHost[];
  readonly switchNamespace: string;
  /** Whether the directors have a second network among themselves. */
  readonly hasPeerNetwork: boolean;
}

/** The last byte of the address of the first client. */
const FIRST_CLIENT = 50;

/** Where clients ask from, and which of them it is, counted from 0. */
export function clientNumber(address: IpAddress): number {
  return Number(/(\d+)$/.exec(address)?.[1] ?? 0) - FIRST_CLIENT;
}

/** Where the host's advertisements of a virtual router come from that has this address. */
export function advertisementSource(host: LabHost, virtual: IpAddress): IpAddress {
  return familyOf(virtual) === 'ipv6' ? host.linkLocal : host.address;
}

/** The prefix names namespaces and a file, so that it may hold nothing but letters, digits, `-`. */
export function checkPrefix(prefix: string): string {
  if (/^[a-z][a-z0-9-]{0,23}$/.test(prefix)) return prefix;
  const rule = "a lower-case letter, then letters, digits and '-', 24 characters at most";
  throw new LabError('lab-name-error', `not a lab prefix: '${prefix}' (${rule})`);
}

export function labLayout(
  prefix: string,
  directorCount = 2,
  hasPeerNetwork = false,
  clientCount = 1,
): LabLayout {
  checkPrefix(prefix);
  if (!Number.isInteger(directorCount) || directorCount < 1 || directorCount > DIRECTORS_MAX) {
    throw new LabError('lab-name-error', `a lab has 1 to ${DIRECTORS_MAX} directors`);
  }
  const host = (name: string, lastByte: number): LabHost => ({
    name,
    namespace: `${prefix}-${name}`,
    address: ip(`192.0.2.${lastByte}`),
    linkLocal: ip(`fe80::${lastByte}`),
  });
  const directors = Array.from({ length: directorCount }, (_, at) => host(`lb${at + 1}`, 11 + at));
  const client = host('client', FIRST_CLIENT);
  const others = Array.from({ length: clientCount - 1 }, (_, at) =>
    host(`client${at + 2}`, FIRST_CLIENT + 1 + at),
  );
  const switchNamespace = `${prefix}-switch`;
  return {
    prefix,
    directors,
    client,
    clients: [client, ...others],
    switchNamespace,
    hasPeerNetwork,
  };
}

/** The virtual addresses of the lab begin at 192.0.2.100. */
export function virtualAddress(index: number): IpAddress {
  return ip(`192.0.2.${100 + index}`);
}

/** Those of IPv6 begin at 2001:db8::100; the link-local one comes first. */
export function virtualAddresses6(count: number): IpAddress[] {
  const global = (_: unknown, index: number) => ip(`2001:db8::${(0x100 + index).toString(16)}`);
  return [VIRTUAL_LINK_LOCAL, ...Array.from({ length: count - 1 }, global)];
}

export function hostsOf(layout: LabLayout): readonly LabHost[] {
  return [...layout.directors, ...layout.clients];
}

export function namespacesOf(layout: LabLayout): readonly string[] {
  return [layout.switchNamespace, ...hostsOf(layout).map((host) => host.namespace)];
}

/** The port of a director on the switch of the second network. */
export function peerPort({ name }: Pick<LabHost, 'name'>): string {
  return `${name}-${PEER_INTERFACE}`;
}

export function peerAddress({ address }: Pick<LabHost, 'address'>): IpAddress {
  return ip(`198.51.100.${address.slice(address.lastIndexOf('.') + 1)}`);
}

/**
 * Both ends are born in their namespaces: the machine's own namespace never sees a link. The
 * bridges come first, or else the first port would have the number its peer has in another
 * namespace; the kernel takes such a link for its own lower link, as a physical one is, and puts off
 * telling of its carrier by up to a second (linkwatch_urgent_event() of net/core/link_watch.c).
 */
export function creationLines(layout: LabLayout): string[] {
  const { switchNamespace, directors, hasPeerNetwork } = layout;
  const cable = (port: string, interfaceName: string, { namespace }: LabHost) =>
    `link add ${port} netns ${switchNamespace} ` +
    `type veth peer name ${interfaceName} netns ${namespace}`;
  const bridge = (name: string) =>
    `link add ${name} netns ${switchNamespace} ` +
    'type bridge forward_delay 0 stp_state 0 mcast_snooping 0';
  return [
    ...namespacesOf(layout).map((namespace) => `netns add ${namespace}`),
    bridge(SWITCH_BRIDGE),
    ...(hasPeerNetwork ? [bridge(PEER_BRIDGE)] : []),
    ...hostsOf(layout).map((host) => cable(host.name, HOST_INTERFACE, host)),
    ...(hasPeerNetwork ? directors.map((one) => cable(peerPort(one), PEER_INTERFACE, one)) : []),
  ];
}

/** Forwards from the first moment on, and multicast to every port. */
export function switchLines(layout: LabLayout): string[] {
  const peerLines = [
    ...layout.directors.map((one) => `link set ${peerPort(one)} master ${PEER_BRIDGE} up`),
    `link set ${PEER_BRIDGE} up`,
  ];
  return [
    'link set lo up',
    ...hostsOf(layout).map(({ name }) => `link set ${name} master ${SWITCH_BRIDGE} up`),
    `link set ${SWITCH_BRIDGE} up`,
    ...(layout.hasPeerNetwork ? peerLines : []),
  ];
}

export function peerNetworkLines(host: LabHost): string[] {
  return [
    `addr add ${peerAddress(host)}/24 dev ${PEER_INTERFACE}`,
    `link set ${PEER_INTERFACE} up`,
  ];
}

export function hostLines(host: LabHost): string[] {
  const [number] = /\d+$/.exec(host.linkLocal) ?? [];
  return [
    'link set lo up',
    `addr add ${host.address}/24 dev ${HOST_INTERFACE}`,
    `addr add ${host.linkLocal}/64 dev ${HOST_INTERFACE} nodad`,
    `link set ${HOST_INTERFACE} up`,
    host.name.startsWith('client')
      ? `addr add 2001:db8::${number}/64 dev ${HOST_INTERFACE} nodad`
      : `route add 2001:db8::/64 dev ${HOST_INTERFACE}`,
  ];
}

/**
 * Duplicate address detection would leave IPv6 addresses unusable for a second or two; addr_gen_mode 1
 * leaves the choice of link-local addresses to this file (ip-sysctl.rst).
 */
export const HOST_SYSCTLS: readonly string[] = [
  `net.ipv6.conf.${HOST_INTERFACE}.addr_gen_mode=1`,
  'net.ipv6.conf.all.accept_dad=0',
  'net.ipv6.conf.default.accept_dad=0',
];
