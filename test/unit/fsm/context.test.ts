/** What the table keeps of the events that it sees: later decisions rest on it. */
import { describe, expect, test } from 'vitest';
import { step } from '../../../fsm/step.ts';
import { STATES, type VrrpContext, type VrrpEvent } from '../../../fsm/vrrp/model.ts';
import { instant, NEVER, seconds } from '../../../src/net/time.ts';
import { NOW, routerOf } from './router.ts';

const LATER = instant(NOW + 5_000_000);
const GATE = { deadline: seconds(7), onFailure: 'abort' } as const;

describe('a change of the settings is kept in every state', () => {
  const changes: [VrrpEvent, Partial<VrrpContext>][] = [
    [{ type: 'priority-changed', priority: 42 }, { priority: 42 }],
    [
      { type: 'preemption-changed', preempt: false, preemptDelay: seconds(9) },
      { preempt: false, preemptDelay: seconds(9) },
    ],
    [{ type: 'connections-lagging', preemptDelay: seconds(30) }, { preemptDelay: seconds(30) }],
    [{ type: 'connections-synced', preemptDelay: seconds(2) }, { preemptDelay: seconds(2) }],
    [{ type: 'before-master-changed', beforeMaster: GATE, at: LATER }, { beforeMaster: GATE }],
    [{ type: 'group-changed', inGroup: true, at: LATER }, { inGroup: true }],
    [
      { type: 'interval-changed', interval: seconds(3), hearsMaster: false },
      { advertisementInterval: seconds(3) },
    ],
  ];
  for (const [event, expected] of changes) {
    test.each(STATES)(`${event.type} in %s`, (state) => {
      expect(step(state, routerOf(), event).context).toMatchObject(expected);
    });
  }
});

describe('the interval of a MASTER changes', () => {
  const changed = (version: 2 | 3) =>
    step('holding.master', routerOf({ version }), {
      type: 'interval-changed',
      interval: seconds(3),
      hearsMaster: false,
    }).context;

  test('which in version 2 is that of all routers, and in version 3 its own', () => {
    expect(changed(2)).toMatchObject({ masterInterval: seconds(3) });
    expect(changed(3)).toMatchObject({ masterInterval: seconds(1) });
  });
});

describe('the interval of the last MASTER', () => {
  const learned = routerOf({ masterInterval: seconds(8) });

  test.each([
    ['initialize', { type: 'startup' }],
    ['fault', { type: 'interface-up', remaining: 0 }],
    ['holding.master', { type: 'group-backup' }],
    ['holding.master', { type: 'stall' }],
    ['holding.releasing', { type: 'stall' }],
  ] as const)('is forgotten in %s by %j', (state, event) => {
    const { context, effects } = step(state, learned, event);
    expect(context.masterInterval).toBe(seconds(1));
    expect(effects).toContainEqual({ type: 'startDownTimer', duration: 3_609_375 });
  });
});

describe('a hand-over without a successor', () => {
  const waited = (expired: boolean, releasing: VrrpContext['releasing'] = 'hand-over') =>
    step('holding.releasing', routerOf({ releasing, releaseUntil: LATER }), {
      type: 'release-timeout',
      expired,
    });

  test('is tried again while there is time: priority 0 may have been lost', () => {
    const { state, effects } = waited(false);
    expect(state).toBe('holding.releasing');
    expect(effects.map(({ type }) => type)).toEqual(['sendResignation', 'startReleaseTimer']);
  });

  test('ends after its time: as MASTER, or as BACKUP where it was forced', () => {
    expect(waited(true).state).toBe('holding.master');
    expect(waited(true).context).toMatchObject({ releasing: undefined, releaseUntil: NEVER });
    expect(waited(true, 'forced').state).toBe('backup.listening');
    expect(waited(true, 'forced').context.preemptInhibited).toBe(true);
  });
});

describe('the claim of a router that is about to become MASTER', () => {
  test.each([
    ['backup.listening', { type: 'master-timeout' }, 'silence'],
    ['backup.delaying', { type: 'preempt-hold-timeout' }, 'preemption'],
    ['backup.delaying', { type: 'master-timeout' }, 'silence'],
    ['backup.listening', { type: 'group-master', cause: 'master-silent' }, 'group'],
  ] as const)('in %s after %j', (state, event, claim) => {
    const inGroup = event.type !== 'group-master';
    const { context } = step(state, routerOf({ beforeMaster: GATE, inGroup }), event);
    expect(context.claim).toBe(claim);
  });

  test.each(['backup.ready', 'backup.asking', 'backup.allowed'] as const)(
    'is void once a MASTER is followed instead of %s',
    (state) => {
      const { context } = step(state, routerOf({ claim: 'silence', beforeMaster: GATE }), {
        type: 'advertisement',
        priority: 200,
        interval: seconds(1),
        greaterSource: true,
        unheard: false,
      });
      expect(context.claim).toBeUndefined();
    },
  );
});

describe('preemption', () => {
  test.each(['initialize', 'backup.listening', 'backup.delaying', 'fault'] as const)(
    'is inhibited and allowed again in %s',
    (state) => {
      const held = step(state, routerOf(), { type: 'inhibit-preemption' }).context;
      expect(held.preemptInhibited).toBe(true);
      expect(step(state, held, { type: 'allow-preemption' }).context.preemptInhibited).toBe(false);
    },
  );

  test('is allowed again to a router that was MASTER once more', () => {
    const { context } = step('backup.listening', routerOf({ preemptInhibited: true }), {
      type: 'master-timeout',
    });
    expect(context.preemptInhibited).toBe(false);
  });
});

describe('the request before a take-over', () => {
  test('has the deadline of the settings, and ends with what came of it', () => {
    const context = routerOf({ beforeMaster: GATE });
    const asked = step('backup.listening', context, { type: 'master-timeout' });
    expect(asked.effects).toContainEqual({ type: 'startBeforeMasterTimer', duration: seconds(7) });
    const outcomes = {
      'before-master-granted': 'granted',
      'before-master-refused': 'refused',
      'before-master-timeout': 'timed-out',
      shutdown: 'withdrawn',
    } as const;
    for (const [type, outcome] of Object.entries(outcomes)) {
      const event = { type, linger: false } as VrrpEvent;
      const { effects } = step('backup.asking', asked.context, event);
      expect(effects).toContainEqual({ type: 'endBeforeMaster', outcome });
    }
  });

  test('is looked at again at the time that the group names, or that the change has', () => {
    const until = { type: 'group-waits', until: LATER } as const;
    const at = { type: 'resumed', at: LATER } as const;
    for (const event of [until, at]) {
      const { effects } = step('backup.ready', routerOf({ claim: 'silence' }), event);
      expect(effects).toEqual([{ type: 'startGroupTimer', at: LATER }]);
    }
  });
});
