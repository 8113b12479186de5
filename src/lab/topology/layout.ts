/**
 * The layout of a lab: its namespaces, links and addresses, as data.
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
import { familyOf, type IpAddress, ip, type MacAddress, mac } from '../../net/address.ts';
import { LabError } from '../command.ts';

/** The interface of every machine in the lab. */
export const HOST_INTERFACE = 'eth0';
export const SWITCH_BRIDGE = 'bridge';

/** The optional second network, of the directors only: 198.51.100.0/24 (RFC 5737). */
export const PEER_INTERFACE = 'eth1';
export const PEER_BRIDGE = 'peers';

/** The first address of every IPv6 virtual router. */
const VIRTUAL_LINK_LOCAL = ip('fe80::55:1');

export const DIRECTORS_MAX = 9;
export const CLIENTS_MAX = 4;
export const WITNESSES_MAX = 3;

export interface LabHost {
  /** `lb1`, ... or `client`, `client2`, ... or `etcd`, ...; also the name of its switch port. */
  readonly name: string;
  readonly namespace: string;
  readonly address: IpAddress;
  readonly linkLocal: IpAddress;
}

export interface LabLayout {
  readonly prefix: string;
  readonly directors: readonly LabHost[];
  /** The first of `clients`. */
  readonly client: LabHost;
  readonly clients: readonly LabHost[];
  /** Machines of etcd, on the network of the clients. */
  readonly witnesses: readonly LabHost[];
  readonly switchNamespace: string;
  /** The directors have the second network. */
  readonly hasPeerNetwork: boolean;
  /** The first client is the default gateway of the directors. */
  readonly hasGateway: boolean;
}

/** Last byte of the first client's address. */
const FIRST_CLIENT = 50;

/** Last byte of the first witness's address. */
const FIRST_WITNESS = 61;

/** Which client has this address; clients count from 0. */
export function clientNumber(address: IpAddress): number {
  return Number(/(\d+)$/.exec(address)?.[1] ?? 0) - FIRST_CLIENT;
}

/** The sender of a client's ARP requests: a host that does not exist. */
export interface ArpRequester {
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

/** A locally administered MAC, and an address that no machine of a lab has. Clients count from 0. */
export function arpRequesterOf(client: number): ArpRequester {
  const byte = 0xfe - client;
  return { mac: mac(`02:00:5e:10:00:${byte.toString(16)}`), ip: ip(`192.0.2.${byte}`) };
}

/** Source of the host's advertisements for a virtual router with this address. */
export function advertisementSource(host: LabHost, virtual: IpAddress): IpAddress {
  return familyOf(virtual) === 'ipv6' ? host.linkLocal : host.address;
}

/** The prefix is part of the names of namespaces and of a file. */
export function checkPrefix(prefix: string): string {
  if (/^[a-z][a-z0-9-]{0,23}$/.test(prefix)) return prefix;
  const rule = "a lower-case letter, then letters, digits and '-', at most 24 characters";
  throw new LabError('lab-name-error', `not a lab prefix: '${prefix}' (${rule})`);
}

export function labLayout(
  prefix: string,
  directorCount = 2,
  hasPeerNetwork = false,
  clientCount = 1,
  witnessCount = 0,
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
  const witnesses = witnessNames(witnessCount).map((name, at) => host(name, FIRST_WITNESS + at));
  const switchNamespace = `${prefix}-switch`;
  return {
    prefix,
    directors,
    client,
    clients: [client, ...others],
    witnesses,
    switchNamespace,
    hasPeerNetwork,
    hasGateway: false,
  };
}

/** The first is `etcd`; the others are `etcd2`, `etcd3`. */
export function witnessNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => (at === 0 ? 'etcd' : `etcd${at + 1}`));
}

/** Virtual addresses begin at 192.0.2.100. */
export function virtualAddress(index: number): IpAddress {
  return ip(`192.0.2.${100 + index}`);
}

/** A link-local address, then global ones from 2001:db8::100. */
export function virtualAddresses6(count: number): IpAddress[] {
  const global = (_: unknown, index: number) => ip(`2001:db8::${(0x100 + index).toString(16)}`);
  return [VIRTUAL_LINK_LOCAL, ...Array.from({ length: count - 1 }, global)];
}

export function hostsOf(layout: LabLayout): readonly LabHost[] {
  return [...layout.directors, ...layout.clients, ...layout.witnesses];
}

export function namespacesOf(layout: LabLayout): readonly string[] {
  return [layout.switchNamespace, ...hostsOf(layout).map((host) => host.namespace)];
}

/** `peers`: the second network, which only directors are connected to. */
export const NETWORKS = ['clients', 'peers'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** Name of the host's switch port. */
export function portOf(host: Pick<LabHost, 'name'>, network: NetworkName = 'clients'): string {
  return network === 'clients' ? host.name : peerPort(host);
}

/** Name of a director's switch port in the second network. */
export function peerPort({ name }: Pick<LabHost, 'name'>): string {
  return `${name}-${PEER_INTERFACE}`;
}

export function peerAddress({ address }: Pick<LabHost, 'address'>): IpAddress {
  return ip(`198.51.100.${address.slice(address.lastIndexOf('.') + 1)}`);
}

/**
 * Both ends of a link are created in their namespaces: the host's namespace never sees a link. The
 * bridges come first, so that no port has the index that its peer has in another namespace: the
 * kernel takes such a link for its own lower link, like a physical one, and reports its carrier up to
 * a second late (linkwatch_urgent_event() of net/core/link_watch.c).
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

/** The switch forwards immediately, and floods multicast to every port. */
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

/** A director without a default gateway knows no third host on its segment. */
export function gatewayLines({ client }: LabLayout): string[] {
  return [`route add default via ${client.address} dev ${HOST_INTERFACE}`];
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
 * Duplicate address detection would make IPv6 addresses unusable for a second or two; addr_gen_mode 1
 * turns off generated link-local addresses (ip-sysctl.rst).
 */
export const HOST_SYSCTLS: readonly string[] = [
  `net.ipv6.conf.${HOST_INTERFACE}.addr_gen_mode=1`,
  'net.ipv6.conf.all.accept_dad=0',
  'net.ipv6.conf.default.accept_dad=0',
];
