/** What is known of the real servers, as one process hands it to the next. JSON-serialisable. */
import type { ProbeChange } from '../../checker/channel/messages.ts';

export interface HealthSnapshot {
  /** The last result of each check and reading, by the name of the probe. */
  readonly probes: readonly (readonly [string, ProbeChange])[];
  /** Whether each service had its quorum, by its name. */
  readonly quorums: readonly (readonly [string, boolean])[];
}
