import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import {
  centiseconds,
  type Duration,
  microseconds,
  milliseconds,
  seconds,
} from '../../src/net/time.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { advert, INDEX, linkOf, Rig, type RigOptions } from './rig.ts';

type Step =
  | { readonly kind: 'hear'; readonly packet: Uint8Array; readonly times: number }
  | { readonly kind: 'elapse' | 'freeze'; readonly duration: Duration }
  | { readonly kind: 'flap' };

const packets = fc
  .record({
    priority: fc.constantFrom(0, 1, 99, 100, 101, 200, 255),
    interval: fc.constantFrom(centiseconds(100), centiseconds(100), centiseconds(30)),
    source: fc.constantFrom('192.0.2.1', '192.0.2.12', '192.0.2.12', '192.0.2.200').map(ip),
    ttl: fc.constantFrom(255, 255, 255, 254),
    form: fc.constantFrom('rfc9568' as const, 'rfc9568' as const, 'pseudo_header' as const),
    flip: fc.option(fc.integer({ min: 12, max: 31 }), { freq: 6 }),
  })
  .map(({ flip, ...options }) => {
    const packet = advert(options);
    if (flip !== null) packet[flip] = (packet[flip] ?? 0) ^ 1;
    return packet;
  });

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      packet: packets,
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('elapse' as const),
      duration: fc.integer({ min: 0, max: 4_000 }).map(milliseconds),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('freeze' as const),
      duration: fc.integer({ min: 0, max: 5_000 }).map(milliseconds),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'flap' }) },
);

const settings = fc.record({
  priority: fc.constantFrom(1, 100, 255),
  preempt: fc.boolean(),
  preemptDelay: fc.constantFrom(milliseconds(0), milliseconds(2_500)),
});

function play(rig: Rig, step: Step): string[] {
  const { addresses: _, ...attributes } = linkOf();
  switch (step.kind) {
    case 'hear':
      return rig.hear(...new Array<Uint8Array>(step.times).fill(step.packet));
    case 'elapse':
      return rig.elapse(step.duration);
    case 'freeze':
      rig.freeze(step.duration);
      return rig.turn();
    case 'flap':
      return [
        ...rig.handle({ kind: 'link.changed', link: { ...attributes, running: false } }),
        ...rig.handle({ kind: 'link.changed', link: { ...attributes, index: INDEX } }),
      ];
  }
}

describe('the shortcut of an expected advertisement', () => {
  test('gives the same outputs, deadlines, rows and counters as the full path', () => {
    fc.assert(
      fc.property(settings, fc.array(steps, { maxLength: 40 }), (instance, script) => {
        const short = new Rig([instance]);
        const long = new Rig([instance], { shortcut: false });
        expect(short.start()).toEqual(long.start());
        for (const step of script) {
          expect(play(short, step)).toEqual(play(long, step));
          expect(short.view()).toEqual(long.view());
          expect(short.engine.deadline()).toBe(long.engine.deadline());
          expect(short.counters.values).toEqual(long.counters.values);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('is taken: one step, however often the same packet is heard', () => {
    const { rig, steps } = stepsOf({}, (one) => {
      for (let i = 0; i < 50; i++) one.hear(advert());
    });
    expect(steps).toBe(1);
    expect(rig.count('advertisement-rcvd')).toBe(50);
    expect(rig.elapse(microseconds(3_609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('is not taken where the row does not repeat, nor where it is switched off', () => {
    const hear = (priority: number) => (rig: Rig) => {
      for (let i = 0; i < 50; i++) rig.hear(advert({ priority }));
    };
    expect(stepsOf({}, hear(0)).steps).toBe(50);
    expect(stepsOf({}, hear(50)).steps).toBe(50);
    expect(stepsOf({}, hear(200), { shortcut: false }).steps).toBe(50);
  });
});

describe('the shortcut of a due advertisement', () => {
  test('is taken: one step, for the first tick of a grid', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    const before = rig.engine.steps;
    const lines = rig.elapse(seconds(50));
    expect(lines).toEqual(new Array(50).fill('advert 100 to 224.0.0.18'));
    expect(rig.engine.steps - before).toBeLessThanOrEqual(1);
  });

  test('starts over after any other event', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(5));
    const request = { type: 'priority', priority: 120 } as const;
    rig.handle({ kind: 'request', id: 1, instance: 'web', request });
    const before = rig.engine.steps;
    expect(rig.elapse(seconds(2))).toEqual(new Array(2).fill('advert 120 to 224.0.0.18'));
    expect(rig.engine.steps - before).toBe(1);
  });
});

/** The number of steps meanwhile. */
function stepsOf(
  instance: Partial<InstanceSettings>,
  happen: (rig: Rig) => void,
  options: RigOptions = {},
) {
  const rig = new Rig([instance], options);
  rig.start();
  const before = rig.engine.steps;
  happen(rig);
  return { rig, steps: rig.engine.steps - before };
}
