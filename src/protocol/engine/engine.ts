/**
 * The agent without I/O: `handle(input, now)` answers what is to be done, in order; time is an
 * argument, nothing is awaited, nothing is kept that a quiet network would make grow.
 *
 * One turn of the loop around it:
 *   the deadline is reached   -> handle(wake)    advertisements before anything is read
 *   packets wait              -> receive(...)    for each, within a bound
 *   nothing waits any more    -> handle(quiet)   only now may silence be judged
 *   the deadline has changed  -> arm deadline()
 */
import type { LinkEvent, LinkState } from '../../net/link.ts';
import { earliest, elapsed, type Instant, instant, NEVER } from '../../net/time.ts';
import { AddressConflicts } from './addresses/address-conflicts.ts';
import { AddressKeeper } from './addresses/address-keeper.ts';
import { Announcer } from './addresses/announcer.ts';
import { KernelAnswers } from './addresses/kernel-answers.ts';
import { Leases } from './addresses/leases.ts';
import { Placement } from './addresses/placement.ts';
import { reconcile } from './addresses/reconcile.ts';
import { RoutingKeeper } from './addresses/routing-keeper.ts';
import { VirtualLinks } from './addresses/virtual-links.ts';
import { type CounterTable, GLOBAL_ROW } from './counters.ts';
import type { EngineOptions } from './engine-options.ts';
import { FaultKeeper } from './groups/fault-keeper.ts';
import { SyncGroups } from './groups/sync-groups.ts';
import { Tracking } from './groups/tracking.ts';
import type { Input } from './inputs.ts';
import { LinkTable } from './links.ts';
import { Operations } from './operations/operations.ts';
import { Reconfiguration } from './operations/reconfiguration.ts';
import { type Capture, Succession } from './operations/succession.ts';
import { Outbox } from './outbox.ts';
import type { Output } from './outputs.ts';
import { Roster } from './roster.ts';
import { Listening } from './router/listening.ts';
import { PARTING } from './router/parting.ts';
import { Protocol } from './router/protocol.ts';
import { Reception } from './router/reception.ts';
import { RouterActions } from './router/router-actions.ts';
import { SendFailures } from './router/send-failures.ts';
import { stalledOf } from './router/stall.ts';
import { Transitions } from './router/transitions.ts';
import type { VirtualRouter } from './router/virtual-router.ts';
import type { InstanceSettings, Settings } from './settings.ts';
import type { CommonSettings, SettingsChange } from './settings-change.ts';
import { TIMERS, Timers } from './timers.ts';
import type { InstanceView } from './view.ts';

const NO_VIEWS: InstanceView[] = [];

export class Engine {
  #settings: CommonSettings;
  readonly #counters: CounterTable;
  readonly #roster: Roster;
  readonly #links = new LinkTable();
  readonly #outbox = new Outbox();
  readonly #sendFailures: SendFailures;
  readonly #timers: Timers;
  readonly #protocol: Protocol;
  readonly #shortcut: boolean;
  readonly #keeper: AddressKeeper;
  readonly #routing: RoutingKeeper;
  readonly #announcer: Announcer;
  readonly #transitions: Transitions;
  readonly #reception: Reception;
  readonly #operations: Operations;
  readonly #virtualLinks: VirtualLinks;
  readonly #groups: SyncGroups;
  readonly #tracking: Tracking;
  readonly #faults: FaultKeeper;
  readonly #conflicts: AddressConflicts;
  readonly #placement: Placement;
  readonly #leases: Leases;
  readonly #reconfiguration: Reconfiguration;
  readonly #answers: KernelAnswers;
  readonly #succession: Succession;
  /** What has changed since the routers were last compared with it. */
  #stale: 'links' | 'addresses' | undefined;
  /** Since when changes of addresses wait for a turn of their own. */
  #moreAt: Instant = NEVER;
  #standby: boolean;
  #stopping = false;
  /** Asked to stop a second time: addresses that the kernel does not give up are left. */
  #hurried = false;
  #finished = false;

