/** Commands of keepalived.conf, and the notifications that run them. */

import { type Branch, Sourced, type Tree } from '../draft.ts';
import { type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';
import { wordsOf } from './reader/words.ts';

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
  const argv = wordsOf(trimmed, true).map((word) => word.text);
  const isPlain = argv[0]?.startsWith('/') === true;
  // A program that is a shell gets its text as it is; elsewhere keepalived runs no shell either.
  if (isPlain && (isShell(argv[0]) || !SHELL.test(trimmed))) return { argv, shell: false };
  return { argv: [SHELL_PATH, '-c', trimmed], shell: true };
}

function isShell(program: string | undefined): boolean {
  return /\/(ba|da|z|k)?sh$/.test(program ?? '');
}

/** The command of the statement, with a note if it needs a shell; undefined: none, which is listed. */
export function commandIn(one: Statement, text: string, { ledger }: Context): Tree[] | undefined {
  const command = commandOf(text);
  if (command === undefined) {
    ledger.lose(one, `${textOf(one)}: a command is missing`);
    return undefined;
  }
  if (command.shell) {
    ledger.note(one, 'changed', `${textOf(one)}: needs a shell, which the command now names`);
  }
  return [...command.argv];
}

/** A command is one word: keepalived drops what follows it without quotes. */
export function noteRest(one: Statement, { ledger }: Context): void {
  const [, text = '', ...rest] = one.words;
  if (rest.length === 0) return;
  const message = `only ${text} is run: quotes would make one command of the line`;
  ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
}

/** The user of `user NAME [GROUP]`; the group is listed. */
export function userOf(
  one: Statement,
  [user, group]: readonly (string | undefined)[],
  { globals, ledger }: Context,
): string | undefined {
  if (group !== undefined) {
    ledger.note(
      one,
      'changed',
      `${textOf(one)}: runs with the groups of ${String(user)}, not with ${group}`,
    );
  }
  const name = user ?? globals.user;
  return name === 'root' ? undefined : name;
}

const STATES: Readonly<Record<string, string>> = {
  notify_master: 'master',
  notify_backup: 'backup',
  notify_fault: 'fault',
  notify_stop: 'stop',
  notify: 'any',
};

/** False if the statement is not a notification. */
export function convertNotify(one: Statement, notify: Branch, context: Context): boolean {
  const [key = ''] = one.words;
  if (!key.startsWith('notify')) return false;
  const state = STATES[key];
  if (state === undefined)
    context.ledger.lose(one, `${textOf(one)}: this notification is not supported`);
  else addCommand(one, state, notify, context);
  return true;
}

/** The command of `notify_up "COMMAND" [USER [GROUP]]`, as one key of `notify`. */
export function addCommand(one: Statement, key: string, notify: Branch, context: Context): void {
  const [, text = '', ...user] = one.words;
  if (notify[key] !== undefined) {
    const message = 'an earlier line has its command, and so it is ignored';
    context.ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
    return;
  }
  const command = commandIn(one, text, context);
  if (command === undefined) return;
  const as = userOf(one, user, context);
  notify[key] = new Sourced(as === undefined ? command : { command, user: as }, one);
  context.ledger.carry(one);
}
