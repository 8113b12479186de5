/** The commands of the program as its manual page and its completions need them. */
import { type Argument, Command, type Option } from 'commander';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { CliContext } from '../../src/cli/terminal/context.ts';

export interface CommandNode {
  /** Below `vrrp-agent`: empty for the program itself. */
  readonly path: readonly string[];
  /** One line. */
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  readonly commands: readonly CommandNode[];
}

const SILENT: CliContext = {
  stdout: () => {},
  stderr: () => {},
  setExitCode: () => {},
  isTty: false,
};

export async function commandTree(): Promise<CommandNode> {
  const program = new Command('vrrp-agent').version('');
  for (const { load } of COMMANDS) (await load()).register(program, SILENT);
  return nodeOf(program, []);
}

function nodeOf(command: Command, path: readonly string[]): CommandNode {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  return {
    path,
    summary: summaryOf(path) ?? firstSentence(command.description()),
    description: command.description(),
    usage: command.usage(),
    arguments: help.visibleArguments(command),
    options: help.visibleOptions(command).filter(({ long }) => long !== '--help'),
    commands: below.map((one) => nodeOf(one, [...path, one.name()])),
  };
}

/** As in the list of commands. */
function summaryOf(path: readonly string[]): string | undefined {
  return path.length === 1 ? COMMANDS.find(({ name }) => name === path[0])?.summary : undefined;
}

function firstSentence(text: string): string {
  const [line = ''] = text.split('\n');
  return line.replace(/\. .*/, '.');
}

/** A node and all nodes below it, from the top. */
export function flattened(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flattened)];
}
