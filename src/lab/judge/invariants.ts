/**
 * What must be true once the directors have converged after a step: some director answers for the
 * address if one can, and only one has it while all directors hear each other. With a witness only one has
 * it in any case, and before they have converged two have it no longer than a planned move may overlap.
 */
import type { Action } from '../scenario/steps.ts';
import { type ClientProbes, lengthOf, longestOf, outagesIn } from './outages.ts';
import type { NodeRecord, Span } from './record.ts';
import { longestDual, seconds } from './spans.ts';
import { WitnessReach } from './witness-reach.ts';

export interface PerformedAction extends Span {
  readonly action: Action;
}

export interface InvariantInput {
  readonly duration: number;
  readonly nodes: readonly NodeRecord[];
  readonly probes: readonly ClientProbes[];
  readonly steps: readonly PerformedAction[];
  /** Members of etcd; 0: no witness. */
  readonly witnesses: number;
}

/** From `bound` after a step until the next one. */
interface QuietPeriod extends Span {
  /** Some directors do not hear each other, or one keeps the address without a working agent. */
  readonly mayHaveTwo: boolean;
  readonly isServable: boolean;
}

/** Longer than one lost request on a busy host. */
const OUTAGE_TOLERATED = 20_000;

/** A planned move overlaps for a second at most (fsm/witness/timing.ts), and the kernel of a frozen director is late. */
const OVERLAP_TOLERATED = 1_500_000;

export function brokenInvariants(watched: InvariantInput, bound: number): string[] {
  return [...longOverlaps(watched), ...brokenAfterSteps(watched, bound)];
}

function longOverlaps({ witnesses, nodes, duration }: InvariantInput): string[] {
  if (witnesses === 0) return [];
  const dual = longestDual(nodes, { from: 0, to: duration });
  if (dual === undefined || lengthOf(dual) <= OVERLAP_TOLERATED) return [];
  const [from, to] = [seconds(dual.from), seconds(dual.to)];
  return [`two owners from ${from} to ${to}, longer than a planned move may overlap`];
}

function brokenAfterSteps(watched: InvariantInput, bound: number): string[] {
  const { probes = [] } = watched.probes.find(({ type }) => type === 'icmp') ?? {};
  return quietPeriods(watched, bound).flatMap((period) => {
    const broken: string[] = [];
    const outage = longestOf(outagesIn(probes, period));
    if (period.isServable && outage !== undefined && lengthOf(outage) > OUTAGE_TOLERATED) {
      broken.push(`no answer from ${seconds(outage.from)} to ${seconds(outage.to)}`);
    }
    if (period.mayHaveTwo) return broken;
    const dual = longestDual(watched.nodes, period);
    if (dual !== undefined) {
      broken.push(`two owners from ${seconds(dual.from)} to ${seconds(dual.to)}`);
    }
    const senders = watched.nodes.filter(({ adverts }) =>
      adverts.some((at) => at > period.from && at < period.to),
    );
    if (senders.length > 1) {
      const names = senders.map(({ name }) => name).join(' and ');
      broken.push(`${names} advertise between ${seconds(period.from)} and ${seconds(period.to)}`);
    }
    return broken;
  });
}

function quietPeriods(
  { duration, nodes, steps, witnesses }: InvariantInput,
  bound: number,
): QuietPeriod[] {
  const network = new Network(nodes, witnesses);
  const changes = steps
    .flatMap((step) => [
      { at: step.from, action: step.action, isDone: false },
      { at: step.to, action: step.action, isDone: true },
    ])
    .sort((a, b) => a.at - b.at);
  return [{ at: 0, action: undefined, isDone: true }, ...changes].flatMap(
    ({ at, action, isDone }, index): QuietPeriod[] => {
      if (action !== undefined) network.apply(action, isDone);
      const next = changes[index]?.at ?? duration;
      const from = at + bound;
      if (from >= next) return [];
      return [{ from, to: next, mayHaveTwo: network.mayHaveTwo, isServable: network.isServable }];
    },
  );
}

