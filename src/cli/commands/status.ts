/** `vrrp-agent status`: the current state of every instance. */
import type { Command } from 'commander';
import type { StatusDocument } from '../../library/client.ts';
import {
  askAgent,
  askOrWatch,
  type WatchOptions,
  withAgentOptions,
  withWatchOption,
} from '../agent.ts';
import { EXIT } from '../exit-codes.ts';
import { unknownInstances } from '../operation.ts';
import { renderStatus } from '../render/status.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

/** Assumed if the output has no width. */
const SCREEN_WIDTH = 80;

export function register(program: Command, context: CliContext): void {
  const command = program
    .command('status')
    .description('Show the instances: state, age of the state, priority, master, VIPs and faults.')
    .argument('[name...]', 'names of instances; default: all');
  withWatchOption(withAgentOptions(command)).action(
    (names: string[], _options: unknown, given: Command) =>
      showStatus(context, names, given.optsWithGlobals<WatchOptions>()),
  );
}

async function showStatus(context: CliContext, names: readonly string[], options: WatchOptions) {
  if (options.watch === true) {
    await askOrWatch(context, options, async (client) =>
      asTable(only(await client.status(), names), context),
    );
    return;
  }
  await askAgent(context, options, async (client) => {
    const status = await client.status();
    const unknown = names.filter((name) => !status.instances.some((one) => one.name === name));
    if (unknown.length > 0) {
      refuseUnknown(context, unknown, status);
      return;
    }
    const wanted = only(status, names);
    context.stdout(options.json === true ? asJson(wanted) : asTable(wanted, context));
  });
}

function refuseUnknown(context: CliContext, unknown: readonly string[], status: StatusDocument) {
  const known = status.instances.map((one) => one.name);
  context.stderr(`vrrp-agent: ${unknownInstances(unknown, known)}\n`);
  context.setExitCode(EXIT.usage);
}

/** All instances if none is named. */
function only(status: StatusDocument, names: readonly string[]): StatusDocument {
  if (names.length === 0) return status;
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
