/** What was recorded is replayed: the engine is a function of its inputs. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayFile } from '../../../scripts/replay/replay-file.ts';
import { ip, mac } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings, Settings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { fromLastSnapshot, recordedRig, replayed } from '../recorded.ts';
import { advert, instanceOf, linkOf, PEER6, type Rig } from '../rig.ts';

const RECORDINGS = new URL('../../fixtures/recordings/', import.meta.url);

const PASSWORD = 'tops3cr!';
const SECRET_PROBE = 'http http://monitor:hunter2@192.0.2.9/';

const WEB: Partial<InstanceSettings> = {
  version: 2,
  authentication: { type: 'pass', password: PASSWORD },
  track: [
    {
      name: 'api',
      source: { kind: 'http', probe: SECRET_PROBE, init: 'up' },
      weight: undefined,
    },
  ],
};
const WEB6: Partial<InstanceSettings> = { name: 'web6', family: 'ipv6', vrid: 56 };

function settingsOf(instances: readonly Partial<InstanceSettings>[]): Settings {
  return { router: 'lb1', linger: 'off', instances: instances.map(instanceOf), syncGroups: [] };
}

function change(rig: Rig, more: Partial<InstanceSettings>): string[] {
  const [before, after] = [settingsOf([WEB, WEB6]), settingsOf([{ ...WEB, ...more }, WEB6])];
  return rig.handle({ kind: 'settings.changed', change: settingsChange(before, after) });
}

function heardWith(password: string, priority = 200): Uint8Array {
  return advert({ version: 2, priority, authentication: { type: 'pass', password } });
}

type Step = (rig: Rig) => string[];

const PRIORITIES = fc.constantFrom(0, 1, 99, 100, 101, 200, 254);
const step: fc.Arbitrary<Step> = fc.oneof(
  PRIORITIES.map(
    (priority): Step =>
      (rig) =>
        rig.hear(heardWith(PASSWORD, priority)),
  ),
  fc.constantFrom('wrong', 'tops3cr', '').map(
    (password): Step =>
      (rig) =>
        rig.hear(heardWith(password)),
  ),
  PRIORITIES.map(
    (priority): Step =>
      (rig) =>
        rig.hear(advert({ source: PEER6, vrid: 56, priority })),
  ),
  fc.integer({ min: 1, max: 20_000 }).map(
    (ms): Step =>
      (rig) =>
        rig.elapse(milliseconds(ms)),
  ),
  fc.integer({ min: 1, max: 5_000 }).map(
    (ms): Step =>
      (rig) => {
        rig.freeze(milliseconds(ms));
        return rig.turn();
      },
  ),
  fc.boolean().map(
    (running): Step =>
      (rig) => {
        const { addresses: _, ...link } = linkOf({ running });
        return rig.handle({ kind: 'link.changed', link });
      },
  ),
  fc.boolean().map(
    (up): Step =>
      (rig) => {
        const detail = 'monitor:hunter2 is refused';
        return rig.handle({
          kind: 'probe.changed',
          probe: SECRET_PROBE,
          up,
          value: undefined,
          detail,
        });
      },
  ),
  fc.constantFrom(0, 17, 28).map(
    (errno): Step =>
      (rig) => {
        rig.errnoOf = () => errno;
        return [];
      },
  ),
  fc
    .constantFrom(
      { type: 'maintenance-on', wait: seconds(1), force: true } as const,
      { type: 'maintenance-off' } as const,
      { type: 'priority', priority: 7 } as const,
      { type: 'priority', priority: null } as const,
      { type: 'failover', to: null, wait: seconds(1), force: false } as const,
      { type: 'release' } as const,
    )
    .map(
      (request): Step =>
        (rig) => {
          return rig.handle({ kind: 'request', id: 1, instance: 'web', request });
        },
    ),
  fc
    .constantFrom<Partial<InstanceSettings>>(
      { priority: 150 },
      { preempt: false },
      { authentication: { type: 'pass', password: 'other' } },
      { advertisementInterval: seconds(2) },
    )
    .map(
      (more): Step =>
        (rig) =>
          change(rig, more),
    ),
  fc.constant<Step>((rig) => {
    return rig.handle({
      kind: 'address.claimed',
      ...{ index: 2, address: ip('203.0.113.100'), mac: mac('02:00:00:00:00:99') },
    });
  }),
);

const snapshot: Step = (rig) => {
  rig.recorder?.requestSnapshot();
  return [];
};
const severalSteps = fc.array(step, { maxLength: 20 });

function secretsIn(lines: readonly string[]): string[] {
  const text = lines.join('\n');
  return [PASSWORD, hexOf(PASSWORD), hexOf('wrong'), 'hunter2'].filter((one) => text.includes(one));
}

describe('a recording', () => {
  test('is replayed to the same lines, whatever has happened, and has no secrets', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { rig, lines } = recordedRig([WEB, WEB6]);
        const said = [rig.start(), ...steps.map((one) => one(rig))].flat();
        expect(replayed(lines())).toEqual({ printed: said, difference: undefined });
        expect(secretsIn(lines())).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('has the same transitions when a replay begins at a snapshot', () => {
    fc.assert(
      fc.property(severalSteps, severalSteps, (before, after) => {
        const { rig, lines } = recordedRig([WEB, WEB6]);
        rig.start();
        for (const one of [...before, snapshot, ...after]) one(rig);
        const tail = fromLastSnapshot(lines());
        fc.pre(tail !== undefined);
        expect(replayed(tail ?? []).difference).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

describe('the recordings in test/fixtures/recordings', () => {
  test.each(readdirSync(RECORDINGS))('%s', (name) => {
    const outcome = replayFile(new URL(name, RECORDINGS).pathname);
    expect(outcome).toMatchObject({ kind: 'same' });
  });
});