/**
 * `silent`: the machine answers for its addresses, but its agent does not run, or is being started: a
 * busy host needs seconds for that, and the director takes over at any time in between.
 */
type DirectorState = 'working' | 'gone' | 'silent';

type ForeignRouter = Extract<Action, { readonly kind: 'foreign_router' }>;

/** Which directors can serve, and whether all of them hear each other. */
class Network {
  readonly #directors: Map<string, DirectorState>;
  readonly #linksDown = new Set<string>();
  /** Directors whose interface is a port of a bridge: they are in FAULT. */
  readonly #ports = new Set<string>();
  readonly #foreign = new Set<ForeignRouter>();
  readonly #witness: WitnessReach | undefined;
  #isCut = false;

  readonly #lowestPriority: number;

  constructor(nodes: readonly Pick<NodeRecord, 'name' | 'priority'>[], witnesses: number) {
    this.#directors = new Map(nodes.map(({ name }) => [name, 'working']));
    const names = nodes.map(({ name }) => name);
    this.#witness = witnesses === 0 ? undefined : new WitnessReach(witnesses, names);
    this.#lowestPriority = Math.min(...nodes.map(({ priority }) => priority));
  }

  /** Of each step, when it begins and when it is done. */
  apply(action: Action, isDone: boolean): void {
    this.#witness?.apply(action, isDone);
    if ('node' in action && action.node.startsWith('etcd')) return;
    switch (action.kind) {
      case 'partition':
      case 'loss':
      case 'isolate':
      case 'deaf':
        // VRRP runs on the first network only.
        if (action.network !== 'peers') this.#isCut = true;
        return;
      case 'delay':
        this.#isCut = true;
        return;
      case 'heal':
        this.#isCut = false;
        return;
      case 'link_down':
        if (action.network !== 'peers') this.#linksDown.add(action.node);
        return;
      case 'link_up':
        if (action.network !== 'peers') this.#linksDown.delete(action.node);
        return;
      case 'crash':
      case 'stop':
      case 'freeze':
        this.#directors.set(action.node, 'gone');
        return;
      case 'kill':
      case 'hang':
        this.#directors.set(action.node, 'silent');
        return;
      case 'boot':
      case 'start':
      case 'restart':
        this.#directors.set(action.node, isDone ? 'working' : 'silent');
        return;
      case 'thaw':
        this.#directors.set(action.node, 'working');
        return;
      case 'bridge_port':
        this.#ports.add(action.node);
        return;
      case 'bridge_release':
        this.#ports.delete(action.node);
        return;
      case 'foreign_router':
        if (isDone) this.#foreign.delete(action);
        else this.#foreign.add(action);
        return;
      case 'reload':
      case 'failover':
      case 'release':
      case 'maintenance':
      case 'cpu_stress':
      case 'flood':
      case 'peer_flood':
      case 'delete_address':
      case 'add_address':
      case 'renumber':
      case 'change_mac':
      case 'second_agent':
      case 'stall_log':
      case 'read_log':
      case 'tracked_file':
      case 'descriptors':
        return;
    }
  }

  get mayHaveTwo(): boolean {
    if (this.#witness !== undefined) return false;
    return this.#isCut || [...this.#directors.values()].includes('silent');
  }

  /** A director with a silent agent may still answer, but nothing guarantees it. */
  get isServable(): boolean {
    // Any director may be MASTER, and yields to a foreign router that has a higher priority.
    if ([...this.#foreign].some(({ priority }) => priority >= this.#lowestPriority)) return false;
    return [...this.#directors].some(
      ([name, state]) =>
        state === 'working' &&
        !this.#linksDown.has(name) &&
        !this.#ports.has(name) &&
        this.#mayServe(name),
    );
  }

  /** By the promise of every other director, or by the key. */
  #mayServe(director: string): boolean {
    const witness = this.#witness;
    if (witness === undefined || witness.reaches(director)) return true;
    const areAllHeard = [...this.#directors.values()].every((state) => state === 'working');
    return areAllHeard && witness.isPeerNetworkWhole;
  }
}
