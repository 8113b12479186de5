/** What the main thread must know to keep the kernel's IPVS as the file says. */
import type { SyncMode } from '../engine/ipvs/daemon-plan.ts';
import type { ConnectionTimeouts, Server, Service, SyncDaemon } from '../net/ipvs.ts';

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
  readonly daemon: Omit<SyncDaemon, 'role'>;
}

export interface ServiceSettings {
  readonly name: string;
  readonly service: Service;
  readonly servers: readonly Server[];
  /** This instance is in FAULT while the kernel does not have the service. */
  readonly require: string | undefined;
}
