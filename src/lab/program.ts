/** The programs of this package that a lab starts. */
import { existsSync } from 'node:fs';
import { programFile } from '../files/package-files.ts';
import { AGENT_OPTIONS, NO_DEBUGGER } from '../kernel/process/no-debugger.ts';
import { LabError } from './command.ts';

export function builtProgram(path: string): string {
  const program = programFile(path);
  if (existsSync(program)) return program;
  throw new LabError('not-built', `${program} is missing: run npm run build`);
}

/** Arguments for Node to run a compiled program as root, without a debugger port. */
export function nodeProgram(path: string): string[] {
  return [NO_DEBUGGER, builtProgram(path)];
}

/** The same for `vrrp-agent`: an installed one need not have a `node` in the PATH. */
export function agentProgram(): string[] {
  return [...AGENT_OPTIONS, builtProgram('src/cli/main.js')];
}
