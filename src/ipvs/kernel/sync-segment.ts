/**
 * A member of the multicast group of the sync daemons. The kernel's daemons use their `port` and up to
 * 63 ports above it; directors send summaries of their tables to the port after those. What is heard is
 * not authenticated: the socket is bound to the interface and to the group, so nothing arrives by
 * unicast or by another interface, and senders that are not peers are ignored.
 */
import { createSocket, type Socket } from 'node:dgram';
import {
  AF_INET,
  AF_INET6,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOL_SOCKET,
} from '../../kernel/ffi/constants.ts';
import { libc } from '../../kernel/ffi/libc.ts';
import {
  bindAddress,
  bindToLink,
  configured,
  openSocket,
  setOption,
} from '../../kernel/ffi/socket.ts';
import { ipSocketAddress } from '../../kernel/ffi/socket-address.ts';
import { hostInterfaces } from '../../kernel/process/host-interfaces.ts';
import { familyOf, type IpAddress, networkOf, parseIp } from '../../net/address.ts';

interface SegmentSettings {
  readonly interface: string;
  readonly group: IpAddress;
  /** Local port, where datagrams of other directors arrive. */
  readonly port: number;
  readonly ttl: number;
  /** The only senders that are heard; none: every host on the network of the interface. */
  readonly peers: readonly IpAddress[];
}

export class SyncSegment {
  readonly #socket: Socket;
  readonly #group: string;

  private constructor(socket: Socket, group: string) {
    this.#socket = socket;
    this.#group = group;
  }

  /** Rejects when the interface has no address of the family, or the port is in use. */
  static async open(
    settings: SegmentSettings,
    hear: (bytes: Uint8Array, address: string) => void,
    fail: (error: Error) => void,
  ): Promise<SyncSegment> {
    const { group, interface: link } = settings;
    const isIpv6 = familyOf(group) === 'ipv6';
    const fd = boundSocket(settings);
    const socket = createSocket(isIpv6 ? 'udp6' : 'udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ fd }, () => {
        try {
          const place = isIpv6 ? `::%${link}` : addressOn(link);
          socket.addMembership(group, place);
          socket.setMulticastInterface(place);
        } catch (error) {
          socket.close();
          reject(error);
          return;
        }
        socket.removeAllListeners('error');
        socket.on('error', fail);
        const isPeer = peerTest(settings);
        socket.on('message', (bytes, { address }) => {
          const sender = parseIp(address.replace(/%.*$/, ''));
          if (sender !== undefined && isPeer(sender)) hear(bytes, sender);
        });
        resolve(new SyncSegment(socket, isIpv6 ? `${group}%${link}` : group));
      });
    });
  }

  send(bytes: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, this.#group, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.#socket.close();
  }
}

const OPTIONS = {
  ipv4: {
    domain: AF_INET,
    level: IPPROTO_IP,
    lifetime: IP_MULTICAST_TTL,
    loop: IP_MULTICAST_LOOP,
  },
  ipv6: {
    domain: AF_INET6,
    level: IPPROTO_IPV6,
    lifetime: IPV6_MULTICAST_HOPS,
    loop: IPV6_MULTICAST_LOOP,
  },
} as const;

/**
 * Node cannot bind to an interface, but adopts a descriptor that is bound. It takes each one that it has
 * adopted for a socket of IPv4, so options of a family are set here.
 */
function boundSocket({ interface: link, group, port, ttl }: SegmentSettings): number {
  const index = libc().if_nametoindex(link);
  if (index === 0) throw new Error(`${link} does not exist`);
  const what = `socket of the sync group on ${link}`;
  const { domain, level, lifetime, loop } = OPTIONS[familyOf(group)];
  return configured(openSocket(what, domain, SOCK_DGRAM, 0), (fd) => {
    setOption(what, fd, level, lifetime, ttl);
    setOption(what, fd, level, loop, 0);
    setOption(what, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    bindToLink(what, fd, index);
    bindAddress(what, fd, ipSocketAddress(group, index, port));
  });
}

/** How long the addresses of the interface are believed: a flood must not make the host list them each time. */
const ADDRESSES_MS = 1_000;

function peerTest({ peers, interface: link }: SegmentSettings): (sender: IpAddress) => boolean {
  if (peers.length > 0) return (sender) => peers.includes(sender);
  let networks = networksOf(link) ?? [];
  let listedAt = performance.now();
  return (sender) => {
    if (performance.now() - listedAt >= ADDRESSES_MS) {
      networks = networksOf(link) ?? networks;
      listedAt = performance.now();
    }
    return networks.some(
      ({ network, length }) =>
        familyOf(network) === familyOf(sender) && networkOf(sender, length) === network,
    );
  };
}

/** Undefined if they cannot be listed now. */
function networksOf(
  link: string,
): { readonly network: IpAddress; readonly length: number }[] | undefined {
  const interfaces = hostInterfaces();
  if (interfaces === undefined) return undefined;
  return (interfaces[link] ?? []).flatMap(({ cidr }) => {
    const [own = '', text = ''] = cidr?.split('/') ?? [];
    const address = parseIp(own);
    const length = Number(text);
    return address === undefined ? [] : [{ network: networkOf(address, length), length }];
  });
}

function addressOn(link: string): string {
  const found = hostInterfaces()?.[link]?.find(({ family }) => family === 'IPv4');
  if (found === undefined) throw new Error(`${link} has no IPv4 address`);
  return found.address;
}
