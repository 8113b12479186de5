/**
 * Keeps the members of a sync group in one state. The table in `fsm/sync-group` decides when they
 * become MASTER; this class carries it out. `FaultKeeper` shares the reasons for FAULT.
 */
import { becomesMaster, type MemberStanding } from '../../../../fsm/sync-group/sync-group.ts';
import type { Cause, TakeoverEvidence } from '../../../../fsm/vrrp/model.ts';
import { compareIp } from '../../../net/address.ts';
import { isSame } from '../../../net/equality.ts';
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import { leadingCauseOf } from '../causes.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { SyncGroupSettings } from '../settings.ts';
import type { StateName } from '../state-name.ts';
import { GroupContest } from './group-contest.ts';

/**
 * A ready member of an `any` group is considered again this often: other members may hear other
 * MASTERs.
 */
const RECONSIDER_AFTER: Duration = seconds(1);

const NO_SIBLINGS: readonly VirtualRouter[] = [];

interface Group {
  readonly settings: SyncGroupSettings;
  readonly members: readonly VirtualRouter[];
  readonly contest: GroupContest;
  state: StateName;
}

export class SyncGroups {
  readonly #transitions: Transitions;
  readonly #outbox: Outbox;
  #groups = new Map<string, Group>();
  /** Groups with a member that waits for `before_master`. */
  readonly #asking = new Set<Group>();

  constructor(transitions: Transitions, outbox: Outbox) {
    this.#transitions = transitions;
    this.#outbox = outbox;
  }

