/** Finds system programs in directories that the agent trusts, whatever its PATH is. */
import { accessSync, constants } from 'node:fs';

export const PROGRAM_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const;

/** The absolute path; undefined if the program is not installed. */
export function findProgram(
  name: string,
  folders: readonly string[] = PROGRAM_FOLDERS,
): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
