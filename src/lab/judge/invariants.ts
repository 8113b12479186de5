/**
 * What has to be true whenever nothing has happened for a while: somebody answers for the address if
 * any director could, and one alone has it while all directors hear each other.
 */
import type { Action } from '../scenario/scenario.ts';
import { type AskedProbes, lengthOf, longestOf, outagesIn } from './outages.ts';
import type { NodeRecord, Span } from './record.ts';
import { longestDual, seconds } from './spans.ts';

export interface Upset extends Span {
  readonly action: Action;
}

export interface Watched {
  readonly duration: number;
  readonly nodes: readonly NodeRecord[];
  readonly probes: readonly AskedProbes[];
  readonly steps: readonly Upset[];
}

interface Calm extends Span {
  /** Some directors do not hear each other, or one holds on to the address without an agent. */
  readonly isDivided: boolean;
  readonly isServable: boolean;
}

/** A single lost request on a busy machine is no outage. */
const HICCUP = 20_000;

export function brokenInvariants(watched: Watched, bound: number): string[] {
  const { probes = [] } = watched.probes.find(({ type }) => type === 'icmp') ?? {};
  return calms(watched, bound).flatMap((calm) => {
    const broken: string[] = [];
    const outage = longestOf(outagesIn(probes, calm));
    if (calm.isServable && outage !== undefined && lengthOf(outage) > HICCUP) {
      broken.push(`nobody answers from ${seconds(outage.from)} to ${seconds(outage.to)}`);
    }
    if (calm.isDivided) return broken;
    const dual = longestDual(watched.nodes, calm);
    if (dual !== undefined) {
      broken.push(`two have the address from ${seconds(dual.from)} to ${seconds(dual.to)}`);
    }
    const speakers = watched.nodes.filter(({ adverts }) =>
      adverts.some((at) => at > calm.from && at < calm.to),
    );
    if (speakers.length > 1) {
      const names = speakers.map(({ name }) => name).join(' and ');
      broken.push(`${names} advertise between ${seconds(calm.from)} and ${seconds(calm.to)}`);
    }
    return broken;
  });
}

/** From `bound` after a step until the next one. */
function calms({ duration, nodes, steps }: Watched, bound: number): Calm[] {
  const world = new World(nodes.map(({ name }) => name));
  const moments = steps
    .flatMap((step) => [
      { at: step.from, action: step.action },
      { at: step.to, action: step.action },
    ])
    .sort((a, b) => a.at - b.at);
  return [{ at: 0, action: undefined }, ...moments].flatMap(({ at, action }, index): Calm[] => {
    if (action !== undefined) world.apply(action);
    const next = moments[index]?.at ?? duration;
    const from = at + bound;
    if (from >= next) return [];
    return [{ from, to: next, isDivided: world.isDivided, isServable: world.isServable }];
  });
}

type Condition = 'well' | 'gone' | 'mute';

/** Which directors could serve, and whether all of these hear each other. */
class World {
  readonly #agents: Map<string, Condition>;
  readonly #links = new Set<string>();
  #isCut = false;

  constructor(names: readonly string[]) {
    this.#agents = new Map(names.map((name) => [name, 'well']));
  }

  apply(action: Action): void {
    switch (action.kind) {
      case 'partition':
      case 'loss':
      case 'delay':
        this.#isCut = true;
        return;
      case 'heal':
        this.#isCut = false;
        return;
      case 'link_down':
        this.#links.add(action.node);
        return;
      case 'link_up':
        this.#links.delete(action.node);
        return;
      case 'crash':
      case 'stop':
      case 'freeze':
        this.#agents.set(action.node, 'gone');
        return;
      case 'kill':
      case 'hang':
        this.#agents.set(action.node, 'mute');
        return;
      case 'boot':
      case 'start':
      case 'restart':
      case 'thaw':
        this.#agents.set(action.node, 'well');
        return;
      default:
    }
  }

  get isDivided(): boolean {
    return this.#isCut || [...this.#agents.values()].includes('mute');
  }

  /** Whoever holds on without an agent answers as well, but nobody may rely on it. */
  get isServable(): boolean {
    return [...this.#agents].some(
      ([name, condition]) => condition === 'well' && !this.#links.has(name),
    );
  }
}
