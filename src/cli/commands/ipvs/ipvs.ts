/** `vrrp-agent ipvs`: the load balancer that the running agent manages. */
import type { Command } from 'commander';
import type { IpvsDocument } from '../../../library/client.ts';
import {
  askAgent,
  askOrWatch,
  type ClientOptions,
  type WatchOptions,
  withAgentOptions,
  withWatchOption,
} from '../../agent.ts';
import { EXIT } from '../../exit-codes.ts';
import { ipvsadmLines, renderIpvs } from '../../render/ipvs.ts';
import type { CliContext } from '../../terminal/context.ts';
import { paletteFor, printable } from '../../terminal/text.ts';
import { registerDrain } from './ipvs-drain.ts';
import { registerPrepare } from './ipvs-prepare.ts';

export function register(program: Command, context: CliContext): void {
  const ipvs = program
    .command('ipvs')
    .description('Show and manage services, real servers and connection synchronisation.');
  const show = ipvs
    .command('show')
    .summary('show services, real servers and sync daemons')
    .description('Show services, servers, weights, connections, rates and sync daemons.');
  withWatchOption(withAgentOptions(show)).action((_options: unknown, command: Command) => {
    const options = command.optsWithGlobals<WatchOptions>();
    return askOrWatch(context, options, async (client) => {
      const document = await client.ipvs();
      if (options.json === true) return `${JSON.stringify(document, null, 2)}\n`;
      return renderIpvs(document, appearanceOf(context));
    });
  });
  withAgentOptions(
    ipvs
      .command('save')
      .summary('print the service table for ipvsadm-restore')
      .description('Print the service table in the format of `ipvsadm-restore`.'),
  ).action((_options: unknown, command: Command) => save(context, command));
  registerDrain(ipvs, context);
  registerPrepare(ipvs, context);
}

/** Fails without a table: an empty file could later be restored as an empty table. */
function save(context: CliContext, command: Command) {
  return ask(context, command, (document) => {
    if (document.available) return ipvsadmLines(document);
    const why = document.troubles.join('; ');
    context.stderr(`vrrp-agent: no table to save: ${printable(why)}\n`);
    context.setExitCode(EXIT.failed);
    return '';
  });
}

function ask(context: CliContext, command: Command, render: (document: IpvsDocument) => string) {
  const options = command.optsWithGlobals<ClientOptions>();
  return askAgent(context, options, async (client) => {
    const document = await client.ipvs();
    const json = options.json === true;
    context.stdout(json ? `${JSON.stringify(document, null, 2)}\n` : render(document));
  });
}

function appearanceOf({ isTty }: CliContext) {
  const columns = isTty ? process.stdout.columns : undefined;
  return { palette: paletteFor(isTty, process.env), width: columns ?? Number.POSITIVE_INFINITY };
}
