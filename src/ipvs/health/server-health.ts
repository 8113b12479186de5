/** What is known of the real servers: shown by documents and events, acted on by drains. */
import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import type { Server } from '../../net/ipvs.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { EffectiveWeight, HealthCount, ServerStatus } from '../plan/server-weight.ts';
import type { Drain } from './drain-store.ts';

/** What is known of one server of the file. */
export interface ServerHealth {
  readonly server: Server;
  readonly status: ServerStatus;
  readonly weight: EffectiveWeight;
  readonly drain: Drain | undefined;
  readonly check: ProbeReading | undefined;
  readonly feedback: ProbeReading | undefined;
  /** What its check has found when it came to the status; undefined: nothing yet. */
  readonly found: string | undefined;
  /** Whether it tells its load; undefined: nobody asks, or the first result is still to come. */
  readonly load: { readonly isKnown: boolean; readonly detail: string } | undefined;
}

export interface ServiceHealth {
  readonly settings: ServiceSettings;
  readonly count: HealthCount;
  readonly servers: readonly ServerHealth[];
  /** Null: the file names none. */
  readonly fallback: { readonly server: Server; readonly active: boolean } | null;
}
