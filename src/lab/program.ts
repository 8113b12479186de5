/** Paths of this package's compiled programs, also from a module that a test runs uncompiled. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NO_DEBUGGER } from '../kernel/process/no-debugger.ts';
import { LabError } from './command.ts';

export function builtProgram(path: string): string {
  const program = join(packageRoot(), 'dist', path);
  if (existsSync(program)) return program;
  throw new LabError('not-built', `${program} is missing: run npm run build`);
}

/** Arguments for Node to run a compiled program as root, without a debugger port. */
export function nodeProgram(path: string): string[] {
  return [NO_DEBUGGER, builtProgram(path)];
}

/** A file that comes with the package. */
export function packageFile(path: string): string {
  return join(packageRoot(), path);
}

function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new LabError('not-built', 'package.json is missing');
    directory = parent;
  }
  return directory;
}
