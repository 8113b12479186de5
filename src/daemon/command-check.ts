/** Judges the commands of a file as the agent would before it runs them, so that `check` can say it. */
import type { ConfiguredCommand, Finding } from '../config/finding.ts';
import { checkCommand } from '../kernel/permissions/command-permissions.ts';
import { findUser } from '../kernel/permissions/users.ts';

/** The agent's own user under systemd, whoever checks the file. */
const ROOT = { uid: 0, gid: 0 };

/** One warning for each command that would be refused on this machine as it is now. */
export function commandWarnings(commands: readonly ConfiguredCommand[]): Finding[] {
  return commands.flatMap(({ line, column, argv, user }) => {
    const refusal = refusalOf(argv, user);
    if (refusal === undefined) return [];
    const message = `this command would not be run: ${refusal}`;
    return [{ line, column, code: 'advice' as const, message }];
  });
}

function refusalOf(argv: readonly string[], name: string | undefined): string | undefined {
  const user = name === undefined ? ROOT : findUser(name);
  if (user === undefined) return `there is no local user "${name}"`;
  const checked = checkCommand(argv, user);
  return checked.ok ? undefined : checked.error.message;
}
