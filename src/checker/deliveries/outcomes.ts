/** Counts how notifications ended, and reports those that failed. */

const CHANNELS = ['command', 'fifo', 'webhook', 'mail'] as const;
export type Channel = (typeof CHANNELS)[number];

/** `skipped`: replaced by a newer change. `lost`: will never be delivered. */
const OUTCOMES = ['done', 'failed', 'skipped', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type OutcomeCounts = { readonly [C in Channel]: { readonly [O in Outcome]: number } };

/** A failure of a channel, or its end, for the events and the log. */
export interface DeliveryReport {
  readonly channel: Channel;
  /** Instance, group or service; undefined if several share the channel. */
  readonly subject: string | undefined;
  /** Configuration key of the command, path of the FIFO, scheme and host of the webhook, or the mail server. */
  readonly target: string;
  readonly outcome: 'failed' | 'timed-out' | 'skipped' | 'lost' | 'unread' | 'recovered';
  readonly detail: string;
}

export class Outcomes {
  readonly #counts = Object.fromEntries(
    CHANNELS.map((channel) => [channel, Object.fromEntries(OUTCOMES.map((name) => [name, 0]))]),
  ) as { [C in Channel]: { [O in Outcome]: number } };
  readonly #report: (report: DeliveryReport) => void;

  constructor(report: (report: DeliveryReport) => void) {
    this.#report = report;
  }

  count(channel: Channel, outcome: Outcome): number {
    this.#counts[channel][outcome] += 1;
    return this.#counts[channel][outcome];
  }

  report(report: DeliveryReport): void {
    this.#report(report);
  }

  counts(): OutcomeCounts {
    return structuredClone(this.#counts);
  }
}
