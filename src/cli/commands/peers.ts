/** `vrrp-agent peers`: the other directors, as the peer link shows them. */
import type { Command } from 'commander';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { renderPeers } from '../render/peers.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

/** Assumed if the output has no width. */
const SCREEN_WIDTH = 80;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('peers')
      .description(
        'Show the other directors of `peer_link`: state, round trip, clock offset, version, their ' +
          'instances, and where their configuration differs.',
      ),
  ).action((_options: unknown, command: Command) =>
    showPeers(context, command.optsWithGlobals<ClientOptions>()),
  );
}

function showPeers(context: CliContext, options: ClientOptions) {
  return askAgent(context, options, async (client) => {
    const document = await client.peers();
    if (options.json === true) {
      context.stdout(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    const { isTty } = context;
    context.stdout(
      renderPeers(document.directors, {
        palette: paletteFor(isTty, process.env),
        width: (isTty ? process.stdout.columns : undefined) ?? SCREEN_WIDTH,
        now: new Date(),
      }),
    );
  });
}
