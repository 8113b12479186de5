/**
 * Records that do not reach the disk: how many, since when, and how everything that they were about is
 * after the last of them, so that what follows is known again. Pure.
 */
import { type BalancedState, balancedIn, balancedKey } from '../../history/balanced.ts';
import type { Content, InstanceMark, MissingWhy, Stamp } from '../../history/record.ts';

export interface Entry {
  readonly content: Content;
  readonly stamp: Stamp;
}

export class Gap {
  readonly #why: MissingWhy;
  readonly #states = new Map<string, InstanceMark['state']>();
  readonly #servers = new Map<string, BalancedState>();
  #count = 0;
  #from: number | undefined;
  #last: Stamp | undefined;

  constructor(why: MissingWhy) {
    this.#why = why;
  }

  /** A record, or a gap that was to be written. Marks of the agent count as no event. */
  take({ content, stamp }: Entry): void {
    const lasted = content.kind === 'left-out' ? (content.lasted_ms ?? 0) : 0;
    this.#from ??= stamp.up - lasted;
    this.#last = stamp;
    switch (content.kind) {
      case 'left-out':
        this.#count += content.count;
        for (const { name, state } of content.states ?? []) this.#states.set(name, state);
        for (const one of content.servers ?? []) this.#servers.set(balancedKey(one), one);
        return;
      case 'instances':
      case 'clocks':
      case 'agent-started':
      case 'agent-stopped':
        return;
      case 'transition':
        this.#states.set(content.instance, content.to);
        break;
      default: {
        const server = balancedIn(content);
        if (server !== undefined) this.#servers.set(balancedKey(server), server);
      }
    }
    this.#count += 1;
  }

  /** What is written in their place. `now`: the records up to then count; default: up to the last one. */
  entry(now?: Stamp): Entry | undefined {
    const stamp = now ?? this.#last;
    if (this.#count === 0 || stamp === undefined) return undefined;
    const states = [...this.#states].map(([name, state]) => ({ name, state }));
    const servers = [...this.#servers.values()];
    const content = {
      ...({ kind: 'left-out', count: this.#count, why: this.#why } as const),
      lasted_ms: Math.max(0, stamp.up - (this.#from ?? stamp.up)),
      ...(states.length === 0 ? {} : { states }),
      ...(servers.length === 0 ? {} : { servers }),
    };
    return { content, stamp };
  }
}
