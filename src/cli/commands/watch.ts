/** `vrrp-agent watch`: which routers advertise what on a segment. Sends nothing and needs no agent. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { trailerCheck } from '../../keys/trailer-check.ts';
import { type Duration, type Instant, instant, seconds } from '../../net/time.ts';
import { watchCapture } from '../../watch/watch-capture.ts';
import { linkNames, watchLink } from '../../watch/watch-link.ts';
import { LOOK_EVERY, WatchSession, type WatchStyle } from '../../watch/watch-session.ts';
import { EXIT } from '../exit-codes.ts';
import { hmacKeyOption, type NumberedKey } from '../hmac-key.ts';
import type { CliContext } from '../terminal/context.ts';

interface WatchOptions {
  readonly for?: Duration;
  readonly pcap?: string;
  readonly json?: boolean;
  readonly hmacKey?: readonly NumberedKey[];
}

const USAGE = { exitCode: EXIT.usage, code: 'vrrp-agent.usage' };

/** Assumed if the output has no size. */
const SCREEN = { columns: 132, rows: 50 };

export function register(program: Command, context: CliContext): void {
  program
    .command('watch')
    .description(
      'Show which routers advertise which virtual routers on a segment. Sends nothing, joins no group.',
    )
    .argument('[interface]', 'interface to listen on; it needs no address')
    .option('--for <duration>', 'listen this long (10s, 2m), print what was heard and exit', span)
    .option('--pcap <file>', 'read a capture (pcap or pcapng) instead of an interface')
    .addOption(hmacKeyOption())
    .option('--json', 'print JSON, one event or snapshot per line')
    .action(async (name: string | undefined, options: WatchOptions, command: Command) => {
      if (options.pcap !== undefined) {
        if (name !== undefined)
          command.error('error: give an interface or --pcap, not both', USAGE);
        const style = options.json === true ? 'json' : 'events';
        const file = options.pcap;
        const check = checkOf(options);
        const open = (segment: string) =>
          new WatchSession(file, style, context, screen, segment, check);
        watchCapture(file, open, (text) => context.stderr(text));
      } else {
        if (name === undefined)
          command.error('error: name an interface, or a capture with --pcap', USAGE);
        await watchInterface(context, name, options);
      }
    });
}

/** Resolves when the time is up or on Ctrl-C; rejects when the link disappears. */
async function watchInterface(context: CliContext, name: string, options: WatchOptions) {
  const style = styleOf(context, options);
  const session = new WatchSession(name, style, context, screen, '', checkOf(options));
  await new Promise<void>((resolve, reject) => {
    const watch = watchLink(name, {
      onFrame: (frame, length) => session.frame(frame, length, wallClock()),
      onError: (error) => end(() => reject(error)),
    });
    if (watch === undefined) throw new Error(missingLink(name));
    if (!watch.link.running)
      context.stderr(`${name} is down: nothing can be received until it is up\n`);
    const end = (settle: () => void) => {
      clearInterval(look);
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, finish);
      watch.close();
      settle();
    };
    const finish = () =>
      end(() => {
        session.finish(wallClock());
        resolve();
      });
    const look = setInterval(() => {
      try {
        watch.checkLink();
        session.advance(wallClock());
      } catch (error) {
        end(() => reject(error));
      }
    }, LOOK_EVERY / 1_000);
    const timer = options.for === undefined ? undefined : setTimeout(finish, options.for / 1_000);
    for (const signal of SIGNALS) process.once(signal, finish);
  });
}

function checkOf({ hmacKey }: WatchOptions) {
  return hmacKey && trailerCheck(hmacKey);
}

function missingLink(name: string): string {
  return `no interface is named ${name}; this host has: ${linkNames().join(', ')}`;
}

/** Well below the longest timer of Node. */
const SPAN_MAX = seconds(86_400);

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function styleOf({ isTty }: CliContext, { json, for: limit }: WatchOptions): WatchStyle {
  if (json === true) return limit === undefined ? 'json' : 'json-once';
  if (isTty) return 'table';
  return limit === undefined ? 'events' : 'table-once';
}

/** Microseconds since 1970 that never step: the wall clock at the start, and the time since then. */
function wallClock(): Instant {
  return instant(Math.round((performance.timeOrigin + performance.now()) * 1_000));
}

function screen() {
  const { columns, rows } = process.stdout;
  return { columns: columns ?? SCREEN.columns, rows: rows ?? SCREEN.rows };
}

function span(text: string): Duration {
  const duration = parseDuration(text);
  if (duration === undefined || duration === 0 || duration > SPAN_MAX) {
    throw new InvalidArgumentError('It must be a duration such as 10s or 2m, at most 24h.');
  }
  return duration;
}
