import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/net/time.ts';
import { answers, ask, failover, masterOf } from '../operator.ts';
import { advert, INDEX, Rig } from '../rig.ts';

describe('maintenance', () => {
  function maintain(rig: Rig, more: { force?: boolean } = {}): string[] {
    return ask(rig, { type: 'maintenance-on', wait: seconds(2), force: false, ...more });
  }

  test('of a MASTER hands over first and then is FAULT', () => {
    const rig = masterOf();
    expect(maintain(rig)).toEqual(['advert 0 to 224.0.0.18']);
    expect(rig.view()).toMatchObject({ state: 'MASTER', maintenance: false, faults: [] });
    expect(rig.hear(advert({ priority: 50 }))).toEqual([
      'remove 203.0.113.100/32',
      'MASTER -> BACKUP (failover)',
      'BACKUP -> FAULT (fault)',
    ]);
    expect(answers(rig)).toMatchObject([{ outcome: 'handed-over', successor: { priority: 50 } }]);
    expect(rig.view()).toMatchObject({ maintenance: true, faults: ['maintenance'] });
  });

  test('keeps it from ever taking over', () => {
    const rig = masterOf();
    maintain(rig);
    rig.hear(advert({ priority: 50 }));
    expect(rig.elapse(seconds(60))).toEqual([]);
    expect(rig.state).toBe('FAULT');
  });

  test('does not begin when no router takes over', () => {
    const rig = masterOf();
    maintain(rig);
    rig.elapse(seconds(2));
    expect(answers(rig)).toEqual([{ outcome: 'no-successor', waited: seconds(2) }]);
    expect(rig.view()).toMatchObject({ state: 'MASTER', maintenance: false });
  });

  test('can be forced', () => {
    const rig = masterOf();
    maintain(rig, { force: true });
    expect(rig.elapse(seconds(2))).toContain('BACKUP -> FAULT (fault)');
    expect(answers(rig)).toEqual([{ outcome: 'let-go', waited: seconds(2) }]);
  });

  test('of a BACKUP begins immediately', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 200 }));
    expect(maintain(rig)).toEqual(['BACKUP -> FAULT (fault)']);
    expect(answers(rig)).toMatchObject([{ outcome: 'not-master', master: { priority: 200 } }]);
  });

  test('of a BACKUP that has heard no MASTER is refused', () => {
    const rig = new Rig();
    rig.start();
    maintain(rig);
    expect(answers(rig)).toMatchObject([{ code: 'no-master' }]);
    maintain(rig, { force: true });
    expect(rig.view().faults).toEqual(['maintenance']);
  });

  test('joins a failover that is under way', () => {
    const rig = masterOf();
    failover(rig);
    maintain(rig);
    rig.hear(advert({ priority: 50 }));
    expect(rig.view().faults).toEqual(['maintenance']);
    expect(answers(rig).map((one) => one.outcome)).toEqual(['handed-over', 'handed-over']);
  });

  test('is neither ended nor released while it hands over', () => {
    const rig = masterOf();
    failover(rig);
    ask(rig, { type: 'maintenance-off' });
    ask(rig, { type: 'release' });
    const [first, second] = answers(rig).slice(-2);
    expect(first).toMatchObject({ outcome: 'refused' });
    expect(second).toEqual(first);
  });

  test('ends with a start as BACKUP that preempts as configured', () => {
    const rig = masterOf();
    maintain(rig);
    rig.hear(advert({ priority: 50 }));
    expect(ask(rig, { type: 'maintenance-off' })).toEqual(['FAULT -> BACKUP (fault-cleared)']);
    expect(rig.view()).toMatchObject({ maintenance: false, heldBack: false, faults: [] });
    expect(rig.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('that ends keeps the other reasons for FAULT', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 200 }));
    maintain(rig);
    rig.handle({ kind: 'link.removed', index: INDEX });
    expect(ask(rig, { type: 'maintenance-off' })).toEqual([]);
    expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['interface-missing'] });
  });

  test('that has ended can be ended again', () => {
    const rig = masterOf();
    ask(rig, { type: 'maintenance-off' });
    expect(answers(rig)).toEqual([{ outcome: 'done' }]);
    expect(rig.state).toBe('MASTER');
  });

  test('that is interrupted by the loss of the link begins anyway', () => {
    const rig = masterOf();
    maintain(rig);
    rig.handle({ kind: 'link.removed', index: INDEX });
    expect(rig.view().faults).toEqual(['interface-missing', 'maintenance']);
  });
});

describe('what is restored from a former run', () => {
  function restored(more: { maintenance?: boolean; heldBack?: boolean }, priority = 100): Rig {
    const rig = new Rig([{ priority }]);
    const restore = { maintenance: false, heldBack: false, ...more };
    rig.handle({ kind: 'restore', instance: 'web', ...restore });
    return rig;
  }

  test.each([100, 255])(
    'maintenance keeps priority %i out from the first moment on',
    (priority) => {
      const rig = restored({ maintenance: true }, priority);
      expect(rig.start()).toEqual(['listen eth0 ipv4 55', 'INIT -> FAULT (fault)']);
      expect(rig.view().lastTransition?.reason).toBe('maintenance');
    },
  );

  test('a router that is held back does not preempt', () => {
    const rig = restored({ heldBack: true });
    rig.start();
    for (let i = 0; i < 10; i++) {
      rig.hear(advert({ priority: 50 }));
      expect(rig.elapse(seconds(1))).toEqual([]);
    }
    expect(rig.view()).toMatchObject({ state: 'BACKUP', heldBack: true });
  });

  test('an owner that is held back listens first', () => {
    const rig = restored({ heldBack: true }, 255);
    expect(rig.start()).toContain('INIT -> BACKUP (startup)');
    expect(rig.elapse(seconds(3.1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('of a removed instance has no effect', () => {
    const rig = new Rig();
    expect(
      rig.handle({ kind: 'restore', instance: 'db', maintenance: true, heldBack: true }),
    ).toEqual([]);
  });
});
