/**
 * The vocabulary of IPVS (ipvsadm(8), <linux/ip_vs.h>): services, real servers, and the daemons that
 * send and receive the connection table.
 */
import type { Family, IpAddress } from './address.ts';
import { formatEndpoint } from './endpoint.ts';

export type ServiceProtocol = 'tcp' | 'udp' | 'sctp';

/** Selects the packets of a service: by destination, or by a mark that the firewall sets. */
export type ServiceKey =
  | {
      readonly kind: 'address';
      readonly family: Family;
      readonly protocol: ServiceProtocol;
      readonly address: IpAddress;
      /** 0: every port without another service. */
      readonly port: number;
    }
  | { readonly kind: 'mark'; readonly family: Family; readonly mark: number };

export interface Service {
  readonly key: ServiceKey;
  readonly scheduler: string;
  /** Bits 0 to 2 are flag-1 to flag-3 of `sched-flags`; the scheduler gives them a meaning. */
  readonly schedulerFlags: number;
  readonly onePacket: boolean;
  readonly persistence: Persistence | undefined;
}

/**
 * True for UDP: a client that keeps its port keeps its connection, and with it its server, as long as it
 * sends. A mark may have UDP among its packets, which its key does not say.
 */
export function staysByPort({ key, onePacket }: Pick<Service, 'key' | 'onePacket'>): boolean {
  return key.kind === 'address' && key.protocol === 'udp' && !onePacket;
}

export interface Persistence {
  readonly seconds: number;
  /** Clients whose addresses agree in this many bits use the same server. */
  readonly prefixLength: number;
  /** Persistence engine, like `sip`. */
  readonly engine: string | undefined;
}

/** `masq` of ipvsadm is `nat` here, `gate` is `dr`, `ipip` is `tun`. */
export type Forwarding = 'nat' | 'local' | 'tun' | 'dr' | 'bypass';

type TunnelType = 'ipip' | 'gue' | 'gre';
export type TunnelChecksum = 'none' | 'checksum' | 'remote';

export interface Tunnel {
  readonly type: TunnelType;
  /** Used by gue; otherwise 0. */
  readonly port: number;
  readonly checksum: TunnelChecksum;
}

export interface Server {
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: Forwarding;
  /** 0: no new connections. */
  readonly weight: number;
  /** With this many connections a server gets no new ones until it has fewer than the lower; 0: no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** Only with forwarding `tun`, and since Linux 5.3. */
  readonly tunnel: Tunnel | undefined;
}

export interface ServiceTable<S extends Service = Service, D extends Server = Server> {
  readonly service: S;
  readonly servers: readonly D[];
}

export interface Statistics {
  readonly connections: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionRate: number;
  readonly packetRateIn: number;
  readonly packetRateOut: number;
  readonly byteRateIn: number;
  readonly byteRateOut: number;
}

export interface ServiceRow extends Service {
  readonly statistics: Statistics;
}

export interface ServerRow extends Server {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly statistics: Statistics;
}

export type DaemonRole = 'master' | 'backup';

export interface SyncDaemon {
  readonly role: DaemonRole;
  readonly interface: string;
  /** 0..255 on the wire. */
  readonly syncId: number;
  /** Undefined if the kernel does not report it (before 4.3), or chooses it. */
  readonly group: IpAddress | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
  readonly maximumLength: number | undefined;
}

/** Seconds until an idle connection leaves the table; 0 keeps the kernel's value. */
export interface ConnectionTimeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

/** Packets keep the VIP as destination, so a director that receives them as a server balances them again. */
export function mayLoop({ forwarding }: Pick<Server, 'forwarding'>): boolean {
  return forwarding === 'dr' || forwarding === 'tun';
}

/** One write to the service table. */
export type TableChange =
  | { readonly kind: 'service.add' | 'service.edit'; readonly service: Service }
  | { readonly kind: 'service.remove'; readonly key: ServiceKey }
  | {
      readonly kind: 'server.add' | 'server.edit' | 'server.remove';
      readonly key: ServiceKey;
      readonly server: Server;
    };

export const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
] as const;

/** Defaults of the kernel (net/netfilter/ipvs/ip_vs_sync.c), the same on all directors. */
export const DEFAULT_SYNC_GROUP = '224.0.0.81';
export const DEFAULT_SYNC_PORT = 8848;

/** The kernel's threads use up to 64 ports, the first being the daemon's; our summaries use the next one. */
export const SUMMARY_PORT_OFFSET = 64;

/** A unique name: `tcp 203.0.113.100:80`, `mark 7 ipv4`. */
export function serviceName(key: ServiceKey): string {
  if (key.kind === 'mark') return `mark ${key.mark} ${key.family}`;
  return `${key.protocol} ${formatEndpoint(key)}`;
}
