/**
 * Gives virtual routers with a witness the right to be MASTER, and takes it away in time. The tables in
 * `fsm/witness` decide; the right of a router is its `witness`, which also limits the lifetime of its VIPs.
 * A BACKUP that would take over waits in the state `asking` until the right is there; a MASTER without it
 * gets the event `witness-lost`.
 */
import { judgeKey, type KeyEvidence } from '../../../../fsm/witness/key.ts';
import { judgeRight, type RightOutcome } from '../../../../fsm/witness/right.ts';
import {
  asksBefore,
  fadesAfter,
  GRACE,
  OVERLAP,
  RELEASE_LEAD,
  REPEATED_EVERY,
  settlesAfter,
  TAKE_BACK,
} from '../../../../fsm/witness/timing.ts';
import {
  after,
  type Duration,
  earliest,
  elapsed,
  type Instant,
  LONG_AGO,
  latest,
  NEVER,
  NO_TIME,
  shortest,
} from '../../../net/time.ts';
import { type Leases, lifetimeOf } from '../addresses/leases.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { Directors, Said } from '../directors/directors.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { WitnessAsk, WitnessInput, WitnessSettings } from '../witness-messages.ts';
import { Accord, type Own, type Seen } from './accord.ts';
import { KeyHolder, type Wanted } from './key-holder.ts';
import type { WitnessSnapshot } from './snapshot.ts';
import { GroupTurns } from './turns.ts';

interface WitnessParts {
  readonly routers: RouterTable;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly groups: SyncGroups;
  readonly directors: Directors;
  readonly leases: Leases;
}

interface Case {
  readonly accord: Accord;
  readonly key: KeyHolder;
  /** Since when every director agrees without a gap; NEVER: not now. */
  agreedSince: Instant;
  /** It has agreed to another director, or has given the key away, and serves until then at the latest. */
  overlapUntil: Instant;
  /** The key was given away: it is not claimed before this. */
  handedUntil: Instant;
  right: RightOutcome;
  until: Instant;
  /** It is MASTER without a right, and has said so. */
  wentOn: boolean;
  yieldsUntil: Instant;
}

/** The evidence of one moment. */
interface Look {
  readonly own: Own;
  readonly ttl: Duration;
  readonly now: Instant;
}

