/** `vrrp-agent peers`: the other directors, as the peer link shows them. */
import type { Command } from 'commander';
import { askOrWatch, type WatchOptions, withAgentOptions, withWatchOption } from '../agent.ts';
import { renderPeers } from '../render/peers.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

/** Assumed if the output has no width. */
const SCREEN_WIDTH = 80;

export function register(program: Command, context: CliContext): void {
  const command = program
    .command('peers')
    .description(
      'Show the other directors of `peer_link`: state, round trip, clock offset, version, their ' +
        'instances, and where their configuration differs.',
    );
  withWatchOption(withAgentOptions(command)).action((_options: unknown, given: Command) =>
    showPeers(context, given.optsWithGlobals<WatchOptions>()),
  );
}

function showPeers(context: CliContext, options: WatchOptions) {
  return askOrWatch(context, options, async (client) => {
    const document = await client.peers();
    if (options.json === true) return `${JSON.stringify(document, null, 2)}\n`;
    const { isTty } = context;
    return renderPeers(document.directors, {
      palette: paletteFor(isTty, process.env),
      width: (isTty ? process.stdout.columns : undefined) ?? SCREEN_WIDTH,
      now: new Date(),
    });
  });
}
