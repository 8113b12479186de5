/**
 * The schedule of one MASTER's announcements: a burst immediately, a second one later, a periodic
 * refresh, and a burst whenever another router claimed to be MASTER. The rounds of a burst are spaced,
 * so that every VIP is announced once before any is announced again, and so that the last round comes
 * after the loser of a split has stopped answering.
 */
import {
  after,
  type Duration,
  type Instant,
  LONG_AGO,
  milliseconds,
  NEVER,
  seconds,
} from '../../../net/time.ts';
import type { GarpSettings } from '../settings.ts';

const ROUND_SPACING: Duration = milliseconds(20);

/** A contested MASTER sends at most one burst in this time, and so does one whose link changes. */
const CONTEST_SPACING: Duration = seconds(1);

export class AnnouncementSchedule {
  #settings: GarpSettings;
  #rounds = 0;
  /** Rounds of the second burst. */
  #secondRounds = 0;
  #roundAt: Instant = NEVER;
  #secondBurstAt: Instant = NEVER;
  #refreshAt: Instant = NEVER;
  #contestAt: Instant = NEVER;
  #renewAt: Instant = NEVER;
  #burstAt: Instant = LONG_AGO;
  #renewedAt: Instant = LONG_AGO;
  #underWayAt: Instant = NEVER;

  constructor(settings: GarpSettings) {
    this.#settings = settings;
  }

  /** Applies other settings while it runs: pending rounds stay, the refresh period starts again. */
  configure(settings: GarpSettings, now: Instant): void {
    this.#settings = settings;
    this.#refreshAt = settings.refresh > 0 ? after(now, settings.refresh) : NEVER;
  }

  /** Starts a burst, the second burst and the refresh. */
  start(now: Instant): void {
    this.#begin(this.#settings, now);
  }

  /**
   * Another router claimed the addresses: a burst, now or as soon as the limit allows. Pending rounds
   * serve the same purpose.
   */
  contest(now: Instant): void {
    if (this.#rounds > 0) return;
    const allowedAt = after(this.#burstAt, CONTEST_SPACING);
    if (allowedAt <= now) this.#begin(this.#settings.contested ?? this.#settings, now);
    else this.#contestAt = allowedAt;
  }

  /**
   * What the announcements say, or where hosts find it, has changed: a burst as at a takeover, at once, even if
   * there has just been one with the former content.
   */
  renew(now: Instant): void {
    if (this.#rounds > 0) return;
    const allowedAt = after(this.#renewedAt, CONTEST_SPACING);
    if (allowedAt <= now) this.#renew(now);
    else this.#renewAt = allowedAt;
  }

  #renew(now: Instant): void {
    this.#renewAt = NEVER;
    this.#renewedAt = now;
    this.#begin(this.#settings, now);
  }

  stop(): void {
    this.#underWayAt = NEVER;
    this.#renewAt = NEVER;
    this.#rounds = 0;
    this.#roundAt = NEVER;
    this.#secondBurstAt = NEVER;
    this.#refreshAt = NEVER;
    this.#contestAt = NEVER;
  }

  next(): Instant {
    return Math.min(
      this.#underWayAt,
      this.#roundAt,
      this.#secondBurstAt,
      this.#refreshAt,
      this.#contestAt,
      this.#renewAt,
    ) as Instant;
  }

  /**
   * True if a round is under way or due. A due round is removed from the schedule and lasts until
   * `complete`. Missed rounds are skipped.
   */
  take(now: Instant): boolean {
    if (this.#underWayAt === NEVER && this.#isDue(now)) this.#underWayAt = now;
    return this.#underWayAt !== NEVER;
  }

  /** The whole round has been sent. */
  complete(): void {
    this.#underWayAt = NEVER;
  }

  #isDue(now: Instant): boolean {
    if (this.#contestAt <= now) {
      this.#contestAt = NEVER;
      this.#begin(this.#settings.contested ?? this.#settings, now);
    }
    if (this.#renewAt <= now) this.#renew(now);
    if (this.#secondBurstAt <= now) {
      this.#secondBurstAt = NEVER;
      this.#burst(this.#secondRounds, now);
    }
    if (this.#refreshAt <= now) {
      this.#refreshAt = after(now, this.#settings.refresh);
      if (this.#rounds === 0) {
        this.#rounds = this.#settings.refreshRepeat ?? 1;
        this.#roundAt = now;
      }
    }
    if (this.#roundAt > now) return false;
    this.#rounds -= 1;
    this.#roundAt = this.#rounds > 0 ? after(now, ROUND_SPACING) : NEVER;
    return true;
  }

  #begin({ repeat, secondBurstAfter }: NonNullable<GarpSettings['contested']>, now: Instant): void {
    const { refresh } = this.#settings;
    this.#burst(repeat, now);
    this.#secondRounds = repeat;
    this.#secondBurstAt = secondBurstAfter > 0 ? after(now, secondBurstAfter) : NEVER;
    this.#refreshAt = refresh > 0 ? after(now, refresh) : NEVER;
  }

  #burst(rounds: number, now: Instant): void {
    this.#rounds = rounds;
    this.#roundAt = this.#rounds > 0 ? now : NEVER;
    this.#burstAt = now;
  }
}
