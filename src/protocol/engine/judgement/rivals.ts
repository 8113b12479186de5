/** A second MASTER that is known from the peer link only: which of the two yields. */
import { judgeRival } from '../../../../fsm/judgement/rival.ts';
import { elapsed, type Instant, latest, milliseconds, times } from '../../../net/time.ts';
import type { CanServe } from '../../../wire/peer-link/statement.ts';
import type { Outbox } from '../core/outbox.ts';
import type { DirectorStatement } from '../directors/directors.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { EvidenceCollector } from './evidence.ts';
import { outranks } from './master-director.ts';

/** Within so many intervals both have heard the advertisement of the other, if it arrives. */
const SETTLED_AFTER = 1.25;

/** The successor sends its first advertisement at once, which ends a planned move where it arrives. */
const SUCCESSOR_SETTLED_AFTER = milliseconds(50);

interface RivalsParts {
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly evidence: EvidenceCollector;
}

interface Rival {
  readonly since: Instant;
  reported: boolean;
}

export class Rivals {
  readonly #parts: RivalsParts;
  readonly #rivals = new WeakMap<VirtualRouter, Rival>();

  constructor(parts: RivalsParts) {
    this.#parts = parts;
  }

  /** The router is not MASTER, or no other director is. */
  end(router: VirtualRouter): void {
    this.#rivals.delete(router);
  }

  /** Another director says that it is MASTER of this virtual router. */
  judge(
    router: VirtualRouter,
    { director, statement }: DirectorStatement,
    own: CanServe,
    now: Instant,
  ): void {
    const rival = this.#rivals.get(router) ?? { since: now, reported: false };
    this.#rivals.set(router, rival);
    const { transitions, evidence, outbox } = this.#parts;
    const { priority } = router.context;
    const source = router.source ?? null;
    const since = latest(rival.since, router.since);
    const agreed = agreementOf(router);
    const settledAfter =
      agreed === 'this'
        ? SUCCESSOR_SETTLED_AFTER
        : times(router.context.advertisementInterval, SETTLED_AFTER);
    const lasts = elapsed(since, now) >= settledAfter;
    const outcome = judgeRival({
      own: ABILITY[own],
      rival: ABILITY[statement.canServe],
      answers: evidence.answers(router, statement) ? 'yes' : 'no',
      rank: outranks(statement, { priority, source }) ? 'smaller' : 'greater',
      lasts: lasts ? 'yes' : 'no',
      agreed,
    });
    const text = `${director} is MASTER over the peer link with priority ${statement.priority} and ${ABILITY_TEXT[statement.canServe]}, and this director ${ABILITY_TEXT[own]}`;
    if (outcome !== 'stay') {
      router.evidence = { cause: outcome, text };
      transitions.apply(router, { type: outcome }, now);
      return;
    }
    const { source: peer, priority: peerPriority } = statement;
    if (!lasts || rival.reported || peer === null) return;
    rival.reported = true;
    const instance = router.settings.name;
    outbox.report({ kind: 'dual-master', instance, peer, peerPriority, evidence: text });
  }
}

/** Every other director has promised this one not to be MASTER where they give it the right. */
function agreementOf({ witness }: VirtualRouter): 'this' | 'rival' | 'none' {
  if (witness?.overlaps === true) return 'this';
  return witness?.right === 'peers' ? 'rival' : 'none';
}

const ABILITY = { yes: 'can-serve', no: 'cannot-serve', unknown: 'unknown' } as const;

const ABILITY_TEXT = {
  yes: 'reaches third hosts on the segment',
  no: 'reaches no third host on the segment',
  unknown: 'does not know whether it serves',
} as const;
