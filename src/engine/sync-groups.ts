/**
 * Sync groups: keeps the members of a group in one state. When its members become MASTER is for the
 * table in `fsm/sync-group`; here it is carried out. Reasons for FAULT are shared by `FaultKeeper`.
 */
import { becomesMaster, type MemberStanding } from '../../fsm/sync-group/sync-group.ts';
import { compareIp } from '../net/address.ts';
import { after, type Duration, type Instant, seconds } from '../net/time.ts';
import { GroupContest } from './group-contest.ts';
import type { Outbox } from './outbox.ts';
import type { StateName } from './reports.ts';
import type { SyncGroupSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** Events that make a single router MASTER, and a member of a group ready to become it. */
export type TakeOver = 'master-timeout' | 'preempt-hold-timeout';

/** A member of an `any` group that is ready looks again this often: what others hear may change. */
const LOOK_AGAIN: Duration = seconds(1);

const NO_SIBLINGS: readonly VirtualRouter[] = [];

interface Group {
  readonly settings: SyncGroupSettings;
  readonly members: readonly VirtualRouter[];
  readonly contest: GroupContest;
  state: StateName;
}

export class SyncGroups {
  readonly #transitions: Transitions;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  #groups = new Map<string, Group>();
  /** Some of their members wait for `before_master`. */
  readonly #asking = new Set<Group>();

  constructor(transitions: Transitions, timers: Timers, outbox: Outbox) {
    this.#transitions = transitions;
    this.#timers = timers;
    this.#outbox = outbox;
  }

  /** At start, and after the configuration has changed. */
  assign(
    groups: readonly SyncGroupSettings[],
    routers: readonly VirtualRouter[],
    now: Instant,
  ): void {
    const former = this.#groups;
    this.#groups = new Map();
    for (const group of this.#asking) this.#withdraw(group);
    for (const router of routers) router.group = undefined;
    for (const settings of groups) {
      const { name, instances } = settings;
      const members = routers.filter((router) => instances.includes(router.settings.name));
      for (const router of members) {
        router.group = name;
        // The next advertisement is judged in full: its group may be split.
        router.expected = undefined;
      }
      const known = former.get(name);
      const contest = known?.contest ?? new GroupContest();
      this.#groups.set(name, { settings, members, contest, state: known?.state ?? 'INIT' });
    }
    for (const router of routers) this.#askAgain(router, now);
  }

  /** All members of the router's group, itself among them; the router alone where it has none. */
  membersOf(router: VirtualRouter): readonly VirtualRouter[] {
    return this.#groupOf(router)?.members ?? [router];
  }

  siblingsOf(router: VirtualRouter): readonly VirtualRouter[] {
    const members = this.#groupOf(router)?.members;
    return members === undefined ? NO_SIBLINGS : members.filter((member) => member !== router);
  }

  /** Nobody hinders the router: it becomes MASTER, a member of a group with the others or not yet. */
  takeOver(router: VirtualRouter, event: TakeOver, now: Instant): void {
    const group = this.#groupOf(router);
    if (group === undefined) {
      this.#transitions.apply(router, { type: event }, now);
      return;
    }
    if (router.state !== 'backup') return;
    router.takeOver = event;
    router.expected = undefined;
    this.#consider(group, now);
    if (router.takeOver !== undefined && group.settings.mode === 'any') {
      this.#timers.set('down', router.position, after(now, LOOK_AGAIN));
    }
  }

  /** Ends a turn: nobody stays MASTER beside a member that is it no longer. */
  settle(now: Instant): void {
    if (this.#groups.size === 0) return;
    const { yielded, following, decided, changed } = this.#transitions;
    for (const router of yielded) {
      const group = this.#groupOf(router);
      if (router.master !== null) group?.contest.lose(group.members, now);
      this.#yieldWith(router, now);
    }
    yielded.clear();
    for (const [router, goesOn] of decided) {
      if (goesOn) this.#goOn(router, now);
      else this.#breakOff(router, now);
    }
    decided.clear();
    for (const group of this.#asking) this.#askStill(group);
    for (const router of following) this.#unite(router, now);
    following.clear();
    for (const router of changed) {
      const group = this.#groupOf(router);
      if (group !== undefined) this.#report(group, now);
    }
  }

  /** Whoever waited for others may have nobody to wait for any more. */
  #askAgain(router: VirtualRouter, now: Instant): void {
    this.#lookAgain(router, now);
    router.takeOver = undefined;
  }

  #yieldWith(router: VirtualRouter, now: Instant): void {
    for (const sibling of this.siblingsOf(router)) {
      if (sibling.state !== 'holding.master') continue;
      this.#transitions.apply(sibling, { type: 'group-backup' }, now);
    }
  }

  /**
   * A member hears a MASTER while others of its group are MASTER: the group was made, or the member
   * came to it, by a change of the configuration. The stronger side decides.
   */
  #unite(router: VirtualRouter, now: Instant): void {
    if (router.state !== 'backup') return;
    if (!this.siblingsOf(router).some(({ state }) => state === 'holding.master')) return;
    if (outranksMaster(router)) this.#transitions.apply(router, { type: 'group-master' }, now);
    else this.#yieldWith(router, now);
  }

  #groupOf({ group }: VirtualRouter): Group | undefined {
    return group === undefined ? undefined : this.#groups.get(group);
  }

  #consider(group: Group, now: Instant): void {
    if (!isReady(group)) return;
    const { members, contest } = group;
    const rising = members.filter(({ state }) => state === 'backup');
    const until = contest.waitsUntil(members, now);
    if (until !== undefined) {
      for (const router of rising) this.#lookAgain(router, until);
      return;
    }
    if (!this.#transitions.leave.isGrantedTo(rising, now)) {
      this.#asking.add(group);
      return;
    }
    this.#asking.delete(group);
    for (const router of rising) {
      this.#transitions.apply(router, { type: router.takeOver ?? 'group-master' }, now);
    }
  }

  /** Has leave to become MASTER; so does the group, once every member has. */
  #goOn(router: VirtualRouter, now: Instant): void {
    const group = this.#groupOf(router);
    if (group === undefined) {
      this.#transitions.leave.withdraw(router);
      return;
    }
    if (router.takeOver === undefined) this.#unite(router, now);
    this.#consider(group, now);
  }

  /** Shall not become MASTER this time: nor shall the others. */
  #breakOff(router: VirtualRouter, now: Instant): void {
    const { leave } = this.#transitions;
    for (const member of this.membersOf(router)) {
      leave.withdraw(member);
      if (member.takeOver !== undefined) leave.startAnew(member, member.takeOver, now);
    }
    this.#yieldWith(router, now);
  }

  /** What was asked is void as soon as one member hinders the group again. */
  #askStill(group: Group): void {
    if (!isReady(group)) this.#withdraw(group);
  }

  #withdraw(group: Group): void {
    this.#asking.delete(group);
    for (const member of group.members) this.#transitions.leave.withdraw(member);
  }

  #lookAgain(router: VirtualRouter, at: Instant): void {
    if (router.takeOver === undefined) return;
    const timer = router.takeOver === 'master-timeout' ? 'down' : 'hold';
    this.#timers.set(timer, router.position, at);
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

function standingOf(router: VirtualRouter): MemberStanding {
  if (router.state === 'holding.master') return 'master';
  if (router.state !== 'backup') return 'absent';
  if (router.takeOver !== undefined) return 'ready';
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
