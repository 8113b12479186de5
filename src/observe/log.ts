/**
 * The log: JSON lines on standard output. Writing never waits for the reader of the log; lines that
 * are still buffered when the process ends normally are written first.
 */
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

const STDOUT = 1;

/** Lines beyond this are dropped rather than kept in memory, if the log is not read. */
const BUFFER_LIMIT = 16 * 1024 * 1024;

/** How long the reader of the log may take for the last lines. */
const PARTING_MS = 1_000;

export interface LogOptions {
  readonly level: Level | 'silent';
  /** Name of this router, in every line. */
  readonly router: string;
  /** Default: standard output, asynchronously. */
  readonly destination?: DestinationStream;
}

export function createLogger({ level, router, destination }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { router, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? standardOutput(),
  );
}

/**
 * Nothing may be logged afterwards. A reader that has stopped reading does not keep the process from
 * ending: the lines it has not read by then are lost.
 */
export async function endLog(logger: Logger): Promise<void> {
  const destination = destinationOf(logger);
  if (destination === undefined || destination.destroyed) return;
  const closed = new Promise((resolve) => destination.once('close', resolve));
  destination.end();
  await withDeadline(closed, PARTING_MS);
  destination.destroy();
}

/** Asynchronous; pino flushes a destination that it made itself on `exit`, and only then. */
function standardOutput(): Destination {
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
  // A full disk or a closed terminal is no reason to stop, and there is nowhere to report it.
  destination.on('error', () => {});
  return destination;
}

/** `destroyed` is not in pino's types. */
type Destination = ReturnType<typeof pino.destination> & { readonly destroyed?: boolean };

/** Undefined: the destination is the caller's own. */
function destinationOf(logger: Logger): Destination | undefined {
  const stream: unknown = Reflect.get(logger, pino.symbols.streamSym);
  return isDestination(stream) ? stream : undefined;
}

function isDestination(stream: unknown): stream is Destination {
  return typeof stream === 'object' && stream !== null && 'flushSync' in stream && 'end' in stream;
}

/** One line for each event; `at` is when it happened, which the line's own time may be later than. */
export function logReport(logger: Logger, report: Report, at: Date): void {
  if (isEventReport(report)) logFacts(logger, factsOf(report), at);
}

export function logFacts(logger: Logger, facts: EventFacts, at: Date): void {
  const { kind: code, ...fields } = facts;
  logger[levelOf(facts)]({ code, at: at.toISOString(), ...fields }, sentenceOf(facts));
}
