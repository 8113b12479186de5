/** Runs ip, nft, tc and other tools, without a shell; an error names the command. */
import { execFile } from 'node:child_process';

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
    super(code, stderr === '' ? `${command}: ${reason}` : `${command}: ${stderr.trim()}`);
    this.command = command;
    this.stderr = stderr;
  }
}

export interface LabCommandOptions {
  readonly input?: string;
  readonly timeoutMilliseconds?: number;
}

/** Resolves with standard output; rejects with a CommandError unless the status is 0. */
export function run(
  program: string,
  args: readonly string[],
  options: LabCommandOptions = {},
): Promise<string> {
  const timeout = options.timeoutMilliseconds ?? 20_000;
  return new Promise((resolve, reject) => {
    const settings = { timeout, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(commandError(program, args, error, stderr));
    });
    // A child that ends without reading its input breaks the pipe; its status is reported.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
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

function commandError(
  program: string,
  args: readonly string[],
  error: Error & { code?: number | string | null; killed?: boolean },
  stderr: string,
): CommandError {
  const command = [program, ...args].join(' ');
  if (error.code === 'ENOENT') {
    return new CommandError('command-missing', command, `${program} is not installed`, '');
  }
  const reason = error.killed === true ? 'timed out' : `status ${error.code}`;
  return new CommandError('command-failed', command, reason, stderr);
}
