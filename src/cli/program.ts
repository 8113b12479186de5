/** The command line: finds the command, loads it, and turns its errors into an exit status. */
import { Command, CommanderError } from 'commander';
import { programVersion } from '../files/package-files.ts';
import { COMMANDS, type CommandEntry, type CommandGroup } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import type { CliContext } from './terminal/context.ts';

/** Never rejects: writes errors to `context` and sets the exit status. */
export async function runProgram(
  args: readonly string[],
  context: CliContext,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<void> {
  const ordered = commandFirst(args);
  const topics = asksForHelp(ordered[0]) ? await import('./help-topics.ts') : undefined;
  const topic = ordered[0] === 'help' ? topics?.helpTopic(ordered[1]) : undefined;
  if (topic !== undefined) {
    context.stdout(topic);
    return;
  }
  const program = new Command('vrrp-agent')
    .description('VRRP high-availability agent for pairs of Linux Virtual Server directors')
    .version(programVersion())
    .addHelpText('after', topics?.topicList() ?? '')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout(text),
      writeErr: (text) => context.stderr(text),
    });
  try {
    for (const { name, group, summary, load } of commands) {
      const isWanted = name === ordered[0] || (ordered[0] === 'help' && name === ordered[1]);
      if (isWanted) (await load()).register(program, context);
      else listed(program, name, summary, group);
    }
    await program.parseAsync(ordered, { from: 'user' });
  } catch (error) {
    context.setExitCode(reportError(error, context));
  }
}

/** Without arguments too. The topics are loaded for help only: every command would load them otherwise. */
function asksForHelp(first: string | undefined): boolean {
  return first === undefined || first === 'help' || first === '--help' || first === '-h';
}

function listed(program: Command, name: string, summary: string, group: CommandGroup | undefined) {
  const command = program.command(name).description(summary);
  if (group !== undefined) command.helpGroup(group);
}

/** Commander has already written its own errors; it throws for help and version too, with status 0. */
function reportError(error: unknown, context: CliContext): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  context.stderr(`vrrp-agent: ${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT.failed;
}

/** `--socket` and `--json` belong to the commands, but users also write them before the command. */
function commandFirst(args: readonly string[]): string[] {
  let count = 0;
  for (let arg = args[count]; arg !== undefined; arg = args[count]) {
    if (arg === '--json' || arg.startsWith('--socket=')) count += 1;
    else if (arg === '--socket') count += 2;
    else break;
  }
  const [command, ...rest] = args.slice(count);
  return command === undefined ? [...args] : [command, ...args.slice(0, count), ...rest];
}
