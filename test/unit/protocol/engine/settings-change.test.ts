import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../../src/net/time.ts';
import type { Settings } from '../../../../src/protocol/engine/settings.ts';
import { settingsAfter, settingsChange } from '../../../../src/protocol/engine/settings-change.ts';
import { instanceOf } from '../../../conformance/rig.ts';

const instance = fc
  .record({
    name: fc.constantFrom('web', 'mail', 'dns', 'db'),
    vrid: fc.integer({ min: 1, max: 4 }),
    priority: fc.constantFrom(100, 150, 255),
    accept: fc.boolean(),
    advertisementInterval: fc.constantFrom(seconds(1), seconds(2)),
  })
  .map(instanceOf);

const settings: fc.Arbitrary<Settings> = fc.record({
  router: fc.constantFrom('lb1', 'lb2'),
  linger: fc.constantFrom('auto', 'off'),
  instances: fc
    .uniqueArray(instance, { selector: ({ name }) => name })
    .map((all) => all.filter((one, i) => all.findIndex(({ vrid }) => vrid === one.vrid) === i)),
  syncGroups: fc.constant([]),
});

describe('settingsAfter', () => {
  test('leads to the settings that the change was made for', () => {
    fc.assert(
      fc.property(settings, settings, (before, after) => {
        const byVrid = ({ instances, ...common }: Settings) => ({
          ...common,
          instances: instances.toSorted((a, b) => a.vrid - b.vrid),
        });
        const reached = settingsAfter(before, settingsChange(before, after));
        expect(byVrid(reached)).toEqual(byVrid(after));
      }),
    );
  });
});
