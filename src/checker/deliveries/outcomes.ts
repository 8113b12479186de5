/** What became of notifications: counted, and told of when it is not what was wanted. */

export const CHANNELS = ['command', 'fifo', 'webhook'] as const;
export type Channel = (typeof CHANNELS)[number];

/** `skipped`: a newer change overtook it. `lost`: nobody will ever be told. */
export const OUTCOMES = ['done', 'failed', 'skipped', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type OutcomeCounts = { readonly [C in Channel]: { readonly [O in Outcome]: number } };

/** Something about a notification that people should know. */
export interface Trouble {
  readonly channel: Channel;
  /** Instance or group; undefined where many share the channel. */
  readonly subject: string | undefined;
  /** `notify.master`, or the path or address of the receiver. */
  readonly target: string;
  readonly outcome: 'failed' | 'timed-out' | 'skipped' | 'lost' | 'unread' | 'recovered';
  readonly detail: string;
}

export class Outcomes {
  readonly #counts = Object.fromEntries(
    CHANNELS.map((channel) => [channel, Object.fromEntries(OUTCOMES.map((name) => [name, 0]))]),
  ) as { [C in Channel]: { [O in Outcome]: number } };
  readonly #tell: (trouble: Trouble) => void;

  constructor(tell: (trouble: Trouble) => void) {
    this.#tell = tell;
  }

  count(channel: Channel, outcome: Outcome): number {
    this.#counts[channel][outcome] += 1;
    return this.#counts[channel][outcome];
  }

  tell(trouble: Trouble): void {
    this.#tell(trouble);
  }

  counts(): OutcomeCounts {
    return structuredClone(this.#counts);
  }
}
