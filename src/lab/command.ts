/** Runs ip, nft, tc and other tools; an error names the command. */
import { CommandFailure, readCommand } from '../kernel/command/command.ts';
import { findProgram } from '../kernel/command/program.ts';

export type LabErrorCode =
  | 'command-failed'
  | 'command-missing'
  | 'lab-exists'
  | 'lab-unknown'
  | 'lab-name-error'
  | 'lab-state-error'
  | 'not-built'
  | 'not-ready';

export class LabError extends Error {
  override readonly name: string = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export class CommandError extends LabError {
  override readonly name = 'CommandError';
  readonly command: string;
  readonly stderr: string;

  constructor(code: LabErrorCode, command: string, reason: string, stderr: string) {
    super(code, `${command}: ${reason}`);
    this.command = command;
    this.stderr = stderr;
  }
}

export interface LabCommandOptions {
  readonly input?: string;
  readonly timeoutMilliseconds?: number;
}

/** Resolves with standard output; rejects with a CommandError unless the status is 0. */
export async function run(
  program: string,
  args: readonly string[],
  options: LabCommandOptions = {},
): Promise<string> {
  const command = [program, ...args].join(' ');
  const path = program.startsWith('/') ? program : findProgram(program);
  if (path === undefined) {
    throw new CommandError('command-missing', command, `${program} is not installed`, '');
  }
  const { input = '', timeoutMilliseconds: timeoutMs = 20_000 } = options;
  try {
    return await readCommand({ argv: [path, ...args], user: undefined, timeoutMs, input });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandError('command-failed', command, error.message, error.outcome.output);
  }
}

/** Many operations in one `ip` process, which stops at the first that fails. */
export async function ipBatch(
  lines: readonly string[],
  namespace?: string,
  more: readonly string[] = [],
): Promise<void> {
  const inside = namespace === undefined ? [] : ['-n', namespace];
  await run('ip', [...inside, ...more, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
