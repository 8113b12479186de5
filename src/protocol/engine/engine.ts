/**
 * The agent without I/O: `handle(input, now)` returns the actions to perform, in order. Time is an
 * argument, nothing is awaited, and nothing grows while the network is quiet.
 *
 * One turn of the loop around it:
 *   the deadline is reached   -> handle(wake)    advertisements, before anything is read
 *   packets wait              -> receive(...)    for each, within a bound
 *   no packet waits           -> handle(quiet)   only now may silence be judged
 *   the deadline has changed  -> arm deadline()
 */
import type { LinkEvent, LinkState, OutgoingDatagram } from '../../net/link.ts';
import {
  type Duration,
  earliest,
  elapsed,
  type Instant,
  instant,
  NEVER,
  NO_TIME,
} from '../../net/time.ts';
import { reconcile } from './addresses/routing-keeper.ts';
import type { BfdOrigin, BfdView } from './bfd-messages.ts';
import { type EngineOptions, type EngineParts, engineParts } from './core/engine-parts.ts';
import { instanceView } from './core/instance-view.ts';
import { type CounterTable, GLOBAL_ROW } from './counters.ts';
import type { DirectorView } from './director-messages.ts';
import type { Input, KernelInput } from './inputs.ts';
import type { Output } from './outputs.ts';
import { stalledOf } from './router/stall.ts';
import type { VirtualRouter } from './router/virtual-router.ts';
import type { InstanceSettings, Settings } from './settings.ts';
import { type CommonSettings, identityOf, type SettingsChange } from './settings-change.ts';
import type { EngineSnapshot } from './snapshot.ts';
import type { InstanceView } from './view.ts';

const NO_VIEWS: InstanceView[] = [];

export class Engine {
  #settings: CommonSettings;
  readonly #parts: EngineParts;
  /** What has changed since the routers were last compared with it. */
  #stale: 'names' | 'links' | 'addresses' | undefined;
  /** When the turn for deferred address changes is due. */
  #deferredAt: Instant = NEVER;
  #standby: boolean;
  #stopping = false;
  /** A second shutdown: addresses that the kernel does not release are left behind. */
  #hurried = false;
  #finished = false;

  constructor(settings: Settings, counters: CounterTable, options: EngineOptions = {}) {
    this.#settings = settings;
    this.#standby = options.standby ?? false;
    this.#parts = engineParts(settings.instances, counters, options);
    this.#parts.reconfiguration.group(settings.syncGroups, instant(0));
    this.#parts.directors.configure(settings.router, settings.peerLink);
    this.#parts.witness.configure(settings.witness);
    this.#parts.bfd.assign(this.#parts.reconfiguration.tracks(), instant(0));
    this.#parts.linkDelays.configure(settings.linkDelays, instant(0));
    this.#parts.binding.delayStart(settings.startDelay ?? NO_TIME);
  }

