/**
 * Links that flap: that such a link comes up, or loses its carrier, is believed only after it has lasted.
 * Everything else that the kernel says about a link counts at once.
 */
import type { LinkAttributes } from '../../../net/link.ts';
import { after, type Duration, earliest, type Instant, NEVER } from '../../../net/time.ts';
import type { LinkDelaySettings } from '../settings.ts';

interface Held {
  readonly attributes: LinkAttributes;
  readonly wait: Duration;
  /** When it is believed; undefined until the end of the turn, which knows the time. */
  at: Instant | undefined;
}

export class LinkDelays {
  #delays: ReadonlyMap<string, LinkDelaySettings> = new Map();
  readonly #held = new Map<number, Held>();

  /** What is held back under other delays is believed with the next wake-up. */
  configure(delays: readonly LinkDelaySettings[] | undefined, now: Instant): void {
    this.#delays = new Map((delays ?? []).map((one) => [one.interface, one]));
    for (const held of this.#held.values()) {
      const { attributes, wait } = held;
      if (this.#waitOf(attributes, !attributes.running) !== wait) held.at = now;
    }
  }

  /** What to believe of a report; `known`: what is believed so far. */
  admit(reported: LinkAttributes, known: LinkAttributes | undefined): LinkAttributes {
    const { index, running } = reported;
    const wait = known === undefined ? 0 : this.#waitOf(reported, known.running);
    const held = this.#held.get(index);
    if (known === undefined || wait === 0) {
      this.#held.delete(index);
      return reported;
    }
    this.#held.set(index, { attributes: reported, wait, at: held?.at });
    return { ...reported, running: !running };
  }

  forget(index: number): void {
    this.#held.delete(index);
  }

  /** The end of a turn: what was reported in it is counted from now. */
  settle(now: Instant): void {
    for (const held of this.#held.values()) held.at ??= after(now, held.wait);
  }

  next(): Instant {
    let next = NEVER;
    for (const { at } of this.#held.values()) if (at !== undefined) next = earliest(next, at);
    return next;
  }

  /** The links whose change has lasted. */
  due(now: Instant): LinkAttributes[] {
    const due: LinkAttributes[] = [];
    for (const [index, { attributes, at }] of this.#held) {
      if (at === undefined || at > now) continue;
      this.#held.delete(index);
      due.push(attributes);
    }
    return due;
  }

  /** Zero: it is believed at once. */
  #waitOf({ name, running }: LinkAttributes, wasRunning: boolean): Duration {
    const delay = this.#delays.get(name);
    if (delay === undefined || running === wasRunning) return 0 as Duration;
    return running ? delay.up : delay.down;
  }
}
