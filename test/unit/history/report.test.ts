import { describe, expect, test } from 'vitest';
import { type Group, type ReportTerms, reportOf } from '../../../src/history/report.ts';
import { at, DAY, Story } from './story.ts';

function report(groups: readonly Group[], terms: ReportTerms = {}) {
  const whole = reportOf(groups, terms);
  const [web] = whole.instances;
  if (web === undefined) throw new Error('no instance');
  return { whole, web, ...web.statistics, ...web.changes };
}

const seconds = (time: number) => (time - DAY) / 1_000;

/** lb1 is MASTER from 0 s; lb2 hears it, and their clocks agree. */
function pair() {
  const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
  lb1.write(0, { kind: 'clocks', offsets: { lb2: 0 } });
  const lb2 = new Story('lb2').start(0).to(0, 'BACKUP', 'started');
  return { lb1, lb2 };
}

describe('a BACKUP alone', () => {
  test('knows how long none served when its MASTER fell silent', () => {
    const lb2 = new Story('lb2')
      .start(0)
      .to(0, 'BACKUP', 'started')
      .to(1_000, 'MASTER', 'master-silent', { silent: 3.4 });
    const { outages, moves, mtbf_ms, mttr_ms, availability, longest, unknown_ms } = report([
      [lb2.until(10_000)],
    ]);
    expect(outages).toMatchObject([
      { planned: false, cause: 'master-silent', before: 'another director', after: 'lb2' },
    ]);
    expect(outages.map(({ from, to }) => [seconds(from), seconds(to)])).toEqual([[996.6, 1_000]]);
    expect(moves).toMatchObject([
      { at: at(1_000), from: 'another director', to: 'lb2', gap_ms: 3_400, planned: false },
    ]);
    expect({ mtbf_ms, mttr_ms, unknown_ms }).toEqual({
      mtbf_ms: 9_996_600,
      mttr_ms: 3_400,
      unknown_ms: 0,
    });
    expect(availability).toBeCloseTo(9_996.6 / 10_000, 12);
    expect(longest).toMatchObject({ from: at(996.6), to: at(1_000) });
  });

  test('does not know who serves while it is in FAULT, stopped or dead', () => {
    const lb1 = new Story('lb1')
      .start(0)
      .to(0, 'MASTER', 'owner-started')
      .to(100, 'FAULT', 'fault', { reason: 'interface-down' })
      .to(200, 'BACKUP', 'fault-cleared')
      .to(300, 'MASTER', 'preemption')
      .start(500, 'died', 400)
      .to(500, 'BACKUP', 'started');
    const { outages, observed_ms, unknown_ms, unplanned, moves } = report([[lb1.until(600)]]);
    expect(outages).toEqual([]);
    expect({ observed_ms, unknown_ms }).toEqual({ observed_ms: 400_000, unknown_ms: 200_000 });
    expect(unplanned).toEqual({ outages: 0, ms: 0 });
    expect(
      moves.map(({ from, to, gap_ms, planned, cause }) => ({ from, to, gap_ms, planned, cause })),
    ).toEqual([
      { from: 'lb1', to: 'another director', gap_ms: null, planned: false, cause: 'fault' },
      { from: 'another director', to: 'lb1', gap_ms: 0, planned: true, cause: 'preemption' },
      { from: 'lb1', to: 'another director', gap_ms: null, planned: false, cause: 'died' },
    ]);
  });

  test('counts no outage before the first MASTER', () => {
    const lb1 = new Story('lb1')
      .start(0)
      .to(0, 'BACKUP', 'started')
      .to(4, 'MASTER', 'master-silent', { silent: 4 });
    const { outages, unknown_ms, availability, mtbf_ms, mttr_ms, longest } = report([
      [lb1.until(100)],
    ]);
    expect({ outages, unknown_ms }).toEqual({ outages: [], unknown_ms: 4_000 });
    expect({ availability, mtbf_ms, mttr_ms, longest }).toEqual({
      ...{ availability: 1, mtbf_ms: null, mttr_ms: null, longest: null },
    });
  });

  test('that was never served says so', () => {
    const lb1 = new Story('lb1').start(0);
    const { availability, availability_with_planned: all } = report([[lb1.until(100)]]);
    expect({ availability, all }).toEqual({ availability: null, all: null });
  });
});

