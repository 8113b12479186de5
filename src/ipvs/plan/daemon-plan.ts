/**
 * Which sync daemons should run, and the next step to get there.
 *
 * A MASTER that releases its VIPs still has connections in its daemon's buffer. The kernel sends the
 * buffer when it is two seconds old and discards it when the daemon stops
 * (net/netfilter/ipvs/ip_vs_sync.c), so the daemon outlives the VIPs for a while, and the new MASTER
 * keeps receiving for as long.
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
  /** Start of that state; undefined: since the agent started. */
  readonly since: Instant | undefined;
  readonly now: Instant;
}

export interface WantedRoles {
  readonly roles: readonly DaemonRole[];
  /** These roles hold until then. */
  readonly until: Instant;
}

export function wantedRoles({ mode, isMaster, since, now }: SyncSituation): WantedRoles {
  if (mode === 'both') return { roles: ['master', 'backup'], until: NEVER };
  const first: DaemonRole = isMaster ? 'master' : 'backup';
  if (since === undefined) return { roles: [first], until: NEVER };
  const until = after(since, isMaster ? BACKUP_LINGER : MASTER_LINGER);
  if (now >= until) return { roles: [first], until: NEVER };
  return { roles: [first, isMaster ? 'backup' : 'master'], until };
}

interface DaemonPlanInput {
  readonly wanted: readonly SyncDaemon[];
  /** Roles that may keep running, but are not started. */
  readonly tolerated: readonly DaemonRole[];
  readonly actual: readonly SyncDaemon[];
  /** Daemons whose interface was recreated: they are listed, but neither send nor receive. */
  readonly deaf: ReadonlySet<DaemonRole>;
}

/** `deaf`: see `DaemonPlanInput`. */
export type StopReason = 'changed' | 'deaf' | 'unwanted';
export type DaemonStep =
  | { readonly kind: 'start'; readonly daemon: SyncDaemon }
  | {
      readonly kind: 'stop';
      readonly role: DaemonRole;
      readonly why: StopReason;
    };

/** The next step; undefined: nothing differs. Missing daemons start before surplus ones stop. */
export function planDaemons(input: DaemonPlanInput): DaemonStep | undefined {
  const { wanted, tolerated, actual, deaf } = input;
  for (const daemon of wanted) {
    const running = actual.find(({ role }) => role === daemon.role);
    if (running === undefined) {
      if (tolerated.includes(daemon.role)) continue;
      return { kind: 'start', daemon };
    }
    if (deaf.has(daemon.role)) return { kind: 'stop', role: daemon.role, why: 'deaf' };
    if (!sameDaemon(daemon, running)) return { kind: 'stop', role: daemon.role, why: 'changed' };
  }
  for (const { role } of actual) {
    if (!wanted.some((daemon) => daemon.role === role)) {
      return { kind: 'stop', role, why: 'unwanted' };
    }
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
    agree(wanted.maximumLength, actual.maximumLength)
  );
}

function agree<Value>(wanted: Value | undefined, actual: Value | undefined): boolean {
  return wanted === undefined || actual === undefined || wanted === actual;
}
