/** `notify_master` and its kin. */
import { commandOf } from './arguments.ts';
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './statement.ts';

const STATES: Readonly<Record<string, string>> = {
  notify_master: 'master',
  notify_backup: 'backup',
  notify_fault: 'fault',
  notify_stop: 'stop',
  notify: 'any',
};

/** Whether it was one of them. */
export function convertNotify(
  one: Statement,
  notify: Keys,
  user: string | undefined,
  draft: Draft,
): boolean {
  const [key = '', text = '', named] = one.words;
  if (!key.startsWith('notify')) return false;
  const state = STATES[key];
  const command = commandOf(text);
  if (state === undefined || command === undefined) {
    draft.note(one, `${textOf(one)}: there is no such notification`);
    return true;
  }
  if (command.shell) draft.note(one, `${textOf(one)}: runs in a shell, which was made explicit`);
  const as = named ?? user;
  const { argv } = command;
  notify[state] = as === undefined || as === 'root' ? [...argv] : { command: [...argv], user: as };
  return true;
}