describe('a pair', () => {
  test('shows the crash of its MASTER once, from the last advertisement on', () => {
    const { lb1, lb2 } = pair();
    // The last sign of life on the disk is older than the last advertisement.
    lb1.start(2_000, 'host-restarted', 980).to(2_001, 'BACKUP', 'started');
    lb2.to(1_003.5, 'MASTER', 'master-silent', { silent: 3.5 });
    const { outages, moves, observed_ms, unknown_ms } = report([
      [lb1.until(3_000)],
      [lb2.until(3_000)],
    ]);
    expect(outages).toEqual([
      {
        ...{ from: at(1_000), to: at(1_003.5), before: 'lb1', after: 'lb2', planned: false },
        ...{ cause: 'host-restarted', reason: 'the host restarted' },
      },
    ]);
    expect(moves).toMatchObject([{ at: at(1_003.5), from: 'lb1', to: 'lb2', gap_ms: 3_500 }]);
    expect({ observed_ms, unknown_ms }).toEqual({ observed_ms: 3_000_000, unknown_ms: 0 });
  });

  test('shows a planned failover without a gap, with who asked for it', () => {
    const { lb1, lb2 } = pair();
    lb1.write(99.9, { ...COMMAND, outcome: null }).to(100.004, 'BACKUP', 'successor-heard');
    lb2.to(100, 'MASTER', 'priority-zero');
    const { outages, moves, availability } = report([[lb1.until(500)], [lb2.until(500)]]);
    expect({ outages, availability }).toEqual({ outages: [], availability: 1 });
    expect(moves).toEqual([
      {
        ...{ at: at(100), from: 'lb1', to: 'lb2', planned: true, gap_ms: 0, overlap_ms: 4 },
        ...{ cause: 'successor-heard', reason: 'alice requested failover' },
      },
    ]);
  });

  test('counts a crash soon after a failover as unplanned', () => {
    const { lb1, lb2 } = pair();
    lb1.write(99.9, { ...COMMAND, outcome: null }).to(100.004, 'BACKUP', 'successor-heard');
    lb2.to(100, 'MASTER', 'priority-zero').start(200, 'died', 104);
    lb1.write(101, { ...COMMAND, request: 'release', outcome: null });
    lb1.to(109, 'MASTER', 'master-silent', { silent: 4 });
    const { moves } = report([[lb1.until(500)], [lb2.until(500)]]);
    expect(moves.map(({ planned, cause, reason }) => `${planned} ${cause}: ${reason}`)).toEqual([
      'true successor-heard: alice requested failover',
      'false died: the agent ended without stopping',
    ]);
  });

  test('counts a MASTER in FAULT as unplanned, in maintenance as planned', () => {
    const { lb1, lb2 } = pair();
    lb1
      .to(100, 'FAULT', 'fault', { reason: 'interface-down' })
      .to(200, 'BACKUP', 'fault-cleared')
      .to(300.01, 'MASTER', 'preemption')
      .to(400, 'FAULT', 'fault', { reason: 'maintenance' });
    lb2
      .to(100.6, 'MASTER', 'priority-zero')
      .to(300.02, 'BACKUP', 'higher-priority')
      .to(400.2, 'MASTER', 'priority-zero');
    const {
      outages,
      unplanned,
      planned,
      availability,
      availability_with_planned: all,
      moves,
    } = report([[lb1.until(1_000)], [lb2.until(1_000)]]);
    expect(outages.map(({ from, to, planned: isPlanned }) => [to - from, isPlanned])).toEqual([
      [600, false],
      [200, true],
    ]);
    expect({ unplanned, planned }).toEqual({
      unplanned: { outages: 1, ms: 600 },
      planned: { outages: 1, ms: 200 },
    });
    expect(availability).toBeCloseTo(999.2 / 999.8, 12);
    expect(all).toBeCloseTo(999.2 / 1_000, 12);
    expect(moves.map(({ planned: isPlanned, gap_ms: gap }) => [isPlanned, gap])).toEqual([
      ...[
        [false, 600],
        [true, 0],
        [true, 200],
      ],
    ]);
  });

  test('names a lost uplink as the cause of a move without a gap', () => {
    const { lb1, lb2 } = pair();
    lb1
      .write(99, { ...PRIORITY, from: 150, to: 50, reason: 'track:uplink is down' })
      .to(100.01, 'BACKUP', 'higher-priority');
    lb2.to(100, 'MASTER', 'preemption');
    const { moves } = report([[lb1.until(200)], [lb2.until(200)]]);
    expect(moves).toMatchObject([
      { planned: false, cause: 'track', reason: 'track:uplink is down' },
    ]);
  });

  test('that is stopped as a whole has a planned outage', () => {
    const { lb1, lb2 } = pair();
    lb2.to(50, 'INIT', 'shutdown').stop(50);
    lb1.to(100, 'INIT', 'shutdown').stop(100.5);
    lb1.start(160, 'stopped', 100).to(160, 'BACKUP', 'started');
    lb1.to(164, 'MASTER', 'master-silent', { silent: 3.6 });
    const { outages } = report([[lb1.until(200)], [lb2.until(50)]], { until: at(200) });
    // After 50 s nothing is known of lb2: the reader has its history up to then.
    expect(outages.map(({ from, to }) => [seconds(from), seconds(to)])).toEqual([[160.4, 164]]);
    lb2.start(300, 'stopped', 50).to(300, 'BACKUP', 'started');
    const whole = report([[lb1.until(400)], [lb2.until(400)]]);
    expect(whole.outages).toMatchObject([
      { from: at(100), to: at(164), planned: true, cause: 'shutdown', before: 'lb1', after: 'lb1' },
    ]);
  });

  test('leaves to a third director what none of the two served', () => {
    const { lb1, lb2 } = pair();
    lb1.to(100, 'BACKUP', 'higher-priority').to(1_000, 'MASTER', 'preemption');
    const { outages, moves } = report([[lb1.until(2_000)], [lb2.until(2_000)]]);
    expect(outages).toEqual([]);
    expect(moves.map(({ from, to }) => `${from} > ${to}`)).toEqual([
      'lb1 > another director',
      'another director > lb1',
    ]);
  });

  test('is looked at in the time that is asked for', () => {
    const { lb1, lb2 } = pair();
    lb2.to(1_000, 'MASTER', 'master-silent', { silent: 4 });
    lb1.start(1_500, 'died', 996).to(1_500, 'BACKUP', 'started');
    const groups: Group[] = [[lb1.until(3_000)], [lb2.until(3_000)]];
    const inside = report(groups, { since: at(998), until: at(1_998) });
    expect(inside.whole.window).toEqual({ from: at(998), to: at(1_998) });
    // The outage began before; nothing had been served in that time yet.
    expect(inside.outages).toEqual([]);
    expect(report(groups, { since: at(990), until: at(998) }).outages).toMatchObject([
      { from: at(996), to: at(998), after: null },
    ]);
  });
});

