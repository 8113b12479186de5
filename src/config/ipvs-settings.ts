/** What the main thread must know to keep the kernel's IPVS as the file says. */
import type { SyncMode } from '../ipvs/plan/daemon-plan.ts';
import type { OnFailure } from '../ipvs/plan/server-weight.ts';
import type { ConnectionTimeouts, Server, Service, SyncDaemon } from '../net/ipvs.ts';
import type { ServerProbe } from '../net/probe.ts';

export interface IpvsSettings {
  /** Without IPVS no instance becomes MASTER. */
  readonly required: boolean;
  /** Services that the file does not name are removed. */
  readonly exclusive: boolean;
  readonly onStop: 'remove' | 'keep';
  readonly timeouts: ConnectionTimeouts | undefined;
  /** By name, as the kernel writes the value. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly sync: SyncSettings | undefined;
  readonly services: readonly ServiceSettings[];
}

export interface SyncSettings {
  readonly mode: SyncMode;
  /** The instance whose state the daemons follow. */
  readonly instance: string;
  readonly rstGuard: 'planned' | 'always' | 'off';
  /** Directors tell each other what their tables hold, and send again what is missing. */
  readonly catchUp: boolean;
  readonly daemon: Omit<SyncDaemon, 'role'>;
}

export interface ServiceSettings {
  readonly name: string;
  readonly service: Service;
  readonly servers: readonly Server[];
  /** This instance is in FAULT while the kernel does not have the service. */
  readonly require: string | undefined;
  readonly health: HealthSettings;
}

/** What is done so that new connections go to servers that work. */
export interface HealthSettings {
  /** By name of the server; one that is not here counts as healthy. */
  readonly checks: Readonly<Record<string, ServerProbe>>;
  /** By name of the server: what tells its weight. */
  readonly weights: Readonly<Record<string, ServerProbe>>;
  readonly onFailure: OnFailure;
  readonly fallback: Server | undefined;
  readonly minimum: MinimumSettings | undefined;
}

/** Healthy servers without which the required instance suffers. */
export interface MinimumSettings {
  readonly count: number;
  /** Added to the priority while there are fewer; undefined: FAULT. */
  readonly weight: number | undefined;
}

/** What the instance tracks, by the name of the service. */
export function minimumProbe(service: string): string {
  return `ipvs ${service}`;
}
