/** `vrrp-agent status`: the current state of every instance. */
import type { Command } from 'commander';
import type { StatusDocument } from '../../library/client.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { EXIT } from '../exit-codes.ts';
import { unknownInstances } from '../operation.ts';
import { renderStatus } from '../render/status.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

/** Assumed if the output has no width. */
const SCREEN_WIDTH = 80;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('status')
      .description(
        'Show the instances: state, age of the state, priority, master, VIPs and faults.',
      )
      .argument('[name...]', 'names of instances; default: all'),
  ).action((names: string[], _options: unknown, command: Command) =>
    showStatus(context, names, command.optsWithGlobals<ClientOptions>()),
  );
}

function showStatus(context: CliContext, names: readonly string[], options: ClientOptions) {
  return askAgent(context, options, async (client) => {
    const status = await client.status();
    const unknown = names.filter((name) => !status.instances.some((one) => one.name === name));
    if (unknown.length > 0) {
      refuseUnknown(context, unknown, status);
      return;
    }
    const wanted = names.length === 0 ? status : only(status, names);
    context.stdout(options.json === true ? asJson(wanted) : asTable(wanted, context));
  });
}

function refuseUnknown(context: CliContext, unknown: readonly string[], status: StatusDocument) {
  const known = status.instances.map((one) => one.name);
  context.stderr(`vrrp-agent: ${unknownInstances(unknown, known)}\n`);
  context.setExitCode(EXIT.usage);
}

function only(status: StatusDocument, names: readonly string[]): StatusDocument {
  return { ...status, instances: status.instances.filter((one) => names.includes(one.name)) };
}

function asJson(status: StatusDocument): string {
  return `${JSON.stringify(status, null, 2)}\n`;
}

function asTable(status: StatusDocument, { isTty }: CliContext): string {
  return renderStatus(status, {
    palette: paletteFor(isTty, process.env),
    width: (isTty ? process.stdout.columns : undefined) ?? SCREEN_WIDTH,
    now: new Date(),
  });
}
