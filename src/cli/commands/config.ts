/** `vrrp-agent config`: the configuration in effect. */
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { ownDocument } from '../compare/own-document.ts';
import type { CliContext } from '../terminal/context.ts';

const DESCRIPTION = `Print the configuration in effect as one file: all includes joined, all defaults filled in, \
secrets masked. With --json it comes with the version and with what matters of the host (kernel, parameters of \
ip_vs, sysctls, clock), for \`vrrp-agent compare\` on another director.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(program.command('config').description(DESCRIPTION)).action(
    (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ClientOptions>();
      return askAgent(context, options, async (client) => {
        if (options.json === true) {
          context.stdout(`${JSON.stringify(await ownDocument(client), null, 2)}\n`);
          return;
        }
        context.stdout(stringify(await client.config(), { lineWidth: 0 }));
      });
    },
  );
}
