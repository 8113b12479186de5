/** Decisions that depend on the context, at the table itself: what is done, and what is kept. */
import { describe, expect, test } from 'vitest';
import { step } from '../../../fsm/step.ts';
import type { VrrpContext } from '../../../fsm/vrrp/model.ts';
import { after, instant, milliseconds, NEVER, seconds } from '../../../src/net/time.ts';
import { NO_DURATION, NOW, routerOf } from './router.ts';

function typesOf(effects: readonly { readonly type: string }[]): string[] {
  return effects.map(({ type }) => type);
}

describe('the interval of a BACKUP changes', () => {
  const interval = seconds(3);
  const changed = (context: VrrpContext, hearsMaster: boolean) =>
    step('backup.listening', context, { type: 'interval-changed', interval, hearsMaster });

  test('in version 3 it waits as long as the MASTER that it hears says', () => {
    const { context, effects } = changed(routerOf({ masterInterval: seconds(2) }), true);
    expect(context).toMatchObject({ advertisementInterval: interval, masterInterval: seconds(2) });
    expect(effects).toEqual([]);
  });

  test('in version 3 without a MASTER its own interval counts, and the timer moves', () => {
    const { context, effects } = changed(routerOf({ priority: 128 }), false);
    expect(context).toMatchObject({ advertisementInterval: interval, masterInterval: interval });
    expect(effects).toEqual([{ type: 'shiftDownTimer', by: seconds(6) + seconds(1) }]);
  });

  test('in version 2 there is one interval for all', () => {
    const { context, effects } = changed(routerOf({ version: 2 }), true);
    expect(context).toMatchObject({ advertisementInterval: interval, masterInterval: interval });
    expect(effects).toEqual([{ type: 'shiftDownTimer', by: seconds(6) }]);
  });
});

describe('a router that releases its addresses is stopped', () => {
  const stopped = (releasing: VrrpContext['releasing'], linger: boolean) =>
    step('holding.releasing', routerOf({ releasing, releaseUntil: NOW }), {
      type: 'shutdown',
      linger,
    });

  test.each(['hand-over', 'forced'] as const)(
    'in a %s: it serves until the successor is heard, without a limit',
    (releasing) => {
      const { state, context, effects } = stopped(releasing, true);
      expect(state).toBe('holding.releasing');
      expect(context).toMatchObject({ releasing: 'stop', releaseUntil: NEVER });
      expect(effects).toEqual([
        { type: 'startReleaseTimer', duration: milliseconds(1_096.093), until: NEVER },
      ]);
    },
  );

  test.each(['hand-over', 'forced'] as const)(
    'in a %s, with linger off: immediately',
    (releasing) => {
      const { state, context, effects } = stopped(releasing, false);
      expect(state).toBe('initialize');
      expect(context).toMatchObject({ releasing: undefined, releaseUntil: NEVER });
      expect(typesOf(effects)).toContain('releaseAddresses');
    },
  );

  test.each([true, false])('a second time, with linger %s: immediately', (linger) => {
    const { state, effects } = stopped('stop', linger);
    expect(state).toBe('initialize');
    expect(typesOf(effects)).toContain('releaseAddresses');
  });
});

describe('the end of a release', () => {
  const stopping = { releasing: 'stop', releaseUntil: NEVER } as const;
  const forced = { releasing: 'forced', releaseUntil: NOW } as const;
  const successor = {
    type: 'advertisement',
    priority: 90,
    interval: seconds(1),
    greaterSource: false,
    unheard: false,
  } as const;
  const nobody = { type: 'release-timeout', expired: true } as const;

  test.each([
    [stopping, successor, 'shutdown', 'successor-heard'],
    [stopping, nobody, 'shutdown', 'no-successor'],
    [forced, successor, 'failover', 'successor-heard'],
    [forced, nobody, 'failover', 'no-successor'],
  ] as const)('of %j by %j is a %s, as operators see it: %s', (before, event, name, cause) => {
    const { taken } = step('holding.releasing', routerOf(before), event);
    expect(taken?.meta).toEqual({ event: name, cause });
  });
});

