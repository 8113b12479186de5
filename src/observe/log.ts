/**
 * The log on standard output: JSON lines, or text where people read it (`log-text.ts`). Writing never waits for the reader of the log; a process
 * that exits normally first writes the lines that are still buffered.
 */
import { isatty } from 'node:tty';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { withDeadline } from '../async/deadline.ts';
import {
  type EventFacts,
  factsOf,
  isEventReport,
  levelOf,
  sentenceOf,
} from '../control/events/event-table.ts';
import type { Report } from '../protocol/engine/reports.ts';
import { type LogFormat, type Output, styleOf, textOf } from './log-text.ts';

const STDOUT = 1;

/** If the log is not read, lines beyond this are dropped rather than kept in memory. */
const BUFFER_LIMIT = 16 * 1024 * 1024;

/** How long the reader of the log may take to read the last lines. */
const LINGER_MS = 1_000;

export interface LogOptions {
  readonly level: Level | 'silent';
  /** Name of this router, which every line contains. */
  readonly router: string;
  /** Of standard output; default: `json`. */
  readonly format?: LogFormat;
  /** Default: standard output, asynchronously. */
  readonly destination?: DestinationStream;
}

export function createLogger({ level, router, format = 'json', destination }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { router, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? standardOutput(format),
  );
}

/**
 * Nothing may be logged afterwards. A reader that has stopped reading does not keep the process from
 * exiting: the lines that it has not read by then are lost.
 */
export async function endLog(logger: Logger): Promise<void> {
  const destination = destinationOf(logger);
  if (destination === undefined || destination.destroyed) return;
  const closed = new Promise((resolve) => destination.once('close', resolve));
  destination.end();
  await withDeadline(closed, LINGER_MS);
  destination.destroy();
}

/** Asynchronous: pino flushes a destination that it created itself on `exit` only. */
function standardOutput(format: LogFormat): Destination {
  const destination: Destination = pino.destination({
    dest: STDOUT,
    sync: false,
    maxLength: BUFFER_LIMIT,
    retryEAGAIN: () => !destination.destroyed,
  });
  // pino flushes after each line of level fatal too, and would wait there for a reader that has stopped.
  const flushSync = destination.flushSync.bind(destination);
  let isExiting = false;
  process.prependOnceListener('exit', () => {
    isExiting = true;
  });
  destination.flushSync = () => {
    if (isExiting) flushSync();
  };
  const style = format === 'json' ? 'json' : styleOf(format, here());
  if (style !== 'json') {
    const write = destination.write.bind(destination);
    destination.write = (line) => write(textOf(line, style));
  }
  // A full disk or a closed terminal must not stop the agent, and cannot be reported anywhere.
  destination.on('error', () => {});
  return destination;
}

function here(): Output {
  return {
    descriptor: STDOUT,
    isTerminal: isatty(STDOUT),
    stream: process.env['JOURNAL_STREAM'],
  };
}

/** `destroyed` is not in pino's types. */
type Destination = ReturnType<typeof pino.destination> & { readonly destroyed?: boolean };

/** Undefined: the caller supplied the destination. */
function destinationOf(logger: Logger): Destination | undefined {
  const stream: unknown = Reflect.get(logger, pino.symbols.streamSym);
  return isDestination(stream) ? stream : undefined;
}

function isDestination(stream: unknown): stream is Destination {
  return typeof stream === 'object' && stream !== null && 'flushSync' in stream && 'end' in stream;
}

/** Writes one line per event; `at` is when it happened, which may precede the line's own time. */
export function logReport(logger: Logger, report: Report, at: Date): void {
  if (isEventReport(report)) logFacts(logger, factsOf(report), at);
}

export function logFacts(logger: Logger, facts: EventFacts, at: Date): void {
  const { kind: code, ...fields } = facts;
  logger[levelOf(facts)]({ code, at: at.toISOString(), ...fields }, sentenceOf(facts));
}
