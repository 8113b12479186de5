import { describe, expect, test } from 'vitest';
import { type DirectorHistory, lanesOf } from '../../../src/history/lanes.ts';
import { DAY, Story } from './story.ts';

function spans(history: DirectorHistory, instance = 'web'): string[] {
  const lane = lanesOf(history).lanes.get(instance);
  return (lane?.spans ?? []).map(({ from, to, state, silentFrom }) => {
    const seconds = (at: number) => (at - DAY) / 1_000;
    const silent = silentFrom === undefined ? '' : ` silent ${seconds(silentFrom)}`;
    return `${seconds(from)}-${seconds(to)} ${state}${silent}`;
  });
}

describe('the lane of a director', () => {
  test('follows its transitions', () => {
    const story = new Story('lb1')
      .start(0)
      .to(1, 'BACKUP', 'started')
      .to(5, 'MASTER', 'master-silent', { silent: 4 })
      .to(50, 'FAULT', 'fault', { reason: 'interface-down' })
      .to(60, 'BACKUP', 'fault-cleared')
      .to(70, 'INIT', 'shutdown')
      .stop(71);
    expect(spans(story.until(71))).toEqual([
      '0-1 INIT',
      '1-5 BACKUP silent 1',
      '5-50 MASTER',
      '50-60 FAULT',
      '60-70 BACKUP',
      '70-71 INIT',
    ]);
  });

  test('is silent only as long as it has listened', () => {
    const story = new Story('lb1')
      .start(0)
      .to(3, 'BACKUP', 'started')
      .to(5, 'MASTER', 'master-silent', { silent: 30 });
    expect(spans(story.until(6))).toEqual(['0-3 INIT', '3-5 BACKUP silent 3', '5-6 MASTER']);
  });

  test('is silent from its start on when the timer was a little late', () => {
    const story = new Story('lb1')
      .start(0)
      .to(3, 'BACKUP', 'started')
      .to(6.45, 'MASTER', 'master-silent', { silent: 3.4 });
    expect(spans(story.until(7))).toEqual(['0-3 INIT', '3-6.45 BACKUP silent 3', '6.45-7 MASTER']);
  });

  test('is down between a stop and the next start', () => {
    const story = new Story('lb1')
      .start(0)
      .to(1, 'MASTER', 'owner-started')
      .to(9, 'INIT', 'shutdown')
      .stop(10)
      .start(100, 'stopped', 10)
      .to(101, 'BACKUP', 'started');
    expect(spans(story.until(110))).toEqual([
      ...['0-1 INIT', '1-9 MASTER', '9-10 INIT', '10-100 down', '100-101 INIT', '101-110 BACKUP'],
    ]);
  });

  test('is gone after the last sign of life of an agent that died', () => {
    const story = new Story('lb1')
      .start(0)
      .to(1, 'MASTER', 'owner-started')
      .start(100, 'host-restarted', 40)
      .to(101, 'BACKUP', 'started');
    expect(spans(story.until(110))).toEqual([
      ...['0-1 INIT', '1-40 MASTER', '40-100 gone', '100-101 INIT', '101-110 BACKUP'],
    ]);
    expect(lanesOf(story.until(110)).lanes.get('web')?.spans[2]).toMatchObject({
      cause: 'host-restarted',
      reason: 'the host restarted',
    });
  });

  test('is MASTER without a break when the next process resumed in time', () => {
    const story = new Story('lb1')
      .start(0)
      .to(1, 'MASTER', 'owner-started')
      .start(40.5, 'died', 40)
      .to(40.6, 'MASTER', 'still-master');
    expect(spans(story.until(50))).toEqual(['0-1 INIT', '1-50 MASTER']);
  });

  test('continues over a takeover by the next process', () => {
    const story = new Story('lb1')
      .start(0)
      .to(1, 'MASTER', 'owner-started')
      .start(20, 'taken-over', 19);
    expect(spans(story.until(50))).toEqual(['0-1 INIT', '1-50 MASTER']);
  });

  test('ends when the instance leaves the configuration', () => {
    const story = new Story('lb1')
      .start(0, 'none', null, ['web', 'mail'])
      .to(1, 'BACKUP', 'started')
      .instances(30, ['mail']);
    expect(spans(story.until(50))).toEqual(['0-1 INIT', '1-30 BACKUP']);
    expect(spans(story.until(50), 'mail')).toEqual(['0-50 INIT']);
  });

  test('is known from the first record on, when older files are gone', () => {
    const story = new Story('lb1');
    story.to(5, 'BACKUP', 'started').to(10, 'MASTER', 'preemption').instances(20, ['web']);
    expect(spans(story.until(30))).toEqual(['5-10 BACKUP', '10-30 MASTER']);
    const late = new Story('lb1');
    late.instances(0, ['web']);
    expect(spans(late.until(30))).toEqual(['0-30 INIT']);
  });

  test('knows what operators wanted and what took priority away', () => {
    const command = { kind: 'command', instance: 'web', by: 'alice', request: 'failover' } as const;
    const { motives, missing } = lanesOf(
      new Story('lb1')
        .start(0)
        .write(1, { ...command, outcome: null })
        .write(2, { ...command, outcome: 'handed over' })
        .write(3, { ...PRIORITY, from: 150, to: 100, reason: 'track:uplink is down' })
        .write(4, { ...PRIORITY, from: 100, to: 150, reason: 'track:uplink is up' })
        .write(5, { ...PRIORITY, from: 150, to: 90, reason: 'set by alice' })
        .write(6, { kind: 'left-out', count: 3, why: 'disk' })
        .until(10),
    );
    expect(motives.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'command: alice requested failover',
      'track: track:uplink is down',
    ]);
    expect(missing).toMatchObject([{ count: 3, why: 'disk' }]);
  });
});

const PRIORITY = { kind: 'priority-changed', instance: 'web' } as const;

test('an agent that died at once after it became MASTER was MASTER', () => {
  const story = new Story('lb1')
    .start(0)
    .to(0, 'BACKUP', 'started')
    .to(10, 'MASTER', 'priority-zero')
    .start(12, 'died', 9.996);
  expect(spans(story.until(13))).toEqual([
    '0-10 BACKUP',
    '10-10.001 MASTER',
    '10.001-12 gone',
    '12-13 INIT',
  ]);
});
