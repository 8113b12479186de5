/** What a process knows of IPVS, as it hands it to the next. JSON-serialisable. */
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import type { HealthSnapshot } from '../health/health-snapshot.ts';

export interface IpvsSnapshot {
  /** Absent: it would take too long, and the next process finds out by itself. */
  readonly health?: HealthSnapshot;
  /** Sync daemons are configured. */
  readonly hasDaemons: boolean;
  readonly onStop: IpvsSettings['onStop'];
}