  /** At startup, and after the configuration has changed. */
  assign(
    groups: readonly SyncGroupSettings[],
    routers: readonly VirtualRouter[],
    now: Instant,
  ): void {
    const former = this.#groups;
    const before = new Map(routers.map((router) => [router, this.#groupOf(router)]));
    this.#groups = new Map();
    this.#asking.clear();
    for (const router of routers) router.group = undefined;
    for (const settings of groups) {
      const { name, instances } = settings;
      const members = routers.filter((router) => instances.includes(router.settings.name));
      for (const router of members) router.group = name;
      const known = former.get(name);
      const contest = known?.contest ?? new GroupContest();
      const group = { settings, members, contest, state: known?.state ?? 'INIT' };
      this.#groups.set(name, group);
      if (members.some(isAsking)) this.#asking.add(group);
    }
    for (const router of routers) {
      const group = this.#groupOf(router);
      const inGroup = group !== undefined;
      if (inGroup === router.context.inGroup && isSameGroup(group, before.get(router))) continue;
      // Ends the shortcut as well: the next advertisement has to show a MASTER in a split group.
      this.#transitions.apply(router, { type: 'group-changed', inGroup, at: now }, now);
    }
  }

  /** All members of the router's group, including itself; the router alone if it is in no group. */
  membersOf(router: VirtualRouter): readonly VirtualRouter[] {
    return this.#groupOf(router)?.members ?? [router];
  }

  /** Undefined: it is in no group. */
  modeOf(router: VirtualRouter): SyncGroupSettings['mode'] | undefined {
    return this.#groupOf(router)?.settings.mode;
  }

  siblingsOf(router: VirtualRouter): readonly VirtualRouter[] {
    const members = this.#groupOf(router)?.members;
    return members === undefined ? NO_SIBLINGS : members.filter((member) => member !== router);
  }

  /**
   * The timer that kept the router from becoming MASTER has fired, or evidence has come before it; a member
   * waits for its group.
   */
  timedOut(
    router: VirtualRouter,
    type: 'master-timeout' | 'preempt-hold-timeout' | TakeoverEvidence,
    now: Instant,
  ): void {
    this.#transitions.apply(router, { type }, now);
    if (router.state === 'backup.ready') this.reconsider(router, now);
  }

  /** A ready router becomes MASTER with its group, alone if it has none, or stays ready. */
  reconsider(router: VirtualRouter, now: Instant): void {
    const group = this.#groupOf(router);
    if (group === undefined) {
      this.#transitions.apply(router, { type: 'group-master', cause: leadingCauseOf(router) }, now);
      return;
    }
    this.#consider(group, now);
    if (group.settings.mode === 'any') this.#reconsiderSoon(router, now);
  }

  /** Ignores an answer that is late, or belongs to another request. */
  answer(
    router: VirtualRouter | undefined,
    { id, granted }: { readonly id: number; readonly granted: boolean },
    now: Instant,
  ): void {
    if (router === undefined || router.request !== id) return;
    this.settleRequest(router, granted ? 'before-master-granted' : 'before-master-refused', now);
  }

  /** `before_master` was answered, or timed out; the witness may still have to agree. */
  settleRequest(
    router: VirtualRouter,
    type: 'before-master-granted' | 'before-master-refused' | 'before-master-timeout',
    now: Instant,
  ): void {
    const { beforeMaster, witness } = router.context;
    if (witness !== undefined && router.permitted) return;
    const goesOn = type === 'before-master-granted' || beforeMaster?.onFailure !== 'abort';
    if (witness === undefined || !goesOn) {
      this.#endRequest(router, type, now);
      return;
    }
    // At the end of the turn the witness is asked, and calls `permit`.
    router.permitted = true;
    this.#transitions.changed.add(router);
  }

  /** The other directors or the witness agree, and `before_master` has nothing against it. */
  permit(router: VirtualRouter, now: Instant): void {
    this.#endRequest(router, 'before-master-granted', now);
  }

  #endRequest(
    router: VirtualRouter,
    type: 'before-master-granted' | 'before-master-refused' | 'before-master-timeout',
    now: Instant,
  ): void {
    this.#transitions.apply(router, { type }, now);
    const isAborted = router.state === 'backup.listening' || router.state === 'backup.delaying';
    if (isAborted) router.abortedAt = now;
    const group = this.#groupOf(router);
    if (group === undefined) return;
    if (router.state === 'backup.allowed') this.#proceed(router, group, now);
    else this.#abort(router, now);
  }

  /** Ends a turn: members yield together with one that is no longer MASTER. */
  settle(now: Instant): void {
    if (this.#groups.size === 0) return;
    const { yielded, following, changed } = this.#transitions;
    for (const router of yielded) {
      const group = this.#groupOf(router);
      if (router.master !== null) group?.contest.lose(group.members, now);
      this.#yieldWith(router, now);
    }
    yielded.clear();
    for (const group of this.#asking) this.#checkAsking(group, now);
    for (const router of following) {
      this.#endKeeping(router);
      this.#unite(router, now);
    }
    following.clear();
    for (const router of changed) {
      const group = this.#groupOf(router);
      if (group !== undefined) this.#report(group, now);
    }
  }

  /** What one member knows of a MASTER is true for all: its siblings may not hear that. */
  #endKeeping(router: VirtualRouter): void {
    for (const sibling of this.siblingsOf(router)) {
      if (!sibling.keepsFormer) continue;
      sibling.keepsFormer = false;
      this.#transitions.dirty.add(sibling);
    }
  }

  #yieldWith(router: VirtualRouter, now: Instant): void {
    for (const sibling of this.siblingsOf(router)) {
      if (sibling.state !== 'holding.master') continue;
      this.#transitions.apply(sibling, { type: 'group-backup' }, now);
      // It cannot preempt, so its group cannot either.
      if (!router.context.preemptInhibited) continue;
      this.#transitions.apply(sibling, { type: 'inhibit-preemption' }, now);
    }
  }

  /**
   * A member follows a MASTER while other members are MASTER: a reload has created the group or added
   * the member. The stronger side decides.
   */
  #unite(router: VirtualRouter, now: Instant): void {
    if (!router.isBackup || !this.#hasMasterSibling(router)) return;
    if (outranksMaster(router)) {
      this.#transitions.apply(router, { type: 'group-master', cause: 'preemption' }, now);
    } else {
      this.#yieldWith(router, now);
    }
  }

  #groupOf({ group }: VirtualRouter): Group | undefined {
    return group === undefined ? undefined : this.#groups.get(group);
  }

  #hasMasterSibling(router: VirtualRouter): boolean {
    return this.siblingsOf(router).some(({ state }) => state === 'holding.master');
  }

