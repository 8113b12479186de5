/**
 * Which sync daemons should run, and the next thing to do towards it.
 *
 * A MASTER that lets go still has connections in its daemon's buffer, which is sent when it is two
 * seconds old and thrown away when the daemon stops (net/netfilter/ipvs/ip_vs_sync.c): the daemon goes
 * on for a while after the VIPs have left. The new MASTER goes on receiving for as long.
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

/** How long the master daemon goes on without the VIPs: the buffer's age and a check period. */
export const MASTER_LINGER: Duration = milliseconds(3_500);
/** How long a new MASTER still receives: what the other one sends last, and its way. */
export const BACKUP_LINGER: Duration = seconds(5);
/** A daemon that is stopped before its thread has begun leaves the request without an answer. */
export const SETTLE: Duration = milliseconds(300);

export interface SyncSituation {
  readonly mode: SyncMode;
  readonly isMaster: boolean;
  /** When that came to be; undefined where it has been so from the start. */
  readonly since: Instant | undefined;
  readonly now: Instant;
}

export interface WantedRoles {
  readonly roles: readonly DaemonRole[];
  /** When to ask again. */
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

export interface DaemonPlanInput {
  readonly wanted: readonly SyncDaemon[];
  /** Roles that may run until they are stopped for another reason, but are not started. */
  readonly tolerated: readonly DaemonRole[];
  readonly actual: readonly SyncDaemon[];
  /** Its interface was made anew under the same name: it is listed, and hears and says nothing. */
  readonly deaf: ReadonlySet<DaemonRole>;
}

export type DaemonStep =
  | { readonly kind: 'start'; readonly daemon: SyncDaemon }
  | {
      readonly kind: 'stop';
      readonly role: DaemonRole;
      readonly why: 'changed' | 'deaf' | 'unwanted';
    };

/** The next step; undefined: all is as it should be. What is missing comes before what is too much. */
export function planDaemons(input: DaemonPlanInput): DaemonStep | undefined {
  const { wanted, tolerated, actual, deaf } = input;
  for (const daemon of wanted) {
    const is = actual.find(({ role }) => role === daemon.role);
    if (is === undefined) {
      if (tolerated.includes(daemon.role)) continue;
      return { kind: 'start', daemon };
    }
    if (deaf.has(daemon.role)) return { kind: 'stop', role: daemon.role, why: 'deaf' };
    if (!sameDaemon(daemon, is)) return { kind: 'stop', role: daemon.role, why: 'changed' };
  }
  for (const { role } of actual) {
    if (!wanted.some((daemon) => daemon.role === role)) {
      return { kind: 'stop', role, why: 'unwanted' };
    }
  }
  return undefined;
}

/** What the file leaves to the kernel, and what the kernel does not say, is no difference. */
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
