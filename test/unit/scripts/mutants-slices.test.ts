import { describe, expect, test } from 'vitest';
import { filesOfSlice, SLICES } from '../../../scripts/mutants-slices.ts';

const CHANGED = [
  'fsm/vrrp/backup.ts',
  'fsm/vrrp/README.md',
  'src/wire/netlink/route/route.ts',
  'src/protocol/engine/groups/fault-keeper.ts',
  'src/protocol/engine/router/intake.ts',
  'src/protocol/engine/core/timers.ts',
  'src/protocol/engine/timers/ring.ts',
];

describe('the files of a slice of mutants', () => {
  test.each([
    ['fsm', ['fsm/vrrp/backup.ts']],
    ['wire', ['src/wire/netlink/route/route.ts']],
    ['intake', ['src/protocol/engine/router/intake.ts']],
    ['timers', ['src/protocol/engine/core/timers.ts']],
  ] as const)('%s: neither documents nor the files beside them', (name, files) => {
    expect(filesOfSlice(SLICES[name], CHANGED)).toEqual(files);
  });
});