describe('clocks', () => {
  function twoClocks(ahead: number) {
    const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
    const lb2 = new Story('lb2', { ahead }).start(0).to(0, 'BACKUP', 'started');
    lb1.to(100.002, 'BACKUP', 'successor-heard');
    lb2.to(100, 'MASTER', 'priority-zero').to(200.003, 'BACKUP', 'higher-priority');
    lb1.to(200, 'MASTER', 'preemption');
    return { lb1, lb2 };
  }

  test('are compared by what the peer link has measured, on either side', () => {
    const { lb1, lb2 } = twoClocks(5_000);
    lb1.write(50, { kind: 'clocks', offsets: { lb2: 5_001 } });
    const own = report([[lb1.until(300)], [lb2.until(300)]]);
    expect(own.whole.directors[1]?.clock).toEqual({
      ...{ method: 'peer-link', offset_ms: 5_001, samples: 1 },
    });
    expect(own.outages).toEqual([]);
    const other = twoClocks(5_000);
    other.lb2.write(50, { kind: 'clocks', offsets: { lb1: -5_000 } });
    const theirs = report([[other.lb1.until(300)], [other.lb2.until(300)]]);
    expect(theirs.whole.directors[1]?.clock).toMatchObject({
      method: 'peer-link',
      offset_ms: 5_000,
    });
    expect(theirs.moves.map(({ at: time }) => seconds(time))).toEqual([100, 200]);
  });

  test('use the measurement of the time', () => {
    const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
    lb1.write(10, { kind: 'clocks', offsets: { lb2: 1_000 } });
    lb1.write(500, { kind: 'clocks', offsets: { lb2: 0 } });
    const lb2 = new Story('lb2').start(1).to(101, 'BACKUP', 'started').to(600, 'FAULT', 'fault');
    const { web } = report([[lb1.until(1_000)], [lb2.until(1_000)]]);
    const spans = web.lanes[1]?.spans ?? [];
    expect(spans.map(({ from }) => seconds(from))).toEqual([0, 100, 600]);
  });

  test('are compared by the transitions that both saw without a link', () => {
    const { lb1, lb2 } = twoClocks(-7_200_000);
    const { whole, outages, moves } = report([[lb1.until(300)], [lb2.until(300)]]);
    expect(whole.directors[1]?.clock.method).toBe('transitions');
    expect(whole.directors[1]?.clock.samples).toBe(2);
    expect(whole.directors[1]?.clock.offset_ms).toBeCloseTo(-7_200_000, -1);
    expect(outages).toEqual([]);
    expect(moves).toHaveLength(2);
  });

  test('are taken as they are when nothing compares them', () => {
    const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
    const lb2 = new Story('lb2', { ahead: 5_000 }).start(0);
    const { whole } = report([[lb1.until(300)], [lb2.until(300)]]);
    expect(whole.directors[1]?.clock).toEqual({ method: 'none', offset_ms: 0, samples: 0 });
    // One pair of transitions that are hours apart is chance.
    const single = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
    single.to(100, 'BACKUP', 'successor-heard');
    const far = new Story('lb2', { ahead: 7_200_000 }).start(0).to(0, 'BACKUP', 'started');
    far.to(100, 'MASTER', 'priority-zero');
    const apart = report([[single.until(300)], [far.until(300)]]);
    expect(apart.whole.directors[1]?.clock.method).toBe('none');
  });
});