  constructor(settings: Settings, counters: CounterTable, options: EngineOptions = {}) {
    this.#settings = settings;
    this.#standby = options.standby ?? false;
    this.#counters = counters;
    this.#sendFailures = new SendFailures(counters, this.#outbox);
    this.#roster = new Roster(settings.instances);
    this.#timers = new Timers(TIMERS, this.#roster.size);
    const [links, timers, outbox] = [this.#links, this.#timers, this.#outbox];
    const edge = { roster: this.#roster, links, timers, outbox, counters };
    const leases = new Leases(edge);
    const keeper = new AddressKeeper({ ...edge, leases });
    const routing = new RoutingKeeper(links, outbox, counters);
    const announcer = new Announcer({ ...edge, keeper });
    const parting = options.parting ?? PARTING;
    const actions = new RouterActions({ ...edge, announcer, keeper });
    const protocol = new Protocol(this.#roster, actions);
    const transitions = new Transitions({ ...edge, protocol, actions, announcer, parting });
    this.#shortcut = options.shortcut ?? true;
    const reception = new Reception(protocol, transitions, counters, outbox, this.#shortcut);
    const listening = new Listening(links, outbox);
    const groups = new SyncGroups(transitions, outbox);
    const tracking = new Tracking(links, transitions, outbox);
    const faults = new FaultKeeper(this.#roster, links, transitions, groups);
    const keepers = { protocol, leases, keeper, routing, announcer, transitions };
    const parts = { ...edge, ...keepers, reception, listening, groups, tracking, faults };
    this.#protocol = protocol;
    this.#leases = leases;
    this.#keeper = keeper;
    this.#routing = routing;
    this.#announcer = announcer;
    this.#transitions = transitions;
    this.#reception = reception;
    this.#groups = groups;
    this.#tracking = tracking;
    this.#faults = faults;
    this.#virtualLinks = new VirtualLinks(this.#roster, links, timers, outbox);
    this.#conflicts = new AddressConflicts(parts);
    this.#placement = new Placement(parts);
    this.#operations = new Operations(parts);
    this.#answers = new KernelAnswers(parts);
    this.#succession = new Succession(parts);
    this.#reconfiguration = new Reconfiguration({ ...parts, placement: this.#placement });
    this.#reconfiguration.group(settings.syncGroups, instant(0));
  }

  /** When `wake` is wanted next; NEVER when nothing is armed. */
  deadline(): Instant {
    return earliest(earliest(this.#protocol.next(), this.#timers.next()), this.#moreAt);
  }

  /** Settings in effect, of every router. */
  get instances(): readonly InstanceSettings[] {
    return this.#routers.map((router) => router.settings);
  }

  /** How often the table was asked: expected advertisements and those that are due do without. */
  get steps(): number {
    return this.#protocol.steps;
  }

  /** One row for each router. */
  view(): InstanceView[] {
    return this.#routers.map((router) => router.view());
  }

  /** Rows that have changed since the last call. Made on request, so that a takeover need not wait for them. */
  changedViews(): InstanceView[] {
    const { changed } = this.#transitions;
    if (changed.size === 0) return NO_VIEWS;
    const views = [...changed].map((router) => router.view());
    changed.clear();
    return views;
  }

  /** A received packet; what it leads to comes with the next `handle`. */
  receive(index: number, packet: Uint8Array, length: number, now: Instant): void {
    this.#reception.receive(index, packet, length, now);
  }

  /** A change the kernel told of; what many of them lead to comes once, with the next `handle`. */
  notice(event: LinkEvent): void {
    if ('key' in event) {
      const router = this.#routing.notice(event, this.#routers);
      if (router === undefined) return;
      this.#transitions.dirty.add(router);
      this.#transitions.changed.add(router);
      return;
    }
    const switched = this.#virtualLinks.switchedBy(event);
    const changed = this.#links.apply(event);
    if (switched !== undefined) this.#transitions.dirty.add(switched);
    else if (changed === 'links') this.#stale = 'links';
    else if (changed === 'addresses') this.#stale ??= 'addresses';
  }

  handle(input: Input, now: Instant): readonly Output[] {
    switch (input.kind) {
      case 'wake':
        this.#wake(now);
        break;
      case 'quiet':
        this.#judgeSilence(now);
        break;
      case 'links.replaced':
        this.#links.replace(input.links);
        this.#routing.doubt(this.#routers);
        if (this.#standby) this.#placement.linksChanged(now);
        else this.#placement.linksReplaced(now);
        break;
      case 'link.changed':
      case 'link.removed':
      case 'forwarding.changed':
      case 'address.added':
      case 'address.removed':
      case 'routing.added':
      case 'routing.removed':
        this.notice(input);
        break;
      case 'address.claimed':
        this.#conflicts.note(input, now);
        break;
      case 'kernel.changed':
        this.#answers.changed(input, now);
        break;
      case 'links.raised':
      case 'virtual-link.rested':
      case 'virtual-link.failed':
        for (const answer of this.#virtualLinks.take(input, now)) {
          this.#answers.linkChanged(answer, now);
        }
        break;
      case 'listen.failed':
        this.#answers.listenFailed(input.index, now);
        break;
      case 'send.failed':
        this.#sendFailures.note(input, now);
        break;
      case 'request':
      case 'restore':
        this.#operations.take(input, this.#reconfiguration.running(input.instance), now);
        break;
      case 'probe.changed':
        for (const router of this.#tracking.probeChanged(input, now)) {
          this.#faults.update(router, now);
        }
        break;
      case 'ipvs.changed':
        this.#faults.setIpvsFault(this.#reconfiguration.running(input.instance), input.fault, now);
        break;
      case 'table.changed':
        this.#transitions.noteConnections(
          this.#reconfiguration.running(input.instance),
          input.synced,
          now,
        );
        break;
      case 'adopt':
        this.#adopt(input.capture, now);
        break;
      case 'settings.changed':
        this.#change(input.change, now);
        break;
      case 'before-master.answered':
        this.#groups.answer(this.#reconfiguration.running(input.instance), input, now);
        break;
      case 'shutdown':
        this.#shutdown(now);
        break;
    }
    return this.#settle(now);
  }

  #wake(now: Instant): void {
    this.#guardAgainstStall(now);
    this.#protocol.fire('adver', now, (router, due) =>
      this.#transitions.advertisementDue(router, now, due, this.#shortcut),
    );
    this.#timers.fire('announce', now, (position) => {
      const router = this.#roster.at(position);
      if (router !== undefined) this.#announcer.announce(router, now);
    });
    this.#timers.fire('addresses', now, (position) => {
      const router = this.#roster.at(position);
      if (router !== undefined) this.#placement.retry(router, now);
    });
    this.#keeper.nextTurn();
    this.#leases.nextTurn();
    this.#virtualLinks.nextTurn(this.#transitions.dirty, now);
    this.#protocol.fire('release', now, (router) => {
      const expired = now >= router.context.releaseUntil;
      this.#transitions.apply(router, { type: 'release-timeout', expired }, now);
    });
    this.#protocol.fire('before-master', now, (router) =>
      this.#groups.settleRequest(router, 'before-master-timeout', now),
    );
    this.#transitions.fire((position) => this.#roster.at(position), now);
    this.#conflicts.fire(now);
    this.#timers.fire('lease', now, (position) => {
      const router = this.#roster.at(position);
      if (router?.holds === true) this.#leases.renew(router, now);
    });
  }

  /** Who stood still too long starts to listen anew; what was queued meanwhile is thrown away. */
  #guardAgainstStall(now: Instant): void {
    const lateness = elapsed(this.deadline(), now);
    const stalled = stalledOf(this.#routers, lateness, now);
    if (stalled.length === 0) return;
    for (const router of stalled) this.#transitions.apply(router, { type: 'stall' }, now);
    // Members that did not stand still for too long say nothing more as MASTER either.
    this.#groups.settle(now);
    this.#timers.tighten();
    this.#protocol.tighten();
    this.#counters.add(GLOBAL_ROW, 'stalls');
    this.#outbox.first({ kind: 'received.discard' });
    this.#outbox.report({ kind: 'stall', microseconds: lateness });
  }

  #judgeSilence(now: Instant): void {
    this.#protocol.fire('down', now, (router) =>
      this.#groups.timedOut(router, 'master-timeout', now),
    );
    this.#protocol.fire('preempt-delay', now, (router) =>
      this.#groups.timedOut(router, 'preempt-hold-timeout', now),
    );
    this.#protocol.fire('group', now, (router) => this.#groups.lookAgain(router, now));
  }

  #adopt(capture: Capture, now: Instant): void {
    if (!this.#standby) return;
    this.#standby = false;
    const others = this.#succession.adopt(capture, now);
    this.#reconfiguration.group(this.#settings.syncGroups, now);
    this.#placement.resume(now);
    for (const router of others) this.#placement.start(router, now);
  }

  /** What the next process is to know. */
  capture(): Capture {
    return this.#succession.capture();
  }

  /** The links and addresses that the kernel has reported. */
  links(): LinkState[] {
    return this.#links.states();
  }

  /** An agent that stops goes on stopping. */
  #change(change: SettingsChange, now: Instant): void {
    if (this.#stopping) return;
    this.#settings = change.common;
    this.#reconfiguration.apply(change, change.common.linger, now);
  }

  #shutdown(now: Instant): void {
    const linger = this.#settings.linger === 'auto' && !this.#stopping;
    this.#hurried = this.#stopping;
    this.#stopping = true;
    this.#reconfiguration.abandon();
    for (const router of this.#routers) {
      if (!this.#hurried && this.#reconfiguration.isRemoving(router)) continue;
      this.#transitions.apply(router, { type: 'shutdown', linger }, now);
    }
  }

  /** Ends a turn: addresses compared, outputs in order. */
  #settle(now: Instant): readonly Output[] {
    if (this.#reconfiguration.isUnderWay) this.#reconfiguration.proceed(now);
    if (this.#stale !== undefined) {
      this.#routing.doubt(this.#routers);
      if (this.#stale === 'links') this.#placement.linksChanged(now);
      else this.#placement.addressesChanged(now);
      this.#stale = undefined;
    }
    this.#groups.settle(now);
    this.#operations.settle(now);
    const { dirty, changed } = this.#transitions;
    if (this.#standby) {
      dirty.clear();
      changed.clear();
    }
    if (dirty.size > 0)
      reconcile(this.#virtualLinks.admitted(dirty, now), this.#keeper, this.#routing);
    else this.#keeper.ask();
    this.#leases.ask();
    const isMore = [this.#keeper, this.#leases, this.#virtualLinks].some((one) => one.isWaiting);
    this.#moreAt = isMore ? now : NEVER;
    if (this.#stopping && !this.#finished && this.#hasLetGo()) {
      this.#finished = true;
      this.#outbox.finish();
    }
    return this.#outbox.take();
  }

  get #routers(): readonly VirtualRouter[] {
    return this.#roster.routers;
  }

  #hasLetGo(): boolean {
    if (!this.#keeper.idle || !this.#routing.idle) return false;
    return this.#routers.every(
      (router) =>
        router.state === 'initialize' &&
        (this.#hurried || (this.#keeper.hasLetGo(router) && this.#routing.hasLetGo(router))),
    );
  }
}
