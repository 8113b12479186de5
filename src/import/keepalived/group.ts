/** Converts `vrrp_sync_group` to `sync_groups`. */

import { type Branch, plain, Sourced } from '../draft.ts';
import { nameFor } from '../names.ts';
import { partsOf, type Statement, textOf } from '../statement.ts';
import { convertNotify } from './commands.ts';
import type { Context } from './context.ts';
import { adaptMember } from './member-tracks.ts';
import { trackEntries } from './tracking.ts';

/** Without one of them, keepalived ignores some weights of what the members track. */
const WEIGHING = ['global_tracking', 'sync_group_tracking_weight'];

/** @param taken the instances that an earlier group has */
export function convertGroup(statement: Statement, taken: Set<string>, context: Context): void {
  const { draft, ledger } = context;
  ledger.carry(statement);
  const name = nameFor(statement.words[1] ?? '', `group-${statement.line}`);
  const members: string[] = [];
  const notify: Branch = {};
  const track: Sourced[] = [];
  const weighs = partsOf(statement, ...WEIGHING);
  ledger.skip(...weighs);
  for (const one of statement.block ?? []) {
    const [key = ''] = one.words;
    if (WEIGHING.includes(key)) continue;
    if (key === 'group') {
      ledger.carry(one);
      for (const entry of one.block ?? []) {
        for (const word of entry.words) addMember(word, entry, { members, taken }, context);
      }
    } else if (/^track_(interface|script|file|process|bfd)$/.test(key)) {
      track.push(...trackEntries(one, statement, context));
    } else if (key === 'smtp_alert') continue;
    else if (!convertNotify(one, notify, context)) {
      ledger.lose(one, `vrrp_sync_group: ${textOf(one)}`);
    }
  }
  for (const member of members) {
    const instance = instanceOf(member, context);
    if (instance !== undefined) adaptMember(instance, track, weighs.length > 0, context);
  }
  const group: Branch = { name, instances: members };
  if (track.length > 0) group['track'] = track;
  if (Object.keys(notify).length > 0) group['notify'] = notify;
  for (const member of members) taken.add(member);
  if (members.length > 1) draft.groups.push(new Sourced(group, statement));
  else joinMember(statement, members[0], { notify, track }, context);
}

interface Members {
  readonly members: string[];
  readonly taken: ReadonlySet<string>;
}

/** keepalived leaves out a member that it does not know, or that another group has. */
function addMember(
  word: string,
  one: Statement,
  { members, taken }: Members,
  { ledger, instances }: Context,
): void {
  const name = instances.get(word);
  if (!instances.has(word)) {
    ledger.note(one, 'ignored', `vrrp_sync_group: there is no instance ${word}, which is ignored`);
  } else if (name === undefined) {
    ledger.lose(one, `vrrp_sync_group: ${word} is not a converted instance`);
  } else if (taken.has(name)) {
    ledger.note(
      one,
      'ignored',
      `vrrp_sync_group: ${word} is in an earlier group, and ignored here`,
    );
  } else {
    ledger.carry(one);
    if (!members.includes(name)) members.push(name);
  }
}

/** A group of one: what it tracks and runs belongs to its member. */
function joinMember(
  statement: Statement,
  member: string | undefined,
  { notify, track }: { readonly notify: Branch; readonly track: readonly Sourced[] },
  context: Context,
): void {
  const { draft, ledger } = context;
  const instance = instanceOf(member, context);
  if (instance === undefined) {
    ledger.note(statement, 'ignored', `${textOf(statement)}: has no member, and is ignored`);
    return;
  }
  const before = instance['track'];
  const own = Array.isArray(before) ? before : [];
  const known = new Set(own.map((entry) => JSON.stringify(plain(entry))));
  const added = track.filter((entry) => !known.has(JSON.stringify(plain(entry))));
  if (added.length > 0) instance['track'] = [...own, ...added];
  const written = instance['notify'];
  if (Object.keys(notify).length > 0) {
    const commands =
      typeof written === 'object' && !Array.isArray(written) && !(written instanceof Sourced)
        ? written
        : {};
    for (const [state, command] of Object.entries(notify)) {
      if (state in commands && command instanceof Sourced) {
        ledger.lose(
          command.origin,
          `${textOf(command.origin)}: the instance has a command for ${state} already`,
        );
      }
    }
    instance['notify'] = { ...notify, ...commands };
  }
  draft.settleInstance(instance, statement);
  ledger.note(
    statement,
    'changed',
    `${textOf(statement)}: has one instance, which gets what the group tracks and runs`,
  );
}

function instanceOf(name: string | undefined, { draft }: Context): Branch | undefined {
  const found = draft.instances.find(({ value }) => nameOf(value) === name);
  return found?.value as Branch | undefined;
}

function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
}