  /** When `wake` is due next; NEVER when no timer runs. */
  deadline(): Instant {
    return earliest(this.deadlineBesidesBfd(), this.#parts.bfd.next());
  }

  /** When anything but BFD is due. */
  deadlineBesidesBfd(): Instant {
    const { protocol, timers, directors, linkDelays, binding } = this.#parts;
    const next = earliest(earliest(protocol.next(), timers.next()), directors.next());
    const ofLinks = earliest(linkDelays.next(), binding.next());
    return earliest(next, earliest(ofLinks, this.#deferredAt));
  }

  /** When a MASTER will have been silent for a Master_Down_Interval, at the earliest. */
  silenceDeadline(): Instant {
    return this.#parts.protocol.nextOf('down');
  }

  /** Settings in effect, of every router. */
  get instances(): readonly InstanceSettings[] {
    return this.#routers.map((router) => router.settings);
  }

  /** Steps of the table so far: advertisements that repeat, sent or received, take none. */
  get steps(): number {
    return this.#parts.protocol.steps;
  }

  /** One row for each router. */
  view(): InstanceView[] {
    return this.#routers.map(instanceView);
  }

  /**
   * Rows that have changed since the last call. Computed on request, so that no takeover waits for
   * them.
   */
  changedViews(): InstanceView[] {
    const { changed } = this.#parts.transitions;
    if (changed.size === 0) return NO_VIEWS;
    const views = [...changed].map(instanceView);
    changed.clear();
    return views;
  }

  /** The other directors, if anything about them has changed since the last call. */
  changedDirectors(): readonly DirectorView[] | undefined {
    return this.#parts.directors.changedViews();
  }

  /** The BFD sessions, if anything about them has changed since the last call. */
  changedBfd(): readonly BfdView[] | undefined {
    return this.#parts.bfd.changedViews();
  }

  /** How long a packet of BFD may wait to be read; zero: none is expected. */
  get bfdPatience(): Duration {
    return this.#parts.bfd.patience;
  }

  /** Packets of BFD that took the short way. */
  get bfdRepeats(): number {
    return this.#parts.bfd.repeats;
  }

  /** The outputs up to now have been performed: its advertisements have left. */
  performed(): void {
    this.#parts.masterships.performed();
  }

  /** A received packet; the next `handle` returns the actions that follow from it. */
  receive(index: number, packet: Uint8Array, length: number, now: Instant): void {
    this.#parts.reception.receive(index, packet, length, now);
  }

  /**
   * A packet of BFD that the neighbour repeats, heard without a turn of the engine: nothing follows from it.
   * False: it is something else, and `bfd.heard` has to follow.
   */
  hearBfdAgain(origin: BfdOrigin, packet: Uint8Array, length: number, now: Instant): boolean {
    return this.#parts.bfd.hearAgain(origin, packet, length, now);
  }

  /** `wake` where `deadlineBesidesBfd` has not been reached, and in time. */
  wakeBfd(now: Instant): readonly Output[] {
    this.#parts.bfd.wakeAlone(now);
    return this.#parts.outbox.take();
  }

  /** A change reported by the kernel; the next `handle` acts on all of them together. */
  notice(reported: LinkEvent): void {
    const { routing, transitions, virtualLinks, links, reannouncer, listening } = this.#parts;
    const event = this.#believed(reported);
    listening.notice(event);
    let isRenamed = this.#stale === 'names';
    if ('key' in event) {
      const router = routing.notice(event, this.#routers);
      if (router === undefined) return;
      transitions.dirty.add(router);
      transitions.changed.add(router);
      return;
    }
    if (event.kind === 'link.changed') {
      if (event.failedOver) reannouncer.failedOver(event.link.index);
      const known = links.byIndex(event.link.index);
      isRenamed ||= known !== undefined && known.attributes.name !== event.link.name;
    }
    const switched = virtualLinks.switchedBy(event);
    const changed = links.apply(event);
    if (switched !== undefined) transitions.dirty.add(switched);
    else if (changed === 'links') this.#stale = isRenamed ? 'names' : 'links';
    else if (changed === 'addresses') this.#stale ??= 'addresses';
  }

  /** The event without what `linkDelays` hold back. */
  #believed(event: LinkEvent): LinkEvent {
    const { links, linkDelays } = this.#parts;
    if (event.kind === 'link.removed') linkDelays.forget(event.index);
    if (event.kind !== 'link.changed') return event;
    const known = links.byIndex(event.link.index)?.attributes;
    return { ...event, link: linkDelays.admit(event.link, known) };
  }

  handle(input: Input, now: Instant): readonly Output[] {
    const { operations, groups, faults, transitions, tracking } = this.#parts;
    switch (input.kind) {
      case 'wake':
        this.#wake(now);
        break;
      case 'quiet':
        this.#judgeSilence(now);
        break;
      case 'request':
      case 'restore':
        operations.take(input, this.#named(input.instance), now);
        break;
      case 'resume':
        this.#parts.restarts.remember(input);
        for (const router of this.#routers) tracking.reassess(router, now);
        break;
      case 'probe.changed':
        for (const router of tracking.probeChanged(input, now)) faults.update(router, now);
        break;
      case 'probe.lost':
        for (const router of tracking.probeLost(input, now)) faults.update(router, now);
        break;
      case 'ipvs.changed':
        faults.setIpvsFault(this.#named(input.instance), input.fault, now);
        break;
      case 'table.changed':
        transitions.connectionsChanged(this.#named(input.instance), input.synced, now);
        break;
      case 'before-master.answered':
        groups.answer(this.#named(input.instance), input, now);
        break;
      case 'adopt':
        this.#adopt(input.capture, now);
        break;
      case 'settings.changed':
        this.#change(input.change, now);
        break;
      case 'peer-link.opened':
      case 'peer-link.failed':
      case 'director.heard':
      case 'director.refused':
      case 'table.summary':
        this.#parts.directors.take(input, now);
        break;
      case 'witness.answered':
      case 'witness.freed':
        this.#parts.witness.take(input, this.#named(input.instance), now);
        break;
      case 'wall.changed':
        this.#parts.authenticator.follow(input.offset);
        break;
      case 'bfd.opened':
      case 'bfd.failed':
      case 'bfd.unsent':
      case 'bfd.heard':
        this.#parts.bfd.take(input, now);
        break;
      case 'shutdown':
        this.#shutdown(now);
        break;
      default:
        this.#takeFromKernel(input, now);
    }
    return this.#settle(now);
  }

  #takeFromKernel(input: KernelInput, now: Instant): void {
    const { links, routing, binding, conflicts, answers, virtualLinks, sendFailures } = this.#parts;
    const { greeter, transitions, judgement, linkDelays } = this.#parts;
    switch (input.kind) {
      case 'links.replaced':
        links.replace(
          input.links.map((link) => ({
            ...linkDelays.admit(link, links.byIndex(link.index)?.attributes),
            addresses: link.addresses,
          })),
        );
        routing.doubt(this.#routers);
        this.#parts.bfd.linksChanged();
        if (this.#standby) binding.linksChanged(now);
        else binding.linksReplaced(now);
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
        conflicts.claimed(input, now);
        judgement.claimed(input, now);
        for (const router of greeter.answered(input)) {
          transitions.apply(router, { type: 'peer-answered' }, now);
        }
        break;
      case 'kernel.changed':
        answers.changed(input, now);
        break;
      case 'links.up':
      case 'virtual-link.down':
      case 'virtual-link.failed':
        for (const answer of virtualLinks.take(input, now)) answers.linkChanged(answer, now);
        break;
      case 'gateway.found':
        judgement.gatewayFound(input.index, input.family, input.address);
        break;
      case 'prefix.found':
        for (const router of this.#parts.prefixes.found(input)) transitions.dirty.add(router);
        break;
      case 'listen.failed':
        answers.listenFailed(input.index, now);
        break;
      case 'send.failed':
        sendFailures.add(input, now);
        break;
    }
  }

  #wake(now: Instant): void {
    const { protocol, transitions, groups, timers, announcer, binding } = this.#parts;
    const { keeper, leases, virtualLinks, conflicts, prefixes } = this.#parts;
    this.#guardAgainstStall(now);
    this.#parts.witness.wake(now);
    this.#wakeForLinks(now);
    protocol.fire('adver', now, (router, due) => transitions.advertisementDue(router, now, due));
    announcer.nextTurn();
    timers.fire(
      'announce',
      now,
      this.#withRouter((router) => announcer.announce(router, now)),
    );
    timers.fire(
      'addresses',
      now,
      this.#withRouter((router) => binding.retry(router, now)),
    );
    timers.fire(
      'repair',
      now,
      this.#withRouter((router) => transitions.dirty.add(router)),
    );
    keeper.nextTurn();
    leases.nextTurn();
    virtualLinks.nextTurn(transitions.dirty, now);
    protocol.fire('release', now, (router) => {
      const expired = now >= router.context.releaseUntil;
      transitions.apply(router, { type: 'release-timeout', expired }, now);
    });
    protocol.fire('before-master', now, (router) =>
      groups.settleRequest(router, 'before-master-timeout', now),
    );
    this.#wakeForPeers(now);
    this.#parts.directors.wake(now);
    this.#parts.bfd.wake(now);
    timers.fire(
      'overlap',
      now,
      this.#withRouter((router) => transitions.endOverlap(router)),
    );
    timers.fire(
      'rival',
      now,
      this.#withRouter((router) => transitions.rivalIsSilent(router, now)),
    );
    conflicts.fire(now);
    timers.fire(
      'lease',
      now,
      this.#withRouter((router) => {
        if (!router.isMaster) return;
        leases.renew(router, now);
        prefixes.doubt(router);
      }),
    );
    prefixes.ask();
  }

  #wakeForLinks(now: Instant): void {
    const { links, linkDelays, binding } = this.#parts;
    for (const link of linkDelays.due(now)) {
      links.change(link);
      this.#stale ??= 'links';
    }
    binding.startDelayed(now);
  }

  #wakeForPeers(now: Instant): void {
    const { timers, greeter, problems } = this.#parts;
    timers.fire(
      'greeting',
      now,
      this.#withRouter((router) => greeter.repeat(router, now)),
    );
    problems.expire(now);
    timers.fire(
      'survey',
      now,
      this.#withRouter((router) => problems.surveyed(router, now)),
    );
  }

  #withRouter(callback: (router: VirtualRouter) => void): (position: number) => void {
    const { routers } = this.#parts;
    return (position) => {
      const router = routers.at(position);
      if (router !== undefined) callback(router);
    };
  }

  /** A router that was stalled too long listens first; packets queued meanwhile are discarded. */
  #guardAgainstStall(now: Instant): void {
    const { transitions, groups, timers, protocol, counters, outbox } = this.#parts;
    const lateness = elapsed(this.deadline(), now);
    const stalled = stalledOf(this.#routers, lateness, now);
    if (stalled.length === 0) return;
    for (const router of stalled) transitions.apply(router, { type: 'stall' }, now);
    // Members that were not stalled for too long must not advertise as MASTER either.
    groups.settle(now);
    timers.tighten();
    protocol.tighten();
    counters.add(GLOBAL_ROW, 'stalls');
    this.#parts.bfd.excuse(now);
    outbox.first({ kind: 'received.discard' });
    outbox.report({ kind: 'stall', microseconds: lateness });
  }

  #judgeSilence(now: Instant): void {
    const { protocol, groups, directors, judgement, timers } = this.#parts;
    directors.judgeSilence(now);
    this.#parts.bfd.judgeSilence(now);
    timers.fire(
      'inquiry',
      now,
      this.#withRouter((router) => judgement.timerFired(router, now)),
    );
    protocol.fire('down', now, (router) => judgement.timedOut(router, now));
    protocol.fire('preempt-delay', now, (router) =>
      groups.timedOut(router, 'preempt-hold-timeout', now),
    );
    protocol.fire('group', now, (router) => groups.reconsider(router, now));
  }

  #adopt(snapshot: EngineSnapshot, now: Instant): void {
    if (!this.#standby) return;
    this.#standby = false;
    const { transfer, reconfiguration, binding, directors } = this.#parts;
    directors.adopt(snapshot.directors, now);
    this.#parts.witness.adopt(snapshot.witness);
    this.#parts.bfd.adopt(snapshot.bfd ?? [], now);
    const others = transfer.adopt(snapshot, now);
    reconfiguration.group(this.#settings.syncGroups, now);
    binding.resume(now);
    for (const router of others) binding.start(router, now);
  }

  /** The state that the next process continues with. */
  capture(): EngineSnapshot {
    const directors = this.#parts.directors.capture();
    const witness = this.#parts.witness.capture();
    const bfd = this.#parts.bfd.capture();
    return {
      ...this.#parts.transfer.capture(),
      ...(directors === undefined ? {} : { directors }),
      ...(witness.length === 0 ? {} : { witness }),
      ...(bfd.length === 0 ? {} : { bfd }),
    };
  }

  /**
   * Priority 0 of the MASTERs among these routers that authenticate: the process that takes over does not
   * have them, and no key for them.
   */
  resignationsOf(identities: ReadonlySet<string>, now: Instant): readonly OutgoingDatagram[] {
    return this.#routers
      .filter(({ isMaster, settings: { authentication } }) => {
        return isMaster && authentication.type !== 'none';
      })
      .filter(({ settings }) => identities.has(identityOf(settings)))
      .flatMap((router) => router.resignations(this.#parts.authenticator.sealOf(router, now)));
  }

  /** The links and addresses that the kernel has reported. */
  links(): LinkState[] {
    return this.#parts.links.states();
  }

  #change(change: SettingsChange, now: Instant): void {
    if (this.#stopping) return;
    this.#settings = change.common;
    const { router, peerLink, witness, linkDelays } = change.common;
    this.#parts.directors.configure(router, peerLink);
    this.#parts.witness.configure(witness);
    this.#parts.linkDelays.configure(linkDelays, now);
    this.#parts.reconfiguration.apply(change, now);
    this.#parts.bfd.assign(this.#parts.reconfiguration.tracks(), now);
  }

  #shutdown(now: Instant): void {
    const { reconfiguration, transitions } = this.#parts;
    const linger = this.#settings.linger === 'auto' && !this.#stopping;
    this.#hurried = this.#stopping;
    this.#stopping = true;
    reconfiguration.abandon();
    this.#parts.binding.delayStart(NO_TIME);
    for (const router of this.#routers) {
      if (!this.#hurried && reconfiguration.isRemoving(router)) continue;
      transitions.apply(router, { type: 'shutdown', linger }, now);
    }
  }

  /** Ends a turn: requests the address changes and returns the outputs in order. */
  #settle(now: Instant): readonly Output[] {
    const { reconfiguration, routing, binding, groups, operations } = this.#parts;
    const { transitions, keeper, leases, announcer, virtualLinks, outbox } = this.#parts;
    const { directors, judgement, bfd } = this.#parts;
    this.#parts.linkDelays.settle(now);
    if (reconfiguration.isUnderWay) reconfiguration.proceed(now);
    if (this.#stale !== undefined) {
      bfd.linksChanged();
      routing.doubt(this.#routers);
      if (this.#stale === 'addresses') binding.addressesChanged(now);
      else if (this.#stale === 'links' || this.#standby) binding.linksChanged(now);
      else binding.linksRenamed(now);
      this.#stale = undefined;
    }
    if (!this.#standby) this.#parts.witness.settle(now);
    this.#parts.faults.settle(transitions.changed, now);
    groups.settle(now);
    operations.settle(now);
    // What the groups have decided needs the permission as well.
    if (!this.#standby) this.#parts.witness.settle(now);
    const { dirty, changed } = transitions;
    if (this.#standby) {
      dirty.clear();
      changed.clear();
    }
    this.#parts.prefixes.follow(changed, now);
    if (dirty.size > 0) reconcile(virtualLinks.admitted(dirty, now), keeper, routing, now);
    else keeper.ask(now);
    leases.ask(now);
    announcer.settle(now);
    if (!this.#standby) {
      judgement.settle(now);
      directors.settle(now);
      bfd.settle(now);
    }
    const isDeferred = [keeper, leases, announcer, virtualLinks].some((one) => one.isWaiting);
    this.#deferredAt = isDeferred ? now : NEVER;
    if (this.#stopping && !this.#finished && this.#hasReleasedAll()) {
      this.#finished = true;
      bfd.stop(now);
      outbox.finish();
    }
    return outbox.take();
  }

  get #routers(): readonly VirtualRouter[] {
    return this.#parts.routers.all;
  }

  #named(instance: string): VirtualRouter | undefined {
    return this.#parts.reconfiguration.running(instance);
  }

  #hasReleasedAll(): boolean {
    const { keeper, routing } = this.#parts;
    if (!keeper.idle || !routing.idle) return false;
    return this.#routers.every(
      (router) =>
        router.state === 'initialize' &&
        (this.#hurried || (keeper.hasReleased(router) && routing.hasReleased(router))),
    );
  }
}
