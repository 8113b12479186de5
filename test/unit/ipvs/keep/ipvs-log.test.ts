import { describe, expect, test } from 'vitest';
import { after, type Instant, instant, milliseconds, seconds } from '../../../../src/net/time.ts';
import { QuietLog } from '../quiet-log.ts';

function bench() {
  let now: Instant = instant(1_000_000);
  const quiet = new QuietLog(() => now);
  return {
    ...quiet,
    log: quiet.log,
    lines: quiet.lines,
    wait: (duration: number) => {
      now = after(now, milliseconds(duration));
    },
  };
}

describe('FR-E: repairs of IPVS that another program undoes', () => {
  test('are made later and later, up to five seconds', () => {
    const { log, wait } = bench();
    const pauses: number[] = [];
    for (let count = 0; count < 10; count++) {
      log.repaired('service table', 'ipvs-repaired', 'repaired');
      let pause = 0;
      while (!log.mayRepair('service table')) {
        wait(10);
        pause += 10;
      }
      pauses.push(pause);
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  test('are logged at the first, second, fourth and so on', () => {
    const { log, lines, wait } = bench();
    for (let count = 0; count < 20; count++) {
      log.repaired('service table', 'ipvs-repaired', 'repaired');
      wait(2_000);
    }
    expect(lines).toEqual([
      'ipvs-repaired: repaired',
      ...[2, 4, 8, 16].map((count) => `ipvs-repaired: repaired (${count} times in a row)`),
    ]);
  });

  test('are counted for each subject, and begin again after ten quiet minutes', () => {
    const { log, lines, wait } = bench();
    for (const subject of ['timeouts', 'parameters']) log.repaired(subject, 'code', subject);
    expect([log.mayRepair('timeouts'), log.mayRepair('service table')]).toEqual([false, true]);
    wait(seconds(601) / 1_000);
    log.repaired('timeouts', 'code', 'timeouts');
    expect(lines).toEqual(['code: timeouts', 'code: parameters', 'code: timeouts']);
  });
});