test('a director whose history is there twice counts once', () => {
  const { lb1, lb2 } = pair();
  const { whole } = report([[lb1.until(100), lb2.until(100)], [lb2.until(100)]]);
  expect(whole.directors.map(({ history }) => history.router)).toEqual(['lb1', 'lb2']);
});

test('moves in quick succession are flapping', () => {
  const { lb1, lb2 } = pair();
  const [a, b] = [lb1, lb2];
  for (let turn = 0; turn < 6; turn++) {
    const time = 1_000 + turn * 100;
    const [from, to] = turn % 2 === 0 ? [a, b] : [b, a];
    to.to(time, 'MASTER', 'preemption');
    from.to(time + 0.01, 'BACKUP', 'higher-priority');
  }
  b.to(9_000, 'MASTER', 'preemption');
  a.to(9_000.01, 'BACKUP', 'higher-priority');
  const { flapping, moves } = report([[lb1.until(10_000)], [lb2.until(10_000)]]);
  expect(moves).toMatchObject({ length: 7 });
  expect(flapping).toEqual([{ from: at(1_000), to: at(1_500), moves: 6 }]);
});

test('two MASTERs, servers and connections are told', () => {
  const { lb1 } = pair();
  const server = { service: 'http', server: '10.0.0.11:80', weight: 0, result: '' } as const;
  lb1
    .write(10, {
      kind: 'dual-master-ended',
      instance: 'web',
      peer: '192.0.2.12',
      duration_ms: 4_000,
    })
    .write(20, { kind: 'ipvs-server-down', ...server })
    .write(21, { kind: 'ipvs-server-down', ...server })
    .write(50, { kind: 'ipvs-server-up', ...server })
    .write(60, { kind: 'ipvs-service-down', service: 'http' })
    .write(70, {
      ...{ kind: 'connections', instance: 'web', move: 'take-over', peer: 'lb2' },
      ...{ live: 100, missing_before: 12, missing: 3 },
    })
    .stop(80)
    .start(90, 'stopped', 80);
  const { whole, web } = report([[lb1.until(100)]], { since: at(30) });
  expect(web.dual_master_ms).toBe(0);
  expect(report([[lb1.until(100)]]).web.dual_master_ms).toBe(4_000);
  expect(whole.balance.downtimes.map(({ server: name, times, ms }) => [name, times, ms])).toEqual([
    ['10.0.0.11:80', 1, 20_000],
    [null, 1, 20_000],
  ]);
  expect(whole.balance.connections).toEqual([
    { director: 'lb1', at: at(70), instance: 'web', move: 'take-over', live: 100, lost: 3 },
  ]);
});

test('only the instances that are asked for', () => {
  const lb1 = new Story('lb1').start(0, 'none', null, ['web', 'mail']);
  const groups: Group[] = [[lb1.until(10)]];
  expect(reportOf(groups, { instances: ['web'] }).names).toEqual(['mail', 'web']);
  const names = (instances: string[]) =>
    reportOf(groups, { instances }).instances.map(({ name }) => name);
  expect(names([])).toEqual(['mail', 'web']);
  expect(names(['web'])).toEqual(['web']);
});

const COMMAND = { kind: 'command', instance: 'web', by: 'alice', request: 'failover' } as const;
const PRIORITY = { kind: 'priority-changed', instance: 'web' } as const;
