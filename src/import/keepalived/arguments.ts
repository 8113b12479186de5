/** A command as keepalived.conf writes it: one text for the shell's rules, or words. */

/** Characters that only a shell gives a meaning. */
const SHELL = /[|&;<>()$`*?~]/;

const SHELL_PATH = '/bin/sh';

export interface Command {
  readonly argv: readonly string[];
  /** A shell is needed for what it says. */
  readonly shell: boolean;
}

/** Undefined: there is no command. */
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

/** The value after a keyword: `weight 2` among other words. */
export function optionOf(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}
