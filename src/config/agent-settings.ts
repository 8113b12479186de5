/** What the process around the engine must know of the configuration. */
import type { Endpoint } from '../net/endpoint.ts';
import type { TrackProbe } from '../net/probe.ts';
import type { IpvsSettings } from './ipvs-settings.ts';
import type { NotificationSettings } from './notification-settings.ts';

/** All probes of the file, each once. */
export type Probes = Map<string, TrackProbe>;

export interface AgentSettings {
  readonly control: ControlSettings;
  /** Undefined: no HTTP listener. */
  readonly httpListen: Endpoint | undefined;
  /** A number insists on that SCHED_RR priority; `auto` goes on without when it is not permitted. */
  readonly realtime: 'auto' | 'off' | number;
  readonly logLevel: LogLevel;
  readonly notifications: NotificationSettings;
  readonly stateDirectory: string;
  /** What instances and sync groups depend on; each once, by its name. */
  readonly probes: Probes;
  /** Undefined: IPVS is left alone. */
  readonly ipvs: IpvsSettings | undefined;
}

export interface ControlSettings {
  readonly socket: string;
  /** Permission bits of the socket. */
  readonly mode: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const DEFAULT_SOCKET = '/run/vrrp-agent/control.sock';

export const DEFAULT_HTTP_LISTEN = '127.0.0.1:9112';
