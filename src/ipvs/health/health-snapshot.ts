/** What is known of the real servers, as one process hands it to the next. JSON-serialisable. */
import type { ProbeChange } from '../../checker/channel/messages.ts';

/** What was reported about a service. */
export interface ReportedService {
  readonly service: string;
  /** Servers that are down, and that do not report their load. */
  readonly down: readonly string[];
  readonly silent: readonly string[];
  readonly isServed: boolean;
  readonly hasQuorum: boolean;
}

export interface HealthSnapshot {
  /** The last result of each check and reading, by the name of the probe. */
  readonly probes: readonly (readonly [string, ProbeChange])[];
  /** Whether each service had its quorum, by its name. */
  readonly quorums: readonly (readonly [string, boolean])[];
  /** Absent: from an earlier build; what is down is reported again. */
  readonly reported?: readonly ReportedService[];
}
