/** Checks the configured commands as the agent does before it runs them; for `check`. */
import type { ConfiguredCommand, Finding } from '../../config/finding.ts';
import { checkCommand } from '../../kernel/permissions/command-permissions.ts';
import { findUser } from '../../kernel/permissions/users.ts';

/** The user of the agent under systemd, even if another user runs `check`. */
const ROOT = { uid: 0, gid: 0 };

/** One warning for each command that this host would refuse at present. */
export function commandWarnings(commands: readonly ConfiguredCommand[]): Finding[] {
  return commands.flatMap(({ argv, user, ...place }) => {
    const refusal = refusalOf(argv, user);
    if (refusal === undefined) return [];
    const message = `this command would not be run: ${refusal}`;
    return [{ ...place, code: 'advice' as const, message }];
  });
}

function refusalOf(argv: readonly string[], name: string | undefined): string | undefined {
  const user = name === undefined ? ROOT : findUser(name);
  if (user === undefined) return `there is no local user "${name}"`;
  const checked = checkCommand(argv, user);
  return checked.ok ? undefined : checked.error.message;
}
