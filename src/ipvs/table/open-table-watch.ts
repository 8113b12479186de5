/** Opens the watch of the connection table on the kernel and the network of this host. */
import { randomInt } from 'node:crypto';
import type { SyncSettings } from '../../config/ipvs-settings.ts';
import { ip } from '../../net/address.ts';
import type { ConnectionTimeouts } from '../../net/ipvs.ts';
import { DEFAULT_SYNC_GROUP, DEFAULT_SYNC_PORT, SUMMARY_PORT_OFFSET } from '../../net/ipvs.ts';
import { type Duration, microseconds, seconds } from '../../net/time.ts';
import type { IpvsLog } from '../keep/ipvs-log.ts';
import { monotonicNow } from '../keep/ipvs-log.ts';
import type { KernelTable } from '../keep/service-keeper.ts';
import { connectionLines } from '../kernel/proc-files.ts';
import { SyncSegment } from '../kernel/sync-segment.ts';
import { syncEntries } from '../plan/sync-entries.ts';
import type { MoveReport } from '../plan/table-standing.ts';
import { TableWatch } from './table-watch.ts';

const SENDER = randomInt(1, 0xffffffff);

interface TableWatchParts {
  readonly router: string;
  readonly settings: SyncSettings;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly isMaster: boolean;
  readonly log: IpvsLog;
  readonly tables: () => readonly KernelTable[];
  readonly timeouts: () => ConnectionTimeouts;
  readonly caughtUp: (hasCaughtUp: boolean) => void;
  readonly moved: (reports: readonly MoveReport[]) => void;
}

export function openTableWatch(parts: TableWatchParts): TableWatch {
  const { router, settings, sysctls, isMaster, log, caughtUp, moved } = parts;
  const { interface: link, group, port = DEFAULT_SYNC_PORT, ttl = 1 } = settings.daemon;
  const watch = new TableWatch({
    ...{ router, settings, isMaster, log, caughtUp, moved },
    sender: SENDER,
    refresh: refreshOf(sysctls),
    now: monotonicNow,
    processor: () => {
      const { user, system } = process.cpuUsage();
      return microseconds(user + system);
    },
    lines: connectionLines,
    open: (hear, fail) =>
      SyncSegment.open(
        {
          interface: link,
          group: group ?? ip(DEFAULT_SYNC_GROUP),
          port: port + SUMMARY_PORT_OFFSET,
          ttl,
          peers: settings.peers,
        },
        hear,
        fail,
      ),
    entries: () => syncEntries(parts.tables(), parts.timeouts()),
  });
  watch.start();
  return watch;
}

/** Period in which the kernel resends connections in use; zero: never. */
export function refreshOf({
  sync_refresh_period: period = '0',
}: Readonly<Record<string, string>>): Duration {
  return seconds(Number(period));
}
