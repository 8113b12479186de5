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
import { countedTable } from '../plan/counted-table.ts';
import { syncEntries } from '../plan/sync-entries.ts';
import type { MoveReport } from '../plan/table-standing.ts';
import { linkedSegment, type SummaryLink } from './summary-link.ts';
import { TableWatch } from './table-watch.ts';

const SENDER = randomInt(1, 0xffffffff);

/** A summary with a longer name would not fit into a datagram of the peer link. */
const NAME_MAX = 60;

interface TableWatchParts {
  readonly router: string;
  /** Absent: summaries travel on the sync network. */
  readonly link?: SummaryLink;
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
  const { settings, sysctls, isMaster, log, caughtUp, moved, link: peerLink } = parts;
  const router = parts.router.slice(0, NAME_MAX);
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
    count: () => countedTable(parts.tables()),
    open: async (hear, fail) => {
      const summaryPort = port + SUMMARY_PORT_OFFSET;
      const segment = await SyncSegment.open(
        {
          interface: link,
          group: group ?? ip(DEFAULT_SYNC_GROUP),
          port: summaryPort,
          ttl,
          peers: settings.peers,
        },
        (bytes, address) => {
          if (peerLink?.isConfigured() !== true) hear(bytes, address);
        },
        fail,
      );
      if (peerLink === undefined) return segment;
      peerLink.listen(hear);
      return linkedSegment(segment, peerLink, summaryPort);
    },
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
