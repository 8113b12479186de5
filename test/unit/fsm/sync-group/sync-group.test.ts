import { describe, expect, test } from 'vitest';
import {
  becomesMaster,
  type MemberStanding,
  SYNC_GROUP_TABLE,
} from '../../../../fsm/sync-group/sync-group.ts';

describe('a sync group becomes MASTER', () => {
  test.each<[boolean, boolean, MemberStanding[]]>([
    [true, true, ['ready', 'ready']],
    [true, true, ['ready', 'master']],
    [false, true, ['ready', 'outranks']],
    [false, false, ['ready', 'waits']],
    [false, false, ['ready', 'absent']],
    [false, false, ['outranks', 'outranks']],
    [false, false, ['master', 'master']],
    [false, false, ['waits', 'waits']],
  ])('all: %s, any: %s when its members are %j', (all, any, members) => {
    expect(becomesMaster('all', members)).toBe(all);
    expect(becomesMaster('any', members)).toBe(any);
  });

  test('in mode any whenever it does in mode all', () => {
    for (const { agrees } of SYNC_GROUP_TABLE) expect(agrees.any || !agrees.all).toBe(true);
  });
});
