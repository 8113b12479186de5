/** Health checks joined to their probes and to the service table. */
import type { Logger } from 'pino';
import { Prober } from '../../checker/prober.ts';
import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import { serviceName } from '../../net/ipvs.ts';
import { logFacts } from '../../observe/log.ts';
import { messageOf } from '../keep/ipvs-log.ts';
import type { ServiceKeeper } from '../keep/service-keeper.ts';
import { HealthKeeper, type HealthKeeperOptions } from './health-keeper.ts';
import { HealthNews } from './health-news.ts';
import { makeServerProbe } from './weight-probe.ts';

/** The first looks at many servers come one after another. */
const SPREAD_MS = 1_000;

export interface HealthParts extends Omit<HealthKeeperOptions, 'prober' | 'news'> {
  readonly logger: Logger;
  /** To the events and the log. */
  readonly note: (facts: ServerEventFacts) => void;
}

export function openHealth({ logger, note, ...options }: HealthParts): HealthKeeper {
  const { log } = options;
  const news = new HealthNews({
    note,
    log: (facts) => logFacts(logger, facts, new Date()),
    now: () => performance.now(),
  });
  const prober = new Prober({
    report: (probe, change) => health.changed(probe, change),
    onError: (error) => log.trouble('health checks', 'probe-error', messageOf(error)),
    make: makeServerProbe,
    spreadMs: SPREAD_MS,
  });
  const health = new HealthKeeper({ ...options, prober, news });
  return health;
}

/** What a former run has made and left says more of the servers than nothing. */
export function recallHealth(
  health: Pick<HealthKeeper, 'recall'>,
  services: readonly ServiceSettings[],
  table: Pick<ServiceKeeper, 'isOwned' | 'read'>,
): void {
  const owned = services.filter(({ service }) => table.isOwned(serviceName(service.key)));
  if (owned.length === 0) return;
  const actual = new Map(table.read().map((one) => [serviceName(one.service.key), one.servers]));
  for (const settings of owned) {
    health.recall(settings, actual.get(serviceName(settings.service.key)) ?? []);
  }
}

/** A fallback that is not needed any more leaves when its last connection has ended. */
export function retireFallbacks(
  health: HealthKeeper,
  table: Pick<ServiceKeeper, 'serversIn'>,
): void {
  for (const settings of health.retiring) {
    const { fallback } = settings.health;
    const is = table
      .serversIn(settings)
      .find(({ address, port }) => address === fallback?.address && port === fallback.port);
    const connections = (is?.activeConnections ?? 0) + (is?.inactiveConnections ?? 0);
    if (connections === 0) health.retired(settings.name);
  }
}
