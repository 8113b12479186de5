/** With a witness: whether a director that could serve has the right to, as far as the steps of a run tell. */
import type { Action } from '../scenario/steps.ts';

type Crossing = Extract<Action, { readonly kind: 'partition' | 'loss' }>;

export class WitnessReach {
  readonly #members: number;
  readonly #directors: readonly string[];
  readonly #stopped = new Set<string>();
  readonly #cutOff = new Set<string>();
  /** Without a way to etcd for other reasons: in another subnet, or without descriptors. */
  readonly #unable = new Set<string>();
  readonly #peerLinksDown = new Set<string>();
  #isPeerNetworkCut = false;

  constructor(members: number, directors: readonly string[]) {
    this.#members = members;
    this.#directors = directors;
  }

  /** Every director hears every other one over the peer link, if it works. */
  get isPeerNetworkWhole(): boolean {
    return !this.#isPeerNetworkCut && this.#peerLinksDown.size === 0;
  }

  reaches(director: string): boolean {
    const hasMajority = this.#stopped.size * 2 < this.#members;
    return hasMajority && !this.#cutOff.has(director) && !this.#unable.has(director);
  }

  /** Of each step, when it begins and when it is done. */
  apply(action: Action, isDone: boolean): void {
    switch (action.kind) {
      case 'partition':
      case 'loss':
        this.#cross(action);
        return;
      case 'isolate':
      case 'deaf':
        if (action.network === 'peers') this.#isPeerNetworkCut = true;
        else if (action.kind === 'deaf') this.#cutOff.add(action.node);
        return;
      case 'delay':
        this.#cutOff.add(action.node);
        return;
      case 'heal':
        this.#isPeerNetworkCut = false;
        this.#cutOff.clear();
        return;
      case 'link_down':
        if (action.network === 'peers') this.#peerLinksDown.add(action.node);
        return;
      case 'link_up':
        if (action.network === 'peers') this.#peerLinksDown.delete(action.node);
        return;
      case 'stop':
      case 'kill':
      case 'hang':
        if (isWitness(action.node)) this.#stopped.add(action.node);
        return;
      case 'start':
      case 'thaw':
        if (isDone) this.#stopped.delete(action.node);
        return;
      case 'renumber':
        this.#set(action.node, action.to === undefined);
        return;
      case 'descriptors':
        this.#set(action.node, action.spare === 'many');
        return;
      default:
    }
  }

  #set(director: string, isAble: boolean): void {
    if (isAble) this.#unable.delete(director);
    else this.#unable.add(director);
  }

  #cross({ from, to, network, traffic }: Crossing): void {
    if (network === 'peers') this.#isPeerNetworkCut = true;
    if (network === 'peers' || traffic === 'vrrp') return;
    for (const [side, other] of [
      [from, to],
      [to, from],
    ] as const) {
      if (!other.some(isWitness)) continue;
      for (const name of side) if (this.#directors.includes(name)) this.#cutOff.add(name);
    }
  }
}

function isWitness(machine: string): boolean {
  return machine.startsWith('etcd');
}
