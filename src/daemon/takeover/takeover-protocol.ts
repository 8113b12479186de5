/**
 * `POST /v1/takeover`: how a new process takes the place of the one that runs. Each step is a request
 * of its own; nothing but `commit` is final.
 *
 *   prepare  the configuration in effect; the new process opens its sockets
 *   begin    the old one stands still and tells the state of every router
 *   commit   the old one goes, and leaves everything as it is; the new one goes on
 *   abort    the old one goes on; so it does by itself when nobody commits in time
 */

import type { Settings } from '../../protocol/engine/settings.ts';
import type { EngineSnapshot } from '../../protocol/engine/snapshot.ts';

/** Of the settings and the capture: another one is another program, and is not taken over from. */
export const TAKEOVER_FORMAT = 2;

export interface PreparedDocument {
  readonly format: number;
  readonly pid: number;
  readonly version: string;
  /** In effect, passwords left out. */
  readonly settings: Settings;
  /** Changes with the configuration: `begin` names it again. */
  readonly generation: number;
}

export interface BegunDocument {
  readonly token: string;
  readonly capture: EngineSnapshot;
  /** Without a `commit` the old process goes on after this time. */
  readonly patience_ms: number;
}
