/** Converts the commands of keepalived.conf, and the notifications that run them. */
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './parser.ts';

/** Characters with a special meaning to a shell. */
const SHELL = /[|&;<>()$`*?~]/;

const SHELL_PATH = '/bin/sh';

export interface Command {
  readonly argv: readonly string[];
  /** True if a shell runs it. */
  readonly shell: boolean;
}

/** Undefined if the text is empty. */
export function commandOf(text: string): Command | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (SHELL.test(trimmed)) return { argv: [SHELL_PATH, '-c', trimmed], shell: true };
  const argv = [...trimmed.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
  if (argv[0]?.startsWith('/') === true) return { argv, shell: false };
  return { argv: [SHELL_PATH, '-c', trimmed], shell: true };
}

const STATES: Readonly<Record<string, string>> = {
  notify_master: 'master',
  notify_backup: 'backup',
  notify_fault: 'fault',
  notify_stop: 'stop',
  notify: 'any',
};

/** False if the statement is not a notification. */
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
    draft.note(one, `${textOf(one)}: unknown notification`);
    return true;
  }
  if (command.shell) draft.note(one, `${textOf(one)}: needs a shell, which the command now names`);
  const as = named ?? user;
  const { argv } = command;
  notify[state] = as === undefined || as === 'root' ? [...argv] : { command: [...argv], user: as };
  return true;
}
