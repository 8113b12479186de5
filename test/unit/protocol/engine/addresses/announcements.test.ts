import { describe, expect, test } from 'vitest';
import {
  type Duration,
  instant,
  milliseconds,
  NEVER,
  seconds,
} from '../../../../../src/net/time.ts';
import { AnnouncementSchedule } from '../../../../../src/protocol/engine/addresses/announcements.ts';

const START = 1_000_000_000;
const ZERO = 0 as Duration;
const SETTINGS = { repeat: 3, secondBurstAfter: seconds(5), refresh: ZERO, form: 'both' } as const;

/** Milliseconds after the start at which rounds are taken, checked at every deadline. */
function rounds(schedule: AnnouncementSchedule, until = seconds(60)): number[] {
  const times: number[] = [];
  while (schedule.next() <= START + until) {
    const now = schedule.next();
    if (schedule.take(now)) times.push((now - START) / 1_000);
    schedule.complete();
  }
  return times;
}

describe('the announcement schedule', () => {
  test('is empty before it starts and after it stops', () => {
    const schedule = new AnnouncementSchedule(SETTINGS);
    expect(schedule.next()).toBe(NEVER);
    expect(schedule.take(instant(START))).toBe(false);
    schedule.start(instant(START));
    schedule.stop();
    expect(schedule.next()).toBe(NEVER);
  });

  test('has two bursts whose rounds are 20 ms apart', () => {
    const schedule = new AnnouncementSchedule(SETTINGS);
    schedule.start(instant(START));
    expect(rounds(schedule)).toEqual([0, 20, 40, 5_000, 5_020, 5_040]);
  });

  test('keeps a round under way, and due immediately, until all of it has been sent', () => {
    const schedule = new AnnouncementSchedule(SETTINGS);
    schedule.start(instant(START));
    expect(schedule.take(instant(START))).toBe(true);
    expect(schedule.next()).toBe(START);
    expect(schedule.take(instant(START + 5_000))).toBe(true);
    schedule.complete();
    expect(schedule.next()).toBe(START + 20_000);
    expect(schedule.take(instant(START + 5_000))).toBe(false);
  });

  test('that is stopped has no round under way', () => {
    const schedule = new AnnouncementSchedule(SETTINGS);
    schedule.start(instant(START));
    schedule.take(instant(START));
    schedule.stop();
    expect(schedule.take(instant(START))).toBe(false);
  });

  test('refreshes with one round in each period', () => {
    const settings = { ...SETTINGS, secondBurstAfter: ZERO, refresh: seconds(20) };
    const schedule = new AnnouncementSchedule(settings);
    schedule.start(instant(START));
    expect(rounds(schedule)).toEqual([0, 20, 40, 20_000, 40_000, 60_000]);
  });

  test('does not add a refresh to a burst that still runs', () => {
    const settings = { ...SETTINGS, secondBurstAfter: ZERO, refresh: milliseconds(30) };
    const schedule = new AnnouncementSchedule(settings);
    schedule.start(instant(START));
    expect(rounds(schedule, milliseconds(70))).toEqual([0, 20, 40, 60]);
  });

  test('with repeat 0 announces nothing', () => {
    const schedule = new AnnouncementSchedule({ ...SETTINGS, repeat: 0, secondBurstAfter: ZERO });
    schedule.start(instant(START));
    expect(schedule.next()).toBe(NEVER);
  });

  test('skips missed rounds', () => {
    const schedule = new AnnouncementSchedule(SETTINGS);
    schedule.start(instant(START));
    const late = instant(START + 1_000_000);
    expect(schedule.take(late)).toBe(true);
    schedule.complete();
    expect(schedule.take(late)).toBe(false);
    expect(schedule.next()).toBe(START + 1_020_000);
  });

  test('a contest long after a burst starts a burst immediately', () => {
    const schedule = new AnnouncementSchedule({ ...SETTINGS, secondBurstAfter: ZERO });
    schedule.start(instant(START));
    rounds(schedule, milliseconds(40));
    schedule.contest(instant(START + 2_000_000));
    expect(schedule.take(instant(START + 2_000_000))).toBe(true);
  });

  test('a contest soon after a burst waits for a second to pass', () => {
    const schedule = new AnnouncementSchedule({ ...SETTINGS, secondBurstAfter: ZERO });
    schedule.start(instant(START));
    rounds(schedule, milliseconds(40));
    schedule.contest(instant(START + 100_000));
    schedule.contest(instant(START + 200_000));
    expect(rounds(schedule)).toEqual([1_000, 1_020, 1_040]);
  });

  test('a contest during a burst adds nothing', () => {
    const schedule = new AnnouncementSchedule({ ...SETTINGS, secondBurstAfter: ZERO });
    schedule.start(instant(START));
    schedule.contest(instant(START + 10));
    expect(rounds(schedule)).toEqual([0, 20, 40]);
  });

  test('after a contest has its own bursts, and a refresh as many rounds as configured', () => {
    const contested = { repeat: 2, secondBurstAfter: seconds(1) };
    const refreshed = { ...SETTINGS, refresh: seconds(20), refreshRepeat: 2, contested };
    const schedule = new AnnouncementSchedule(refreshed);
    schedule.start(instant(START));
    expect(rounds(schedule, seconds(8))).toEqual([0, 20, 40, 5_000, 5_020, 5_040]);
    schedule.contest(instant(START + seconds(10)));
    expect(rounds(schedule, seconds(31))).toEqual([10_000, 10_020, 11_000, 11_020, 30_000, 30_020]);
  });

  test('may be silent after a contest', () => {
    const contested = { repeat: 0, secondBurstAfter: seconds(1) };
    const schedule = new AnnouncementSchedule({ ...SETTINGS, contested });
    schedule.contest(instant(START));
    expect(rounds(schedule)).toEqual([]);
  });
});