  /** Members become MASTER together: those that have to ask first ask at the same time. */
  #consider(group: Group, now: Instant): void {
    if (!isReady(group)) return;
    const { members, contest } = group;
    const candidates = members.filter(({ isBackup }) => isBackup);
    const until = contest.waitsUntil(members, now);
    if (until !== undefined) {
      for (const router of candidates) {
        this.#transitions.apply(router, { type: 'group-waits', until }, now);
      }
      return;
    }
    const cause = causeOf(candidates);
    const asking = candidates.filter(hasToAsk);
    for (const router of asking) {
      this.#transitions.apply(router, { type: 'group-master', cause }, now);
    }
    if (candidates.some(({ state }) => state === 'backup.asking')) {
      this.#asking.add(group);
      return;
    }
    this.#asking.delete(group);
    for (const router of candidates) {
      this.#transitions.apply(router, { type: 'group-master', cause }, now);
    }
  }

  #reconsiderSoon(router: VirtualRouter, now: Instant): void {
    if (router.state !== 'backup.ready') return;
    this.#transitions.apply(
      router,
      { type: 'group-waits', until: after(now, RECONSIDER_AFTER) },
      now,
    );
  }

  /** The member has permission; the group becomes MASTER once every member has it. */
  #proceed(router: VirtualRouter, group: Group, now: Instant): void {
    // The other members may already be MASTER, and this one joins them.
    if (router.context.claim === 'group') this.#unite(router, now);
    this.#consider(group, now);
  }

  /** The member does not become MASTER this time, so the others do not either. */
  #abort(router: VirtualRouter, now: Instant): void {
    for (const sibling of this.siblingsOf(router)) {
      this.#transitions.apply(sibling, { type: 'group-aborts' }, now);
    }
    this.#yieldWith(router, now);
  }

  /** Withdraws the requests as soon as one member blocks the group again. */
  #checkAsking(group: Group, now: Instant): void {
    if (isReady(group)) return;
    this.#asking.delete(group);
    for (const router of group.members) {
      this.#transitions.apply(router, { type: 'group-withdraws' }, now);
      if (group.settings.mode === 'any') this.#reconsiderSoon(router, now);
    }
  }

  #report(group: Group, now: Instant): void {
    const to = stateOf(group.members);
    const from = group.state;
    if (from === to) return;
    group.state = to;
    this.#outbox.report({ kind: 'group', at: now, group: group.settings.name, from, to });
  }
}

function isReady({ settings, members }: Group): boolean {
  return becomesMaster(settings.mode, members.map(standingOf));
}

function isSameGroup(one: Group | undefined, other: Group | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    isSame(one.settings, other.settings) &&
    one.members.length === other.members.length &&
    one.members.every((member, position) => member === other.members[position])
  );
}

function isAsking({ state }: VirtualRouter): boolean {
  return state === 'backup.asking' || state === 'backup.allowed';
}

function hasToAsk(router: VirtualRouter): boolean {
  const { beforeMaster, witness } = router.context;
  return (beforeMaster !== undefined || witness !== undefined) && !isAsking(router);
}

/** The cause of the takeover is that of a leading member; the silence of a MASTER has precedence. */
function causeOf(members: readonly VirtualRouter[]): Cause {
  const leading = members.filter(isLeading).map(leadingCauseOf);
  return leading.includes('master-silent') ? 'master-silent' : (leading[0] ?? 'preemption');
}

function isLeading({ context: { claim } }: VirtualRouter): boolean {
  return claim === 'silence' || claim === 'preemption';
}

function standingOf(router: VirtualRouter): MemberStanding {
  if (router.state === 'holding.master') return 'master';
  if (!router.isBackup) return 'absent';
  if (isLeading(router)) return 'ready';
  return outranksMaster(router) ? 'outranks' : 'waits';
}

/** RFC 9568 section 6.4.3: priority first, the primary address breaks a tie. */
function outranksMaster({ master, context, source }: VirtualRouter): boolean {
  if (master === null || source === undefined) return false;
  if (master.priority !== context.priority) return context.priority > master.priority;
  return compareIp(source, master.address) > 0;
}

/** MASTER only if every member is; FAULT if any is. */
function stateOf(members: readonly VirtualRouter[]): StateName {
  const states = members.map(({ stateName }) => stateName);
  if (states.includes('FAULT')) return 'FAULT';
  if (states.every((state) => state === 'MASTER')) return 'MASTER';
  return states.includes('INIT') ? 'INIT' : 'BACKUP';
}
