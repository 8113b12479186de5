import type { CommandModule } from '../../../src/cli/commands.ts';
import { runProgram } from '../../../src/cli/program.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs one command line in this process, as `main.ts` would in its own. */
export async function runCli(
  command: CommandModule,
  args: readonly string[],
  isTty = false,
): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  let code = 0;
  const context = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    setExitCode: (status: number) => {
      code = status;
    },
    isTty,
  };
  const entry = { name: args[0] ?? '', summary: '', load: () => Promise.resolve(command) };
  await runProgram(args, context, [entry]);
  return { stdout, stderr, code };
}