export class Witness {
  readonly #parts: WitnessParts;
  readonly #seen: Seen;
  readonly #cases = new Map<VirtualRouter, Case>();
  readonly #doubtful = new Set<VirtualRouter>();
  readonly #turns: GroupTurns;
  #settings: WitnessSettings | undefined;
  #lastId = 0;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
    const { directors, groups } = parts;
    this.#turns = new GroupTurns(groups, (router) => this.#cases.get(router));
    this.#seen = {
      get names() {
        return directors.names;
      },
      get ownName() {
        return directors.ownName;
      },
      isUp: (director) => directors.isUp(director),
      boundFrom: (director) => directors.boundFrom(director),
    };
    directors.onStatement = (said) => this.#said(said);
    directors.judgeAgreement(
      (router) => {
        const accord = this.#cases.get(router)?.accord;
        if (accord === undefined) return undefined;
        const { claims, promise } = accord;
        // It still binds this director; but one that is not believed must not count from a new echo.
        const isHeard = promise !== undefined && directors.isUp(promise.to);
        return { claims, promise: isHeard ? promise : undefined };
      },
      () => (this.#settings === undefined ? undefined : REPEATED_EVERY),
    );
  }

  configure(settings: WitnessSettings | undefined): void {
    this.#settings = settings;
    for (const router of this.#parts.routers.all) this.#doubtful.add(router);
  }

  take(input: WitnessInput, router: VirtualRouter | undefined, now: Instant): void {
    const known = router === undefined ? undefined : this.#cases.get(router);
    const ttl = this.#settings?.ttl;
    if (router === undefined || known === undefined || ttl === undefined) return;
    this.#doubtful.add(router);
    if (input.kind === 'witness.freed') {
      known.key.freed(now);
      return;
    }
    const { outbox } = this.#parts;
    const instance = router.settings.name;
    const news = known.key.answered(input.id, input.answer, ttl, now);
    if (news === 'granted') outbox.report({ kind: 'witness-granted', instance });
    if (known.key.refusedSince !== undefined) {
      for (const one of this.#turns.siblingsOf(router)) this.#doubtful.add(one);
    }
    if (news === 'refused') {
      outbox.report({ kind: 'witness-refused', instance, holder: known.key.holder });
    }
    if (news === 'handed-over') known.handedUntil = after(now, TAKE_BACK);
  }

  /** Before anything is sent: a right may have ended while this process did not run. */
  wake(now: Instant): void {
    const { timers, routers } = this.#parts;
    timers.fire('witness', now, (position) => {
      const router = routers.at(position);
      if (router !== undefined) this.#consider(router, now);
    });
  }

  /** Ends a turn, before addresses are compared. */
  settle(now: Instant): void {
    for (const router of this.#parts.transitions.changed) {
      this.#doubtful.add(router);
      this.#doubtFollowers(router);
    }
    // A right lets the next member of a sync group ask. Bounded: the rest has to wait for the next turn.
    for (let left = this.#parts.routers.all.length; left >= 0; left--) {
      if (this.#doubtful.size === 0) return;
      const routers = [...this.#doubtful];
      this.#doubtful.clear();
      for (const router of routers) this.#consider(router, now);
    }
  }

  capture(): WitnessSnapshot {
    return [...this.#cases].map(([{ settings }, { accord, key, right, until }]) => {
      const held = key.until === LONG_AGO ? null : key.until;
      return { instance: settings.name, accord: accord.snapshot(), key: held, right, until };
    });
  }

  /** The key is asked for at once, by the process that is in charge now. */
  adopt(snapshot: WitnessSnapshot | undefined): void {
    for (const one of snapshot ?? []) {
      const router = this.#parts.routers.all.find(({ settings }) => settings.name === one.instance);
      if (router === undefined || this.#settings === undefined) continue;
      const known = this.#caseOf(router);
      known.accord.resume(one.accord);
      known.key.until = one.key ?? LONG_AGO;
      const { right, until } = one;
      const { ttl } = this.#settings;
      const rest = { overlaps: false, holds: false, holder: null, reason: '' };
      router.witness = { ttl, right, until, ...rest };
      this.#doubtful.add(router);
    }
  }

  /** The router was removed. */
  forget(router: VirtualRouter): void {
    this.#cases.delete(router);
    this.#doubtful.delete(router);
  }

  #said({ director, router, statement, echoed }: Said): void {
    if (this.#settings === undefined || router.settings.witness !== true) return;
    const { accord } = this.#caseOf(router);
    accord.said(director, statement, echoed, this.#seen.ownName, this.#settings.ttl);
    this.#doubtful.add(router);
  }

  #caseOf(router: VirtualRouter): Case {
    let known = this.#cases.get(router);
    if (known === undefined) {
      known = {
        ...{ accord: new Accord(), key: new KeyHolder(), agreedSince: NEVER },
        ...{ overlapUntil: LONG_AGO, handedUntil: LONG_AGO, right: 'none', until: LONG_AGO },
        ...{ wentOn: false, yieldsUntil: LONG_AGO },
      };
      this.#cases.set(router, known);
    }
    return known;
  }

  #consider(router: VirtualRouter, now: Instant): void {
    if (this.#settings === undefined || router.settings.witness !== true) {
      router.witness = undefined;
      return;
    }
    const { ttl } = this.#settings;
    const known = this.#caseOf(router);
    const own = this.#ownOf(router, ttl, now);
    const look = { own, ttl, now };
    const before = [known.accord.claims, known.accord.promise?.to];
    this.#agree(known, look);
    this.#useKey(router, known, look);
    this.#judge(router, known, look);
    const said = [known.accord.claims, known.accord.promise?.to];
    if (said.some((one, place) => one !== before[place])) this.#parts.directors.say(router, now);
    this.#act(router, known, look);
    this.#parts.timers.set('witness', router.position, this.#nextLook(router, known, look));
  }

  #ownOf(router: VirtualRouter, ttl: Duration, now: Instant): Own {
    const { context, source } = router;
    const rank = { priority: context.priority, source: source ?? null };
    const waits = this.#turns.isBehind(router) || this.#turns.yields(router, ttl, now);
    const role = waits ? 'other' : roleOf(router);
    const isAsked = role === 'master' && this.#caseOf(router).accord.heir(this.#seen) !== undefined;
    const canServe = isAsked ? this.#parts.directors.canServe(router, now) : 'unknown';
    return { role, rank, canServe };
  }

  #doubtFollowers(router: VirtualRouter): void {
    for (const one of this.#turns.followersOf(router)) this.#doubtful.add(one);
  }

  /** What this director claims and promises. */
  #agree(known: Case, { own, ttl, now }: Look): void {
    const { accord } = known;
    const serves = isServing(own);
    // Who does not see every director does not agree to one: that one could not take over by promises.
    const byKey = serves && accord.agreedUntil(this.#seen) <= now && !accord.isWhole(this.#seen);
    if (!serves) known.overlapUntil = LONG_AGO;
    if (own.role === 'other') known.handedUntil = LONG_AGO;
    if (!byKey || accord.promise !== undefined) {
      const hadPromised = accord.promise !== undefined;
      accord.promiseTo(own, this.#seen, ttl, now);
      const agrees = !hadPromised && accord.promise !== undefined;
      if (serves && agrees) overlap(known, now);
    }
    const mayKeep = accord.promise === undefined && known.handedUntil <= now;
    const mayAsk = own.role === 'claims' && accord.mayAsk(own, this.#seen);
    accord.claim(serves ? mayKeep : mayAsk, now);
  }

  #useKey(router: VirtualRouter, known: Case, { own, ttl, now }: Look): void {
    const { key, accord } = known;
    const peers = this.#peersOf(known, ttl, now);
    const bound = latest(
      latest(accord.boundUntil(this.#seen), accord.unknownUntil(this.#seen, ttl, now)),
      // A director that is seen answers at once.
      after(accord.awaitedUntil(this.#seen, this.#fadingTime(ttl)), asksBefore(ttl)),
    );
    const heir = own.role === 'leaving' ? accord.heir(this.#seen) : undefined;
    const hasAgreed = isServing(own) && accord.promise !== undefined;
    const evidence: KeyEvidence = {
      role: hasAgreed || isMisnamed(router, known, this.#seen) ? 'other' : own.role,
      peers,
      key: key.isHeld(now) ? 'held' : 'none',
      heir: heir === undefined ? 'none' : 'ready',
      promise: bound > after(now, asksBefore(ttl)) ? 'later' : 'soon',
    };
    const outcome = judgeKey(evidence);
    // Nor may a third director take the key while this one still serves.
    if (known.handedUntil > now || (hasAgreed && known.overlapUntil > now)) return;
    let wanted: Wanted = outcome === 'hold' ? 'hold' : 'none';
    if (outcome === 'hand-over' && heir !== undefined) {
      wanted = { to: heir };
      key.limit(after(now, OVERLAP));
      overlap(known, now);
    }
    key.want(wanted, ttl, now, (ask) => this.#send(router, ask));
  }

  #peersOf(known: Case, ttl: Duration, now: Instant): KeyEvidence['peers'] {
    if (known.accord.agreedUntil(this.#seen) <= after(now, RELEASE_LEAD)) {
      known.agreedSince = NEVER;
      return 'missing';
    }
    if (now >= this.#fadesAt(known, ttl)) {
      known.agreedSince = NEVER;
      return 'fading';
    }
    if (known.agreedSince === NEVER) known.agreedSince = now;
    return elapsed(known.agreedSince, now) >= settlesAfter(ttl) ? 'settled' : 'agree';
  }

  /** Without a new promise until then the key is asked for. */
  #fadesAt({ accord }: Case, ttl: Duration): Instant {
    const at = accord.agreedAt(this.#seen);
    return at === LONG_AGO ? LONG_AGO : after(at, this.#fadingTime(ttl));
  }

  #fadingTime(ttl: Duration): Duration {
    return fadesAfter(ttl, this.#parts.directors.settings?.heartbeat ?? NO_TIME);
  }

  #judge(router: VirtualRouter, known: Case, { ttl, now }: Look): void {
    const { accord, key } = known;
    const agreedUntil = accord.agreedUntil(this.#seen);
    const soon = after(now, RELEASE_LEAD);
    const isUnknown = accord.unknownUntil(this.#seen, ttl, now) > now;
    const bound = accord.promise === undefined ? 'no' : 'yes';
    const hadNone = known.right === 'none';
    known.right = judgeRight({
      promised: bound === 'no' && isUnknown ? 'unknown' : bound,
      peers: agreedUntil > soon ? 'agree' : 'missing',
      key: key.isHeld(soon) ? 'held' : 'none',
      witness:
        key.failure === undefined && !isMisnamed(router, known, this.#seen) ? 'answers' : 'silent',
      loss: this.#settings?.onLoss ?? 'release',
    });
    if ((known.right === 'none') !== hadNone) this.#doubtFollowers(router);
    known.until = this.#untilOf(known, agreedUntil);
    const { right, until } = known;
    const holds = key.isHeld(now);
    const reason = this.#reasonOf(router, known, soon);
    const before = router.witness;
    const overlaps = until !== LONG_AGO && until === known.overlapUntil;
    const term = this.#termOf(known, ttl);
    router.witness = { ttl: term, right, until, overlaps, holds, holder: key.holder, reason };
    // The kernel has been told a longer lifetime, which nothing would end if this process stopped now.
    if (overlaps && before?.overlaps !== true) this.#parts.leases.renew(router, now);
    // Too little time was left for an address that the kernel has removed.
    const { settings } = router;
    const couldServe = lifetimeOf({ settings, witness: before }, now) > 0;
    if (!couldServe && router.isMaster) this.#parts.transitions.dirty.add(router);
    const isSame =
      before?.right === right && before.holds === holds && before.holder === key.holder;
    if (!isSame) this.#parts.transitions.changed.add(router);
  }

  #untilOf({ right, key, overlapUntil }: Case, agreedUntil: Instant): Instant {
    switch (right) {
      case 'peers':
        return latest(agreedUntil, key.until);
      case 'held':
        return key.until;
      case 'went-on':
        return NEVER;
      case 'none':
        return overlapUntil;
    }
  }

  /** The `ttl` by which the right is counted, which a reload changes on one director after the other. */
  #termOf({ right, until, accord, key }: Case, ttl: Duration): Duration {
    const isByKey = right === 'held' || (right === 'peers' && until === key.until);
    if (isByKey && key.lease > 0) return shortest(ttl, key.lease);
    return right === 'peers' ? accord.agreedFor(this.#seen, ttl) : ttl;
  }

  /** Lets a BACKUP take over, or a MASTER release. */
  #act(router: VirtualRouter, known: Case, { own, now }: Look): void {
    const { groups, transitions, outbox } = this.#parts;
    const instance = router.settings.name;
    const mayTakeOver = own.role === 'claims' && router.state === 'backup.asking';
    this.#sayIfWentOn(router, known, mayTakeOver || isServing(own));
    if (mayTakeOver && known.right !== 'none') groups.permit(router, now);
    if (!isServing(own) || known.right !== 'none') return;
    if (known.overlapUntil > after(now, RELEASE_LEAD) || isInGrace(router, now)) return;
    const reason = router.witness?.reason ?? '';
    outbox.report({ kind: 'witness-lost', instance, consequence: 'released', reason });
    transitions.apply(router, { type: 'witness-lost' }, now);
    this.#doubtful.add(router);
  }

  #sayIfWentOn(router: VirtualRouter, known: Case, isConcerned: boolean): void {
    const goesOn = isConcerned && known.right === 'went-on';
    const isNew = goesOn && !known.wentOn;
    known.wentOn = goesOn;
    if (!isNew) return;
    const instance = router.settings.name;
    const reason = router.witness?.reason ?? '';
    this.#parts.outbox.report({ kind: 'witness-lost', instance, consequence: 'went-on', reason });
  }

  #reasonOf({ settings }: VirtualRouter, { accord, key }: Case, soon: Instant): string {
    const { promise } = accord;
    if (promise !== undefined) return `${promise.to} is MASTER, or is about to be`;
    const missing = accord.missing(this.#seen, soon).join(', ');
    const who =
      missing === '' ? 'there is no other director' : `${missing} does not agree or is not seen`;
    const other = accord.otherName(this.#seen, settings.name);
    if (other !== undefined) {
      return `${who}, and the witness cannot decide: ${other.director} calls the instance ${other.calls}`;
    }
    if (key.holder !== null) return `${who}, and the witness has given the key to ${key.holder}`;
    if (key.failure !== undefined) return `${who}, and the witness cannot be asked: ${key.failure}`;
    return who;
  }

  #nextLook(router: VirtualRouter, known: Case, { own, ttl, now }: Look): Instant {
    const { accord, key, yieldsUntil } = known;
    if (own.role === 'other' && accord.promise === undefined) {
      return yieldsUntil > now ? yieldsUntil : NEVER;
    }
    const agreedUntil = accord.agreedUntil(this.#seen);
    const bound = latest(accord.boundUntil(this.#seen), accord.unknownUntil(this.#seen, ttl, now));
    const moments = [
      lead(known.until),
      lead(agreedUntil),
      lead(known.overlapUntil),
      this.#fadesAt(known, ttl),
      known.agreedSince === NEVER ? NEVER : after(known.agreedSince, settlesAfter(ttl)),
      bound,
      bound === LONG_AGO ? NEVER : ((bound - asksBefore(ttl)) as Instant),
      accord.awaitedUntil(this.#seen, this.#fadingTime(ttl)),
      ...[known.handedUntil, yieldsUntil],
      after(router.since, GRACE),
      own.role === 'other' ? NEVER : key.next(ttl),
    ];
    return moments.reduce<Instant>(
      (next, moment) => (moment > now ? earliest(next, moment) : next),
      NEVER,
    );
  }

  #send(router: VirtualRouter, ask: WitnessAsk): number {
    this.#lastId += 1;
    const request = { id: this.#lastId, instance: router.settings.name, ask };
    this.#parts.outbox.report({ kind: 'witness-request', request });
    return this.#lastId;
  }
}

/** With another name on another director it has a key of its own on each, which decides nothing. */
function isMisnamed({ settings }: VirtualRouter, { accord }: Case, seen: Seen): boolean {
  return accord.otherName(seen, settings.name) !== undefined;
}

/** From now on it serves only for as long as a successor may need to be heard. */
function overlap(known: Case, now: Instant): void {
  known.overlapUntil = earliest(known.until, after(now, OVERLAP));
}

function isServing({ role }: Own): boolean {
  return role === 'master' || role === 'leaving';
}

function roleOf({ state, permitted }: VirtualRouter): Own['role'] {
  if (state === 'holding.master') return 'master';
  if (state === 'holding.releasing') return 'leaving';
  const isAsking = (state === 'backup.asking' && permitted) || state === 'backup.allowed';
  return isAsking ? 'claims' : 'other';
}

/** It was started again after a crash, and the kernel still has the VIPs, for as long as it was told. */
function isInGrace({ lastTransition, since }: VirtualRouter, now: Instant): boolean {
  return lastTransition?.cause === 'still-master' && elapsed(since, now) < GRACE;
}

function lead(until: Instant): Instant {
  return until === NEVER || until === LONG_AGO ? NEVER : ((until - RELEASE_LEAD) as Instant);
}
