/**
 * The log: JSON lines on standard output. Writing never waits for the reader of the log; what is
 * still buffered when the process ends normally is written before it is gone.
 */
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import type { EventFacts } from '../control/protocol.ts';
import type { Report } from '../engine/reports.ts';
import { factsOf, isNews, sentenceOf } from './event.ts';

const STDOUT = 1;

/** A log that nobody reads is cut off here rather than kept in memory. */
const BUFFER_LIMIT = 16 * 1024 * 1024;

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
    // pino flushes a destination of its own making on `exit`.
    destination ?? pino.destination({ dest: STDOUT, sync: false, maxLength: BUFFER_LIMIT }),
  );
}

/** One line for each event; `at` is when it happened, which the line's own time may be later than. */
export function logReport(logger: Logger, report: Report, at: Date): void {
  if (!isNews(report)) return;
  const facts = factsOf(report);
  const { kind: code, ...fields } = facts;
  logger[levelOf(facts)]({ code, at: at.toISOString(), ...fields }, sentenceOf(facts));
}

function levelOf(facts: EventFacts): Level {
  switch (facts.kind) {
    case 'transition':
      return facts.to === 'FAULT' ? 'warn' : 'info';
    case 'address-cleaned':
      return 'info';
    case 'discard':
    case 'warning':
    case 'address-restored':
    case 'stall':
      return 'warn';
    case 'address-failed':
    case 'address-conflict':
    case 'dual-master':
      return 'error';
  }
}
