import { describe, expect, test } from 'vitest';
import { ticksOf } from '../../../src/history/page/axis.ts';
import { renderPage } from '../../../src/history/page/page.ts';
import { reportOf } from '../../../src/history/report.ts';
import { at, Story } from './story.ts';

function page(name = 'web'): string {
  const lb1 = new Story('lb1').start(0, 'none', null, [name]);
  lb1.to(0, 'MASTER', 'owner-started', { instance: name });
  lb1.write(1, { kind: 'clocks', offsets: { lb2: 0 } });
  const lb2 = new Story('lb2').start(0, 'none', null, [name]);
  lb2.to(0, 'BACKUP', 'started', { instance: name });
  lb2.to(1_000, 'MASTER', 'master-silent', { silent: 4, instance: name });
  lb1.start(1_500, 'died', 990, [name]).to(1_500, 'BACKUP', 'started', { instance: name });
  lb2.write(1_001, {
    ...{ kind: 'connections', instance: name, move: 'take-over', peer: 'lb1' },
    ...{ live: 100, missing_before: 12, missing: 3 },
  });
  const groups = [[lb1.until(3_000)], [lb2.until(3_000)]];
  return renderPage(reportOf(groups, {}), new Date(at(3_000)));
}

describe('the page of a history', () => {
  test('shows who has the VIPs, the states, the outage and the connections', () => {
    const html = page();
    expect(html).toContain('<title>History of lb1, lb2</title>');
    expect(html).toMatch(/<rect class="h0"[^>]*><title>lb1: 2026-03-01 00:00:00/);
    expect(html).toMatch(/<rect class="h1"[^>]*><title>lb2: 2026-03-01 00:16:40/);
    expect(html).toContain('unplanned outage, died: 2026-03-01 00:16:36.000Z, 4 s');
    expect(html).toContain('3 of 100 connections lost');
    expect(html).toMatch(/<rect class="gone"/);
  });

  test('is one file: no script, nothing from another place', () => {
    expect(page()).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
  });

  test('escapes names', () => {
    expect(page('<img src=x>')).not.toContain('<img');
  });

  test('stays small when nothing can be told apart', () => {
    const lb1 = new Story('lb1').start(0);
    for (let turn = 0; turn < 20_000; turn++) {
      lb1.to(turn, turn % 2 === 0 ? 'MASTER' : 'BACKUP', 'preemption');
    }
    const html = renderPage(reportOf([[lb1.until(20_000)]], {}), new Date(at(0)));
    expect(html.length).toBeLessThan(2_000_000);
  });
});

test.each([
  [60, '00:00:10'],
  [3_600, '00:10'],
  [86_400 * 30, '2026-03-05'],
])('a time of %d s has ticks at round times', (seconds, text) => {
  const ticks = ticksOf({ from: at(0), to: at(seconds) });
  expect(ticks.length).toBeLessThanOrEqual(10);
  expect(ticks.map((one) => one.text)).toContain(text);
});
