/** Converts `vrrp_sync_group` to `sync_groups`. */
import type { Draft, Keys } from './draft.ts';
import { convertNotify } from './notify.ts';
import { type Statement, textOf } from './parser.ts';
import { type Trackers, trackEntries } from './tracking.ts';

export interface GroupContext {
  readonly draft: Draft;
  readonly trackers: Trackers;
  readonly user: string | undefined;
  /** New names by names in keepalived.conf. */
  readonly instances: ReadonlyMap<string, string>;
}

export function convertGroup(statement: Statement, context: GroupContext): void {
  const { draft, trackers, user, instances } = context;
  const name = (statement.words[1] ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '-');
  const group: Keys = { name, instances: [] as string[] };
  const members: string[] = [];
  const notify: Keys = {};
  const track: Keys[] = [];
  for (const one of statement.block ?? []) {
    const [key = ''] = one.words;
    if (key === 'group') {
      for (const { words } of one.block ?? []) {
        for (const word of words) addMember(word, one, members, instances, draft);
      }
    } else if (key.startsWith('track_')) {
      track.push(...trackEntries(one, trackers, draft).map(({ entry }) => entry));
    } else if (one.words.length === 1 && instances.has(key)) {
      // The old form has the members without `group`.
      addMember(key, one, members, instances, draft);
    } else if (!convertNotify(one, notify, user, draft)) {
      draft.note(one, `vrrp_sync_group: ${textOf(one)}`);
    }
  }
  group['instances'] = members;
  if (track.length > 0) group['track'] = track;
  if (Object.keys(notify).length > 0) group['notify'] = notify;
  const groups = (draft.top['sync_groups'] as Keys[] | undefined) ?? [];
  draft.offerTop('sync_groups', [...groups, group], statement);
}

function addMember(
  word: string,
  one: Statement,
  members: string[],
  instances: ReadonlyMap<string, string>,
  draft: Draft,
): void {
  const name = instances.get(word);
  if (name === undefined) draft.note(one, `vrrp_sync_group: ${word} is not a converted instance`);
  else if (!members.includes(name)) members.push(name);
}