describe('a second hand-over', () => {
  const early = instant(1_000);
  const late = after(early, seconds(1));
  const again = (before: Partial<VrrpContext>, force: boolean, until = early) =>
    step('holding.releasing', routerOf(before), { type: 'hand-over', force, until }).context;

  test('forces the first one, and never weakens it', () => {
    const plain = { releasing: 'hand-over', releaseUntil: early } as const;
    expect(again(plain, false).releasing).toBe('hand-over');
    expect(again(plain, true).releasing).toBe('forced');
    expect(again({ ...plain, releasing: 'forced' }, false).releasing).toBe('forced');
  });

  test('extends the first one, and never shortens it', () => {
    const plain = { releasing: 'hand-over', releaseUntil: early } as const;
    expect(again(plain, false, late).releaseUntil).toBe(late);
    expect(again({ ...plain, releaseUntil: late }, false, early).releaseUntil).toBe(late);
  });

  test('that is the first one has its own deadline, whatever is left of an older one', () => {
    const context = routerOf({ releasing: undefined, releaseUntil: late });
    const event = { type: 'hand-over', force: false, until: early } as const;
    expect(step('holding.master', context, event).context).toMatchObject({
      releasing: 'hand-over',
      releaseUntil: early,
    });
  });
});

describe('an advertisement that a MASTER hears', () => {
  const heard = (priority: number, greaterSource: boolean, version: 2 | 3 = 3, unheard = false) =>
    step('holding.master', routerOf({ version }), {
      ...{ type: 'advertisement', priority, interval: seconds(2), greaterSource, unheard },
    });

  test.each([
    [101, false, 'backup.listening'],
    [101, true, 'backup.listening'],
    [100, true, 'backup.listening'],
    [100, false, 'holding.master'],
    [99, true, 'holding.master'],
  ])(
    'of priority %i, from a greater address %s, leads from 100 to %s',
    (priority, greater, state) => {
      expect(heard(priority, greater).state).toBe(state);
    },
  );

  test('has its interval adopted in version 3 only', () => {
    expect(heard(101, false).context.masterInterval).toBe(seconds(2));
    expect(heard(101, false, 2).context.masterInterval).toBe(seconds(1));
  });

  test('of a lower priority is answered in version 3 only, without a new Adver_Timer', () => {
    expect(heard(99, true).effects).toEqual([
      { type: 'answerAdvertisement', restart: false },
      { type: 'announceAgain' },
    ]);
    expect(heard(99, true, 2).effects).toEqual([{ type: 'announceAgain' }]);
  });

  test('of priority zero is answered, and Adver_Timer starts over', () => {
    expect(heard(0, true).effects).toEqual([{ type: 'answerAdvertisement', restart: true }]);
  });

  test('has a name that says what it means to a MASTER', () => {
    const nameOf = (...given: Parameters<typeof heard>) => heard(...given).taken?.meta.event;
    expect(nameOf(101, false)).toBe('higher-priority-backup');
    expect(nameOf(99, true)).toBe('lower-priority-master');
    expect(nameOf(99, true, 2)).toBe('lower-priority-master');
  });

  test.each([2, 3] as const)(
    'FR-O12 is that of the only MASTER where the own ones cannot leave the host, in version %i',
    (version) => {
      const { state, context, effects } = heard(99, true, version, true);
      expect(state).toBe('backup.listening');
      expect(context.preemptInhibited).toBe(true);
      expect(typesOf(effects)).toContain('releaseAddresses');
      expect(typesOf(effects)).not.toContain('announceAgain');
    },
  );

  test('FR-O12 of priority 0 is no MASTER', () => {
    expect(heard(0, true, 3, true).state).toBe('holding.master');
  });
});

describe('an advertisement that a BACKUP hears', () => {
  const heard = (priority: number, more: Partial<VrrpContext> = {}) =>
    step('backup.listening', routerOf(more), {
      type: 'advertisement',
      priority,
      interval: seconds(2),
      greaterSource: false,
      unheard: false,
    });

  test.each([
    [100, {}, true],
    [99, {}, false],
    [99, { preempt: false }, true],
    [99, { preemptInhibited: true }, true],
  ])('of priority %i by a router with %j is followed: %s', (priority, more, follows) => {
    expect(heard(priority, more).taken?.meta.follows === true).toBe(follows);
  });

  test('of a lower priority starts the preempt delay where there is one', () => {
    expect(heard(99).state).toBe('backup.listening');
    const { state, effects } = heard(99, { preemptDelay: seconds(5) });
    expect(state).toBe('backup.delaying');
    expect(effects).toContainEqual({ type: 'startPreemptDelayTimer', duration: seconds(5) });
    expect(heard(99, { preemptDelay: NO_DURATION }).state).toBe('backup.listening');
  });
});

describe('a field that an event does not have', () => {
  test('is named in the failure', () => {
    const event = { type: 'priority-changed' } as never;
    expect(() => step('initialize', routerOf(), event)).toThrow('priority-changed has no priority');
  });
});
