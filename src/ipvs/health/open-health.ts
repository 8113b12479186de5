/** The health keeper of a running agent: its probes, and what it needs of the service table. */
import { CheckedProbes } from '../../checker/supervisor/checked-probes.ts';
import type { Checker } from '../../checker/supervisor/checker.ts';
import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import { serviceName } from '../../net/ipvs.ts';
import type { ServiceKeeper } from '../keep/service-keeper.ts';
import type { HealthChange } from './health-change.ts';
import { HealthKeeper, type HealthKeeperOptions } from './health-keeper.ts';
import { HealthReporter } from './health-reporter.ts';

/** The first checks of many servers are spread over this time. */
const SPREAD_MS = 1_000;

interface HealthParts extends Omit<HealthKeeperOptions, 'prober' | 'reporter'> {
  readonly checker: Checker;
  /** Adds an event. */
  readonly record: (facts: ServerEventFacts) => void;
  /** To the log and the history on the disk. */
  readonly keep: (facts: ServerEventFacts) => void;
  readonly notify: ((change: HealthChange) => void) | undefined;
}

export function openHealth(parts: HealthParts): HealthKeeper {
  const { record, keep, notify, checker, ...options } = parts;
  const reporter = new HealthReporter({
    ...{ record, keep, notify },
    now: () => performance.now(),
  });
  const prober = new CheckedProbes({
    checker,
    changed: (probe, change) => health.changed(probe, change),
    lost: (probe) => health.lost(probe),
    spreadMs: SPREAD_MS,
  });
  const health = new HealthKeeper({ ...options, prober, reporter });
  return health;
}

/** Until the first results, the weights that a former run left in the kernel are the best knowledge. */
export function recallHealth(
  health: Pick<HealthKeeper, 'recall'>,
  services: readonly ServiceSettings[],
  table: Pick<ServiceKeeper, 'isOwned' | 'read'>,
): void {
  const owned = services.filter(({ service }) => table.isOwned(serviceName(service.key)));
  if (owned.length === 0) return;
  const actual = new Map(table.read().map((one) => [serviceName(one.service.key), one.servers]));
  for (const settings of owned) {
    const servers = actual.get(serviceName(settings.service.key));
    if (servers !== undefined) health.recall(settings, servers);
  }
}

/** Removes fallbacks that are no longer needed, once their last connection has ended. */
export function retireFallbacks(
  health: HealthKeeper,
  table: Pick<ServiceKeeper, 'serversIn'>,
): void {
  for (const settings of health.retiring) {
    const { fallback } = settings.health;
    const actual = table
      .serversIn(settings)
      .find(({ address, port }) => address === fallback?.address && port === fallback.port);
    const connections = (actual?.activeConnections ?? 0) + (actual?.inactiveConnections ?? 0);
    if (connections === 0) health.retired(settings);
  }
}
