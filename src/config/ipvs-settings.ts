/** The part of the configuration with which the main thread configures IPVS. */

import type { SyncMode } from '../ipvs/plan/daemon-plan.ts';
import type { OnFailure, Quorum } from '../ipvs/plan/server-weight.ts';
import type { IpAddress } from '../net/address.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { ConnectionTimeouts, Server, Service, SyncDaemon } from '../net/ipvs.ts';
import type { ServerProbe } from '../net/probe.ts';

export interface IpvsSettings {
  /** True: no instance becomes MASTER if the kernel has no IPVS. */
  readonly required: boolean;
  /** True: remove services that are not in the file. */
  readonly exclusive: boolean;
  readonly onStop: 'remove' | 'keep';
  readonly timeouts: ConnectionTimeouts | undefined;
  /** Values by name, in the format of the kernel. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly sync: SyncSettings | undefined;
  readonly services: readonly ServiceSettings[];
}

export interface SyncSettings {
  readonly mode: SyncMode;
  /** The instance whose state the daemons follow. */
  readonly instance: string;
  readonly rstGuard: 'planned' | 'always' | 'off';
  /** Directors exchange summaries of their tables and resend missing connections. */
  readonly catchUp: boolean;
  /** The other directors, whose summaries are believed; none: every host on the network of the interface. */
  readonly peers: readonly IpAddress[];
  readonly daemon: Omit<SyncDaemon, 'role'>;
}

export interface ServiceSettings {
  readonly name: string;
  readonly service: Service;
  readonly servers: readonly Server[];
  /** Instance that is in FAULT while the kernel does not have the service. */
  readonly require: string | undefined;
  readonly health: HealthSettings;
}

/** Health checks of the servers of a service. */
export interface HealthSettings {
  /** By name of the server: healthy while all of them pass. A server without a check is healthy. */
  readonly checks: Readonly<Record<string, readonly ServerProbe[]>>;
  /** Probes that read the weight, by name of the server. */
  readonly weights: Readonly<Record<string, ServerProbe>>;
  readonly onFailure: OnFailure;
  readonly fallback: Server | undefined;
  readonly minimum: MinimumSettings | undefined;
  /** Without it, the fallback receives new connections; absent: one server is enough. */
  readonly quorum?: Quorum;
}

/** Number of healthy servers that the required instance needs. */
export interface MinimumSettings {
  readonly count: number;
  /** Added to the priority while there are fewer; undefined: FAULT. */
  readonly weight: number | undefined;
}

/** Name of the probe that the instance tracks for the minimum of a service. */
export function minimumProbe(service: string): string {
  return `ipvs ${service}`;
}

/** What is wrong with a server that is `what`, an address of this host or of another director. */
export function loopAdvice(server: Server, what: string): string {
  return (
    `the server ${formatEndpoint(server)} is ${what}: a BACKUP balances again what it gets as a server, ` +
    'and connections loop. Set "sysctl: { backup_only: 1 }" on both directors ' +
    '(docs/two-node-clusters.md)'
  );
}
