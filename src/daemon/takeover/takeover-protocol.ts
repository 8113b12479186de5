/**
 * `POST /v1/takeover`: how a new process takes over from the running agent. Each step is a request; only
 * `commit` is final.
 *
 *   prepare  returns the settings in effect; the new process opens its sockets
 *   begin    the running agent freezes and returns the state of every router
 *   commit   the running agent ends and removes nothing; the new process continues. Before that it sends
 *            priority 0 for authenticated routers that the new process does not have, and has no key for
 *
 * Without a `commit` in time the running agent continues.
 */
import type { IpvsSnapshot } from '../../ipvs/keep/ipvs-snapshot.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { EngineSnapshot } from '../../protocol/engine/snapshot.ts';

/** Format of the settings and the capture: a takeover needs the same one on both sides. */
export const TAKEOVER_FORMAT = 2;

export interface PreparedDocument {
  readonly format: number;
  readonly pid: number;
  readonly version: string;
  /** In effect, without passwords and keys. */
  readonly settings: Settings;
  /** Changes with the configuration; `begin` repeats it. */
  readonly generation: number;
}

export interface BegunDocument {
  readonly token: string;
  readonly capture: EngineSnapshot;
  /** Absent: the configuration leaves IPVS alone. */
  readonly ipvs?: IpvsSnapshot;
}
