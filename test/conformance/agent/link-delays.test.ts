/** Links that flap, and routers that wait after the start of the agent. */
import { expect, test } from 'vitest';
import type { Duration } from '../../../src/net/time.ts';
import { microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, linkOf, PEER, Rig } from '../rig.ts';

const NONE = 0 as Duration;

function delayed(up: Duration, down: Duration): Rig {
  const rig = new Rig([{}], { common: { linkDelays: [{ interface: 'eth0', up, down }] } });
  rig.start();
  return rig;
}

function report(rig: Rig, running: boolean): string[] {
  const { addresses: _, ...link } = linkOf({ running });
  return rig.handle({ kind: 'link.changed', link });
}

const FAULT = 'MASTER -> FAULT (interface-down)';

test('a link that is down for less than its delay is no fault', () => {
  const rig = delayed(NONE, milliseconds(300));
  rig.becomeMaster();
  expect(report(rig, false)).toEqual([]);
  rig.elapse(milliseconds(200));
  expect(report(rig, true)).toEqual([]);
  rig.elapse(seconds(2));
  expect(rig.state).toBe('MASTER');
});

test('one that stays down is a fault after the delay, counted from the first report', () => {
  const rig = delayed(NONE, milliseconds(300));
  rig.becomeMaster();
  report(rig, false);
  rig.elapse(milliseconds(200));
  report(rig, false);
  expect(rig.elapse(microseconds(99_999))).not.toContain(FAULT);
  expect(rig.elapse(microseconds(1))).toContain(FAULT);
});

test('one that comes up counts only after it has stayed up, also in a new list of links', () => {
  const rig = delayed(seconds(2), NONE);
  report(rig, false);
  expect(rig.state).toBe('FAULT');
  report(rig, true);
  rig.elapse(seconds(1));
  rig.handle({ kind: 'links.replaced', links: [linkOf()] });
  rig.elapse(milliseconds(999));
  expect(rig.state).toBe('FAULT');
  rig.elapse(milliseconds(1));
  expect(rig.state).toBe('BACKUP');
});

test('a link that is removed, or whose delay is taken away, is believed at once', () => {
  const rig = delayed(NONE, seconds(9));
  report(rig, false);
  rig.handle({ kind: 'link.removed', index: linkOf().index });
  expect(rig.view().faults).toEqual(['interface-missing']);
  const other = delayed(NONE, seconds(9));
  report(other, false);
  const common = { router: 'lb1', linger: 'auto', syncGroups: [] } as const;
  other.handle({ kind: 'settings.changed', change: { common, stop: [], change: [], start: [] } });
  other.elapse(NONE);
  expect(other.state).toBe('FAULT');
});

test('a reload that changes no delay leaves what is held back, and is no stall', () => {
  const rig = delayed(NONE, seconds(9));
  rig.becomeMaster();
  report(rig, false);
  const linkDelays = [{ interface: 'eth0', up: NONE, down: seconds(9) }];
  const common = { router: 'lb1', linger: 'auto', syncGroups: [], linkDelays } as const;
  rig.handle({ kind: 'settings.changed', change: { common, stop: [], change: [], start: [] } });
  rig.elapse(seconds(8));
  expect(rig.state).toBe('MASTER');
  expect(rig.elapse(seconds(1))).toContain(FAULT);
  expect(rig.reports.filter(({ kind }) => kind === 'stall')).toEqual([]);
});

test('routers wait in INIT for the start delay, hear nothing, and begin as BACKUP', () => {
  const rig = new Rig([{}], { common: { startDelay: seconds(5) } });
  rig.start();
  rig.elapse(seconds(4));
  rig.hear(advert());
  expect(rig.state).toBe('INIT');
  expect(rig.elapse(seconds(1))).toContain('INIT -> BACKUP (startup)');
  expect(rig.view().master).toBeNull();
  rig.hear(advert());
  expect(rig.view().master?.address).toBe(PEER);
});

test('an agent that stops while its routers wait starts none of them', () => {
  const rig = new Rig([{}], { common: { startDelay: seconds(5) } });
  rig.start();
  expect(rig.handle({ kind: 'shutdown' })).toContain('finished');
  expect(rig.elapse(seconds(9))).toEqual([]);
});
