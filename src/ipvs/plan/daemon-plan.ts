/**
 * Which sync daemons should run, and the next step to get there.
 *
 * A MASTER that releases its VIPs still has connections in its daemon's buffer. The kernel sends the
 * buffer when it is two seconds old and discards it when the daemon stops
 * (net/netfilter/ipvs/ip_vs_sync.c), so the daemon outlives the VIPs for a while, and the new MASTER
 * keeps receiving for as long. With net.ipv4.vs.backup_only the kernel balances nothing while a backup
 * daemon runs, whatever else runs (sysctl_backup_only in include/net/ip_vs.h): then a new MASTER stops it
 * first, and the last buffer of the former one is lost.
 */
import type { DaemonRole, SyncDaemon } from '../../net/ipvs.ts';
import {
  after,
  type Duration,
  type Instant,
  milliseconds,
  NEVER,
  seconds,
} from '../../net/time.ts';

export type SyncMode = 'follow' | 'both';

/** How long the master daemon runs after the VIPs left: the age of its buffer and a check period. */
const MASTER_LINGER: Duration = milliseconds(3_500);
/** How long a new MASTER keeps receiving: until the last buffer of the former one has arrived. */
const BACKUP_LINGER: Duration = seconds(5);
/** The kernel does not answer a request to stop a daemon whose thread has not started yet. */
export const SETTLE: Duration = milliseconds(300);

interface SyncSituation {
  readonly mode: SyncMode;
  readonly isMaster: boolean;
  /** net.ipv4.vs.backup_only is set. */
  readonly isBackupOnly: boolean;
  /** Start of that state; undefined: since the agent started. */
  readonly since: Instant | undefined;
  readonly now: Instant;
}

export interface WantedRoles {
  readonly roles: readonly DaemonRole[];
  /** These roles hold until then. */
  readonly until: Instant;
}

export function wantedRoles(situation: SyncSituation): WantedRoles {
  const { mode, isMaster, isBackupOnly, since, now } = situation;
  if (mode === 'both') return { roles: ['master', 'backup'], until: NEVER };
  const first: DaemonRole = isMaster ? 'master' : 'backup';
  if (since === undefined || (isMaster && isBackupOnly)) return { roles: [first], until: NEVER };
  const until = after(since, isMaster ? BACKUP_LINGER : MASTER_LINGER);
  if (now >= until) return { roles: [first], until: NEVER };
  return { roles: [first, isMaster ? 'backup' : 'master'], until };
}

interface DaemonPlanInput {
  readonly wanted: readonly SyncDaemon[];
  /** Roles that may keep running, but are not started. */
  readonly tolerated: readonly DaemonRole[];
  readonly actual: readonly SyncDaemon[];
  /** Daemons that must be started again. */
  readonly stale: ReadonlyMap<DaemonRole, StaleReason>;
  /** Surplus daemons stop before missing ones start. */
  readonly stopsFirst: boolean;
}

/**
 * `deaf`: its interface was recreated; it is listed, but neither sends nor receives. `changed`: it runs
 * with a parameter that the kernel reads only at the start.
 */
export type StaleReason = 'deaf' | 'changed';

export type StopReason = StaleReason | 'unwanted';

export type DaemonStep =
  | { readonly kind: 'start'; readonly daemon: SyncDaemon }
  | {
      readonly kind: 'stop';
      readonly role: DaemonRole;
      readonly why: StopReason;
    };

/**
 * The next step; undefined: nothing differs. Stale daemons stop first, all of them: a daemon that starts
 * beside a running one gets its number of threads, whatever `sync_ports` says now.
 */
export function planDaemons(input: DaemonPlanInput): DaemonStep | undefined {
  const { wanted, actual, stale, stopsFirst } = input;
  for (const { role } of actual) {
    const why = stale.get(role);
    if (why !== undefined) return { kind: 'stop', role, why };
  }
  const surplus = actual.find(({ role }) => !wanted.some((daemon) => daemon.role === role));
  const stop =
    surplus && ({ kind: 'stop', role: surplus.role, why: 'unwanted' } satisfies DaemonStep);
  return stopsFirst ? (stop ?? planWanted(input)) : (planWanted(input) ?? stop);
}

function planWanted({ wanted, tolerated, actual }: DaemonPlanInput): DaemonStep | undefined {
  for (const daemon of wanted) {
    const running = actual.find(({ role }) => role === daemon.role);
    if (running === undefined) {
      if (tolerated.includes(daemon.role)) continue;
      return { kind: 'start', daemon };
    }
    if (!sameDaemon(daemon, running)) return { kind: 'stop', role: daemon.role, why: 'changed' };
  }
  return undefined;
}

/** A value that the file leaves to the kernel, or that the kernel does not report, is no difference. */
function sameDaemon(wanted: SyncDaemon, actual: SyncDaemon): boolean {
  return (
    wanted.interface === actual.interface &&
    wanted.syncId === actual.syncId &&
    agree(wanted.group, actual.group) &&
    agree(wanted.port, actual.port) &&
    agree(wanted.ttl, actual.ttl) &&
    agree(lengthInKernel(wanted), actual.maximumLength)
  );
}

/** A backup daemon can receive at least this much, whatever length it is given (start_sync_thread). */
const SHORTEST_BACKUP = 1_024;

function lengthInKernel({ role, maximumLength }: SyncDaemon): number | undefined {
  if (maximumLength === undefined || role === 'master') return maximumLength;
  return Math.max(maximumLength, SHORTEST_BACKUP);
}

function agree<Value>(wanted: Value | undefined, actual: Value | undefined): boolean {
  return wanted === undefined || actual === undefined || wanted === actual;
}
