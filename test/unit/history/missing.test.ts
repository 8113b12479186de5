import { describe, expect, test } from 'vitest';
import { documentText, historiesIn } from '../../../src/history/document.ts';
import { type Group, reportOf } from '../../../src/history/report.ts';
import { missingTexts } from '../../../src/history/words.ts';
import { at, DAY, Story } from './story.ts';

const seconds = (time: number) => (time - DAY) / 1_000;
const ends = (spans: readonly { readonly from: number; readonly to: number }[]) =>
  spans.map(({ from, to }) => [seconds(from), seconds(to)]);

const FIRST = { service: 'web', server: '10.0.0.11:80' } as const;
const SECOND = { service: 'web', server: '10.0.0.12:80' } as const;
const CHECKED = { weight: 0, result: '' } as const;

function report(group: Group, since?: number) {
  const whole = reportOf([group], { since });
  const [web] = whole.instances;
  if (web === undefined) throw new Error('no instance');
  return { whole, web, downtimes: whole.balance.downtimes };
}

/** As another director reads it. */
function sent(group: Group, since?: number): Group {
  const text = [...documentText(report(group, since).whole, new Date(at(0)))].join('');
  const read = historiesIn(text);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

describe('transitions that the disk has refused', () => {
  const story = () =>
    new Story('lb1')
      .start(0)
      .to(0, 'MASTER', 'owner-started')
      .write(300, {
        ...{ kind: 'left-out', count: 3, why: 'disk', lasted_ms: 200_000 },
        states: [{ name: 'web', state: 'BACKUP' }],
      })
      .to(500, 'MASTER', 'preemption');

  test('leave their time unknown, neither served nor an outage', () => {
    const { web } = report([story().until(1_000)]);
    expect(web.periods.map(({ kind, from, to }) => [kind, seconds(from), seconds(to)])).toEqual([
      ['served', 0, 100],
      ['unknown', 100, 300],
      ['served', 300, 500],
      ['served', 500, 1_000],
    ]);
    expect(web.statistics).toMatchObject({
      ...{ unknown_ms: 200_000, observed_ms: 800_000, availability: 1 },
      unplanned: { outages: 0, ms: 0 },
    });
  });

  test('are no wrong state until the next transition', () => {
    const { web } = report([story().until(1_000)]);
    expect(
      web.lanes[0]?.spans.map(({ state, from, to }) => [state, seconds(from), seconds(to)]),
    ).toEqual([
      ['MASTER', 0, 100],
      ['BACKUP', 300, 500],
      ['MASTER', 500, 1_000],
    ]);
  });

  test('are said with their time, also to another director', () => {
    for (const group of [[story().until(1_000)], sent([story().until(1_000)])]) {
      const { whole } = report(group);
      const [missing = []] = whole.directors.map((one) => one.missing);
      expect(missingTexts(missing, (time) => `${seconds(time)} s`)).toEqual([
        '3 events were not written, 100 s to 300 s: the disk was full or slow; ' +
          'what they were about is not known in that time',
      ]);
    }
  });

  test('count until the part that is looked at begins', () => {
    const later = sent([story().until(1_000)], at(400));
    const { web, whole } = report(later, at(400));
    expect(web.lanes[0]?.spans.map(({ state }) => state)).toContain('BACKUP');
    expect(web.statistics.unknown_ms).toBe(0);
    expect(whole.directors[0]?.missing).toEqual([]);
  });

  test('replace those of the same time that were written', () => {
    const group = [
      new Story('lb1')
        .start(0)
        .to(0, 'MASTER', 'owner-started')
        .to(100, 'FAULT', 'fault')
        .write(101, {
          ...{ kind: 'left-out', count: 2, why: 'disk', lasted_ms: 1_000 },
          states: [{ name: 'web', state: 'MASTER' }],
        })
        .until(200),
    ];
    expect(
      report(group).web.lanes[0]?.spans.map(({ state, from }) => [state, seconds(from)]),
    ).toEqual([
      ['MASTER', 0],
      ['MASTER', 101],
    ]);
  });

  test('of other instances leave this one as it is', () => {
    const group = [
      new Story('lb1')
        .start(0, 'none', null, ['web', 'mail'])
        .to(0, 'MASTER', 'owner-started')
        .write(300, {
          ...{ kind: 'left-out', count: 1, why: 'disk', lasted_ms: 0 },
          states: [{ name: 'mail', state: 'BACKUP' }],
        })
        .until(400),
    ];
    const { whole } = report(group);
    const web = whole.instances.find(({ name }) => name === 'web');
    expect(web?.statistics).toMatchObject({ unknown_ms: 0, served_ms: 400_000 });
  });

  test('of a former version leave all unknown from the record before on', () => {
    const group = [
      new Story('lb1')
        .start(0)
        .to(0, 'MASTER', 'owner-started')
        .write(10, { kind: 'clocks', offsets: {} })
        .write(60, { kind: 'left-out', count: 3, why: 'disk' })
        .to(80, 'MASTER', 'preemption')
        .until(100),
    ];
    const { web } = report(group);
    expect(ends(web.periods.filter(({ kind }) => kind === 'unknown'))).toEqual([[10, 80]]);
  });
});

describe('server changes that a storm has left out', () => {
  const story = () =>
    new Story('lb1')
      .start(0)
      .write(10, { kind: 'ipvs-server-down', ...FIRST, ...CHECKED })
      .write(20, { kind: 'ipvs-server-down', ...SECOND, ...CHECKED })
      .write(100, {
        ...{ kind: 'left-out', count: 7, why: 'storm', lasted_ms: 50_000 },
        servers: [
          { ...FIRST, down: false },
          { ...SECOND, down: true },
        ],
      })
      .write(150, { kind: 'ipvs-server-up', ...SECOND, ...CHECKED });

  test('leave their servers unknown in that time, and known after it', () => {
    const { downtimes } = report([story().until(200)]);
    const rows = downtimes.map(({ server, spans, unknown }) => [
      server,
      ends(spans),
      ends(unknown),
    ]);
    expect(rows).toEqual([
      [FIRST.server, [[10, 50]], [[50, 100]]],
      [
        SECOND.server,
        [
          [20, 50],
          [100, 150],
        ],
        [[50, 100]],
      ],
    ]);
    expect(downtimes[0]).toMatchObject({ times: 1, ms: 40_000, unknown_ms: 50_000 });
  });

  test('are known in a part of the time, too', () => {
    const { downtimes } = report(sent([story().until(200)], at(120)), at(120));
    expect(downtimes.map(({ server, spans }) => [server, ends(spans)])).toEqual([
      [SECOND.server, [[120, 150]]],
    ]);
  });

  test('of a former version leave those that were down unknown', () => {
    const group = [
      new Story('lb1')
        .start(0)
        .write(10, { kind: 'ipvs-server-down', ...FIRST, ...CHECKED })
        .write(60, { kind: 'left-out', count: 3, why: 'storm' })
        .write(80, { kind: 'ipvs-server-down', ...FIRST, ...CHECKED })
        .until(100),
    ];
    const { downtimes } = report(group);
    expect(downtimes).toMatchObject([{ ms: 20_000, unknown_ms: 70_000 }]);
  });

  test('of many hours are one line', () => {
    const group = new Story('lb1').start(0);
    const leftOut = { kind: 'left-out', why: 'storm', lasted_ms: 100_000 } as const;
    for (let time = 600; time <= 6_000; time += 600) group.write(time, { ...leftOut, count: 5 });
    expect(report([group.until(9_000)]).whole.directors[0]?.missing).toEqual([
      { from: at(500), to: at(6_000), count: 50, why: 'storm' },
    ]);
  });
});

describe('a server that was down', () => {
  const down = () =>
    new Story('lb1').start(0).write(10, { kind: 'ipvs-server-down', ...FIRST, ...CHECKED });

  test('is so no longer when it has left the configuration', () => {
    const story = down().write(50, { kind: 'ipvs-removed', ...FIRST });
    story.write(20, { kind: 'ipvs-service-down', service: 'web' });
    story.write(50, { kind: 'ipvs-removed', service: 'web', server: null });
    const { downtimes } = report([story.until(500)]);
    expect(downtimes.map(({ server, spans }) => [server, ends(spans)])).toEqual([
      [FIRST.server, [[10, 50]]],
      [null, [[20, 50]]],
    ]);
  });

  test('and that the next process does not find down, was up from its start on', () => {
    const { downtimes } = report([down().start(60, 'taken-over', 59).until(500)]);
    expect(downtimes.map(({ spans }) => ends(spans))).toEqual([[[10, 60]]]);
  });

  test('and that the next process finds down, was down without a break', () => {
    const story = down().start(60, 'taken-over', 59);
    story.write(62, { kind: 'ipvs-server-down', ...FIRST, ...CHECKED });
    story.write(70, { kind: 'ipvs-server-up', ...FIRST, ...CHECKED });
    const { downtimes } = report([story.until(500)]);
    expect(downtimes.map(({ spans }) => ends(spans))).toEqual([[[10, 70]]]);
  });

  test('before the oldest file, is known from the start of that file', () => {
    const story = new Story('lb1').write(30, {
      ...{ kind: 'instances', router: 'lb1', boot: 'boot-1', down: [FIRST] },
      instances: [{ name: 'web', interface: 'eth0', vrid: 55, addresses: [], state: 'BACKUP' }],
    });
    const { downtimes } = report([story.until(50)]);
    expect(downtimes.map(({ spans }) => ends(spans))).toEqual([[[30, 50]]]);
  });

  test('and its service, are known in a part of the time', () => {
    const story = down().write(11, { kind: 'ipvs-service-down', service: 'web' });
    const { downtimes } = report(sent([story.until(100)], at(50)), at(50));
    expect(downtimes.map(({ server, spans }) => [server, ends(spans)])).toEqual([
      [FIRST.server, [[50, 100]]],
      [null, [[50, 100]]],
    ]);
  });
});
