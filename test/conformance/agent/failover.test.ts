import { describe, expect, test } from 'vitest';
import { centiseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { answers, failover, masterOf } from '../operator.ts';
import { advert, INDEX, PEER, PEER6, Rig } from '../rig.ts';

const RELEASED = ['remove 203.0.113.100/32', 'MASTER -> BACKUP (failover)'];

describe('a planned failover', () => {
  test('resigns and serves until the successor is heard', () => {
    const rig = masterOf();
    expect(failover(rig)).toEqual(['advert 0 to 224.0.0.18']);
    expect(rig.view()).toMatchObject({ state: 'MASTER', releasing: true });
    expect(rig.elapse(milliseconds(600))).toEqual([]);
    expect(answers(rig)).toEqual([]);
    expect(rig.hear(advert({ priority: 50 }))).toEqual(RELEASED);
    expect(answers(rig)).toEqual([
      {
        outcome: 'handed-over',
        successor: { address: PEER, priority: 50, intervalMs: 1_000 },
        heardAfter: milliseconds(600),
        releasedAfter: milliseconds(600),
      },
    ]);
    expect(rig.view()).toMatchObject({
      state: 'BACKUP',
      heldBack: true,
      master: { address: PEER },
      lastTransition: { event: 'failover', reason: 'successor 192.0.2.12 was heard' },
    });
  });

  test.each([
    ['version 2', { version: 2 as const }, advert({ version: 2, priority: 50 })],
    ['IPv6', { family: 'ipv6' as const }, advert({ source: PEER6, priority: 50 })],
  ])('works in %s', (_name, more, successor) => {
    const rig = masterOf(more);
    failover(rig);
    expect(rig.hear(successor)).toContain('MASTER -> BACKUP (failover)');
    expect(answers(rig)).toMatchObject([{ outcome: 'handed-over' }]);
  });

  test('repeats the resignation when the longest Skew_Time has passed without a successor', () => {
    const rig = masterOf();
    failover(rig);
    expect(rig.elapse(seconds(2.2))).toEqual(['advert 0 to 224.0.0.18', 'advert 0 to 224.0.0.18']);
    expect(rig.view().releasing).toBe(true);
  });

  test('that finds no successor leaves the router MASTER, and its VIP in place', () => {
    const rig = masterOf();
    failover(rig, { wait: seconds(2) });
    expect(rig.elapse(seconds(2))).toEqual(['advert 0 to 224.0.0.18', 'advert 100 to 224.0.0.18']);
    expect(answers(rig)).toEqual([{ outcome: 'no-successor', waited: seconds(2) }]);
    expect(rig.view()).toMatchObject({ state: 'MASTER', releasing: false, heldBack: false });
    expect(rig.elapse(seconds(1))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test('waits no longer than requested', () => {
    const rig = masterOf();
    failover(rig, { wait: milliseconds(300) });
    expect(rig.elapse(milliseconds(299))).toEqual([]);
    expect(rig.elapse(milliseconds(1))).toEqual(['advert 100 to 224.0.0.18']);
    expect(answers(rig)).toEqual([{ outcome: 'no-successor', waited: milliseconds(300) }]);
  });

  test('that is forced releases even if no router takes over', () => {
    const rig = masterOf();
    failover(rig, { wait: seconds(1), force: true });
    expect(rig.elapse(seconds(1))).toEqual(RELEASED);
    expect(answers(rig)).toEqual([{ outcome: 'let-go', waited: seconds(1) }]);
    expect(rig.view()).toMatchObject({ state: 'BACKUP', heldBack: true, master: null });
  });

  test('that was forced ends with a takeover when no other router comes', () => {
    const rig = masterOf();
    failover(rig, { wait: seconds(1), force: true });
    expect(rig.elapse(seconds(4.7))).toContain('BACKUP -> MASTER (master-timeout)');
    expect(rig.view().heldBack).toBe(false);
  });

  test('does not take the resignation of another router for a successor', () => {
    const rig = masterOf();
    failover(rig);
    expect(rig.hear(advert({ priority: 0 }))).toEqual([]);
    expect(rig.view().releasing).toBe(true);
  });

  test('is ended by any router, also by one of greater priority', () => {
    const rig = masterOf();
    failover(rig);
    expect(rig.hear(advert({ priority: 200 }))).toEqual(RELEASED);
    expect(answers(rig)).toMatchObject([{ outcome: 'handed-over', successor: { priority: 200 } }]);
  });

  test('that is requested twice is one, and both requests are answered', () => {
    const rig = masterOf();
    failover(rig, { wait: seconds(2) });
    rig.elapse(seconds(1));
    expect(failover(rig, { wait: seconds(2) })).toEqual([]);
    rig.elapse(seconds(1.5));
    expect(answers(rig)).toEqual([]);
    rig.hear(advert({ priority: 50 }));
    expect(answers(rig).map((one) => one.outcome)).toEqual(['handed-over', 'handed-over']);
  });

  test('that is requested again with force releases in the end', () => {
    const rig = masterOf();
    failover(rig, { wait: seconds(1) });
    failover(rig, { wait: seconds(1), force: true });
    expect(rig.elapse(seconds(1))).toEqual(RELEASED);
  });

  test('is interrupted by the loss of the link', () => {
    const rig = masterOf();
    failover(rig);
    expect(rig.handle({ kind: 'link.removed', index: INDEX })).toContain(
      'MASTER -> FAULT (interface-down)',
    );
    expect(answers(rig)).toEqual([{ outcome: 'broken-off', reason: 'interface-missing' }]);
  });

  test('is interrupted by a stall, and the router listens', () => {
    const rig = masterOf();
    failover(rig);
    rig.freeze(seconds(20));
    expect(rig.turn()).toContain('MASTER -> BACKUP (stall)');
    expect(answers(rig)).toMatchObject([{ outcome: 'broken-off' }]);
  });

  test('becomes a stop when the agent stops meanwhile', () => {
    const rig = masterOf();
    failover(rig, { wait: milliseconds(100) });
    expect(rig.handle({ kind: 'shutdown' })).toEqual([]);
    expect(rig.elapse(seconds(1))).toEqual([]);
    expect(rig.hear(advert({ priority: 50 }))).toEqual([
      'remove 203.0.113.100/32',
      'MASTER -> INIT (shutdown)',
      'finished',
    ]);
    expect(answers(rig)).toMatchObject([{ outcome: 'broken-off' }]);
  });

  test('is answered once the kernel has removed the VIP', () => {
    const rig = masterOf();
    failover(rig);
    rig.errnoOf = (change) => (change.operation === 'remove' ? 16 : 0);
    rig.hear(advert({ priority: 50 }));
    expect(answers(rig)).toEqual([]);
    rig.errnoOf = () => 0;
    rig.elapse(milliseconds(500));
    expect(answers(rig)).toMatchObject([
      { outcome: 'handed-over', heardAfter: 0, releasedAfter: milliseconds(500) },
    ]);
  });

  test('of an owner is refused', () => {
    const rig = masterOf({ priority: 255 });
    expect(failover(rig)).toEqual([]);
    expect(answers(rig)).toMatchObject([{ outcome: 'refused', code: 'owner' }]);
    expect(rig.state).toBe('MASTER');
  });

  test('of an owner can be forced, and the owner does not return by itself', () => {
    const rig = masterOf({ priority: 255 });
    failover(rig, { force: true });
    rig.hear(advert({ priority: 50 }));
    for (let i = 0; i < 10; i++) {
      expect(rig.elapse(seconds(1))).toEqual([]);
      rig.hear(advert({ priority: 50 }));
    }
    expect(rig.state).toBe('BACKUP');
  });

  test('of a router that has not started, or is stopping, is refused', () => {
    const rig = new Rig([{}], { linger: 'auto' });
    failover(rig);
    rig.start();
    rig.becomeMaster();
    rig.handle({ kind: 'shutdown' });
    failover(rig);
    expect(answers(rig)).toMatchObject([{ code: 'not-running' }, { code: 'not-running' }]);
  });
});

describe('a failover at 10 ms', () => {
  test('ends after the Skew_Time of the successor', () => {
    const rig = masterOf({ advertisementInterval: centiseconds(1) });
    failover(rig);
    rig.elapse(milliseconds(7));
    rig.hear(advert({ priority: 90, interval: centiseconds(1) }));
    expect(answers(rig)).toMatchObject([{ outcome: 'handed-over', heardAfter: milliseconds(7) }]);
  });
});

test('a BACKUP takes over although its MASTER resigns repeatedly, at less than its Skew_Time', () => {
  const rig = new Rig();
  rig.start();
  const lines: string[] = [];
  for (let i = 0; i < 8; i++) {
    lines.push(...rig.hear(advert({ priority: 0, interval: milliseconds(50) })));
    lines.push(...rig.elapse(milliseconds(150)));
  }
  expect(lines).toContain('BACKUP -> MASTER (master-timeout)');
});
