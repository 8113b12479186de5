/**
 * The vocabulary of IPVS (ipvsadm(8), <linux/ip_vs.h>): services, real servers, and the daemons that
 * send and receive the connection table. Values that the kernel, the planner and people share.
 */
import type { Family, IpAddress } from './address.ts';

export type ServiceProtocol = 'tcp' | 'udp' | 'sctp';

/** What picks the packets of a service: a destination, or a mark that the firewall has set. */
export type ServiceKey =
  | {
      readonly kind: 'address';
      readonly family: Family;
      readonly protocol: ServiceProtocol;
      readonly address: IpAddress;
      /** 0: every port that has no service of its own. */
      readonly port: number;
    }
  | { readonly kind: 'mark'; readonly family: Family; readonly mark: number };

export interface Service {
  readonly key: ServiceKey;
  readonly scheduler: string;
  /** What `sched-flags` are to the scheduler: bits 0 to 2 are flag-1 to flag-3. */
  readonly schedulerFlags: number;
  readonly onePacket: boolean;
  readonly persistence: Persistence | undefined;
}

export interface Persistence {
  readonly seconds: number;
  /** Clients whose addresses agree in so many bits go to the same server. */
  readonly prefixLength: number;
  /** Persistence engine, like `sip`. */
  readonly engine: string | undefined;
}

/** `masq` of ipvsadm is `nat` here, `gate` is `dr`, `ipip` is `tun`. */
export type Forwarding = 'nat' | 'local' | 'tun' | 'dr' | 'bypass';

export type TunnelType = 'ipip' | 'gue' | 'gre';
export type TunnelChecksum = 'none' | 'checksum' | 'remote';

export interface Tunnel {
  readonly type: TunnelType;
  /** Of gue; 0 otherwise. */
  readonly port: number;
  readonly checksum: TunnelChecksum;
}

export interface Server {
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: Forwarding;
  /** 0: no new connections. */
  readonly weight: number;
  /** No new connections from so many on, until there are fewer than the lower one; 0 is no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** Only where forwarding is `tun`, and only since Linux 5.3. */
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
  /** Undefined: not said (a kernel before 4.3), or left to the kernel. */
  readonly group: IpAddress | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
  readonly maximumLength: number | undefined;
}

/** Seconds after which an idle connection leaves the table; 0 leaves the kernel's value alone. */
export interface ConnectionTimeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
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
] as const;

/** The kernel's defaults (net/netfilter/ipvs/ip_vs_sync.c), which the multicast daemons agree on. */
export const DEFAULT_SYNC_GROUP = '224.0.0.81';
export const DEFAULT_SYNC_PORT = 8848;

/** The kernel's threads take ports from that of the daemon on, 64 at most; directors talk behind. */
export const SUMMARY_PORT_OFFSET = 64;

/** `tcp 203.0.113.100:80`, `mark 7 ipv4`: the same text for the same service. */
export function serviceName(key: ServiceKey): string {
  if (key.kind === 'mark') return `mark ${key.mark} ${key.family}`;
  return `${key.protocol} ${endpointName(key)}`;
}

/** `10.0.0.11:80`, `[2001:db8::11]:80`. */
export function endpointName({ address, port }: Pick<Server, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
