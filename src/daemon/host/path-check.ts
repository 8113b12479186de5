/**
 * Who else can change the files that the agent obeys: the configuration names commands that run as root,
 * and the state directory decides about maintenance.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { whoCanChange } from '../../kernel/permissions/command-permissions.ts';

/** One sentence for each path that another user can change. The user of this process is trusted. */
export function pathWarnings(files: readonly string[], stateDirectory: string): string[] {
  const trusted = process.geteuid?.() ?? 0;
  const directory = existsSync(stateDirectory) ? stateDirectory : dirname(stateDirectory);
  return [
    ...files.flatMap((file) =>
      warning(
        whoCanChange(resolve(file), trusted),
        'who changes the configuration can run commands as root',
      ),
    ),
    ...(existsSync(directory)
      ? warning(
          whoCanChange(directory, trusted),
          'who changes "state_dir" can put instances into maintenance',
        )
      : []),
  ];
}

function warning(changer: string | undefined, consequence: string): string[] {
  return changer === undefined ? [] : [`${changer}: ${consequence}`];
}
