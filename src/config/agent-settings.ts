/** The part of the configuration that the main thread needs; the engine gets `Settings`. */
import type { Endpoint } from '../net/endpoint.ts';
import type { TrackProbe } from '../net/probe.ts';
import type { IpvsSettings } from './ipvs-settings.ts';
import type { NotificationSettings } from './notification-settings.ts';
import type { PeerLinkKeys } from './peer-link-keys.ts';
import type { WitnessAccess } from './witness-settings.ts';

/** The distinct probes of the file, by name. */
export type Probes = Map<string, TrackProbe>;

export interface AgentSettings {
  readonly control: ControlSettings;
  /** Undefined: no HTTP listener. */
  readonly httpListen: Endpoint | undefined;
  /** DNS names under which it may be addressed, besides the host's own. */
  readonly httpNames: readonly string[];
  /** SCHED_RR priority of the protocol thread; `auto`: the agent chooses it. */
  readonly realtime: 'auto' | 'off' | number;
  readonly logLevel: LogLevel;
  /** `auto`: text on a terminal and in the journal, else JSON. */
  readonly logFormat: 'auto' | 'json' | 'text';
  /** `auto`: continues the masterships of a process that has died. */
  readonly resume: 'auto' | 'off';
  readonly notifications: NotificationSettings;
  readonly stateDirectory: string;
  /** Name of the user of the checker process; undefined: the agent's user. */
  readonly checkerUser: string | undefined;
  readonly probes: Probes;
  /** Undefined: there is no peer link. */
  readonly peerLinkKeys: PeerLinkKeys | undefined;
  /** Undefined: there is no witness. */
  readonly witnessAccess: WitnessAccess | undefined;
  /** Undefined: IPVS is left alone. */
  readonly ipvs: IpvsSettings | undefined;
}

export interface ControlSettings {
  readonly socket: string;
  /** Permission bits of the socket. */
  readonly mode: number;
  /** Name of its group; undefined: that of the agent. */
  readonly group?: string | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
