/** `vrrp-agent events`: past events with their causes and, with `--follow`, new ones. */
import type { Command } from 'commander';
import type { ControlClient } from '../../control/client.ts';
import { ControlError } from '../../control/control-error.ts';
import type { EventDocument } from '../../control/protocol.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import {
  type EventLayout,
  eventLayout,
  KIND_WIDTH,
  renderEvent,
  renderGap,
} from '../render/events.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

interface EventsOptions extends ClientOptions {
  readonly follow?: boolean;
}

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('events')
      .description('Show transitions and other notable events, with their causes.')
      .option(
        '--follow',
        'also print each new event as it happens (with --json, one event per line)',
      ),
  ).action((_options: unknown, command: Command) => {
    const options = command.optsWithGlobals<EventsOptions>();
    return askAgent(context, options, (client) =>
      options.follow === true
        ? followEvents(context, client, options)
        : showEvents(context, client, options),
    );
  });
}

async function showEvents(context: CliContext, client: ControlClient, options: EventsOptions) {
  const document = await client.events();
  if (options.json === true) {
    context.stdout(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const layout = eventLayout(document.events, paletteFor(context.isTty, process.env));
  if (document.events.length === 0) context.stderr('No events yet.\n');
  context.stdout(document.events.map(lineWith(layout)).join(''));
}

/** Shows gaps, as events of real servers are dropped earlier than others. */
function lineWith(layout: EventLayout) {
  return (event: EventDocument, at: number, events: readonly EventDocument[]) =>
    renderGap(events[at - 1]?.seq ?? event.seq - 1, event.seq) + renderEvent(event, layout);
}

/** Runs until the agent ends the stream, which is an error. */
async function followEvents(context: CliContext, client: ControlClient, options: EventsOptions) {
  const layout = await followLayout(context, client);
  let last = 0;
  for await (const event of client.follow()) {
    if (options.json === true) {
      context.stdout(`${JSON.stringify(event)}\n`);
    } else {
      context.stdout(renderGap(last, event.seq) + renderEvent(event, layout));
    }
    last = event.seq;
  }
  throw new ControlError('connection-lost', 'the agent is stopping and ended the stream');
}

/** Events arrive one by one, so the names of the instances give the width. */
async function followLayout(context: CliContext, client: ControlClient): Promise<EventLayout> {
  const { instances } = await client.status();
  const nameWidth = instances.reduce((most, { name }) => Math.max(most, name.length), 4);
  return { palette: paletteFor(context.isTty, process.env), nameWidth, kindWidth: KIND_WIDTH };
}
