/** `vrrp-agent events`: past events with their causes and, with `--follow`, new ones. */
import { type Command, InvalidArgumentError } from 'commander';
import { type ControlClient, ControlError, type EventDocument } from '../../library/client.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { moment } from '../moment.ts';
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
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly lines?: number;
}

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('events')
      .description('Show transitions and other notable events, with their causes.')
      .option(
        '-f, --follow',
        'also print each new event as it happens (with --json, one event per line)',
      )
      .option('--since <time>', 'not the events before it: 10m, 2h, or 2026-03-01T10:00', moment)
      .option('-n, --lines <count>', 'only this many of the latest events', count),
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
  const events = wanted(document.events, options);
  if (options.json === true) {
    context.stdout(`${JSON.stringify({ ...document, events }, null, 2)}\n`);
    return;
  }
  const layout = eventLayout(events, paletteFor(context.isTty, process.env));
  if (events.length === 0) {
    context.stderr(document.events.length === 0 ? 'No events yet.\n' : 'No such events.\n');
  }
  context.stdout(events.map(lineWith(layout)).join(''));
}

function wanted(
  events: readonly EventDocument[],
  { since, lines }: EventsOptions,
): readonly EventDocument[] {
  const later = since === undefined ? events : events.filter(({ at }) => Date.parse(at) >= since);
  return lines === undefined ? later : later.slice(Math.max(0, later.length - lines));
}

/** Shows gaps, as events of real servers are dropped earlier than others. */
function lineWith(layout: EventLayout) {
  return (event: EventDocument, at: number, events: readonly EventDocument[]) =>
    renderGap(events[at - 1]?.seq ?? event.seq - 1, event.seq) + renderEvent(event, layout);
}

/** Runs until the agent ends the stream, which is an error. */
async function followEvents(context: CliContext, client: ControlClient, options: EventsOptions) {
  const layout = await followLayout(context, client);
  let last = await seqBefore(client, options);
  for await (const event of client.follow(last)) {
    if (options.json === true) {
      context.stdout(`${JSON.stringify(event)}\n`);
    } else {
      context.stdout(renderGap(last, event.seq) + renderEvent(event, layout));
    }
    last = event.seq;
  }
  throw new ControlError('connection-lost', 'the agent is stopping and ended the stream');
}

/** Number of the last event that is not shown. */
async function seqBefore(client: ControlClient, options: EventsOptions): Promise<number> {
  if (options.since === undefined && options.lines === undefined) return 0;
  const { events } = await client.events();
  const first = wanted(events, options)[0];
  return first === undefined ? (events.at(-1)?.seq ?? 0) : first.seq - 1;
}

/** Events arrive one by one, so the names of the instances give the width. */
async function followLayout(context: CliContext, client: ControlClient): Promise<EventLayout> {
  const { instances } = await client.status();
  const nameWidth = instances.reduce((most, { name }) => Math.max(most, name.length), 4);
  return { palette: paletteFor(context.isTty, process.env), nameWidth, kindWidth: KIND_WIDTH };
}

function count(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}
