/**
 * The log: JSON lines on standard output. Writing never waits for the reader of the log; what is
 * still buffered when the process ends normally is written before it is gone.
 */
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { ipvsGravityOf, isIpvsEvent } from '../control/ipvs-events.ts';
import type { EventFacts } from '../control/protocol.ts';
import type { Report } from '../engine/reports.ts';
import { factsOf, isNews, sentenceOf } from './event.ts';

const STDOUT = 1;

/** A log that nobody reads is cut off here rather than kept in memory. */
const BUFFER_LIMIT = 16 * 1024 * 1024;

/** How long the reader of the log may take for what was written last. */
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
 * ending: what it has not taken by then is lost.
 */
export async function endLog(logger: Logger): Promise<void> {
  const destination = destinationOf(logger);
  if (destination === undefined || destination.destroyed) return;
  const closed = new Promise((resolve) => destination.once('close', resolve));
  let late: NodeJS.Timeout | undefined;
  const given = new Promise((resolve) => {
    late = setTimeout(resolve, PARTING_MS);
  });
  destination.end();
  await Promise.race([closed, given]);
  clearTimeout(late);
  destination.destroy();
}

/** Written without waiting; pino flushes a destination of its own making on `exit`. */
function standardOutput(): Destination {
  const destination: Destination = pino.destination({
    dest: STDOUT,
    sync: false,
    maxLength: BUFFER_LIMIT,
    retryEAGAIN: () => !destination.destroyed,
  });
  // A full disk or a closed terminal is no reason to stop, and there is nowhere to tell of it.
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
  if (isNews(report)) logFacts(logger, factsOf(report), at);
}

export function logFacts(logger: Logger, facts: EventFacts, at: Date): void {
  const { kind: code, ...fields } = facts;
  logger[levelOf(facts)]({ code, at: at.toISOString(), ...fields }, sentenceOf(facts));
}

function levelOf(facts: EventFacts): Level {
  if (isIpvsEvent(facts)) return ipvsGravityOf(facts);
  switch (facts.kind) {
    case 'transition':
      return facts.to === 'FAULT' ? 'warn' : 'info';
    case 'address-cleaned':
    case 'priority-changed':
    case 'command':
    case 'dual-master-ended':
    case 'configuration-reloaded':
    case 'routes-cleaned':
      return 'info';
    case 'before-master':
      return facts.outcome === 'refused' || facts.outcome === 'timed-out' ? 'warn' : 'info';
    case 'notification':
      return NOTIFICATION_LEVEL[facts.outcome];
    case 'group':
      return facts.to === 'FAULT' ? 'warn' : 'info';
    case 'track':
      return facts.state === 'down' ? 'warn' : 'info';
    case 'discard':
    case 'warning':
    case 'address-restored':
    case 'route-restored':
    case 'virtual-link-restored':
    case 'accept-filter-restored':
    case 'stall':
    case 'netlink-malformed':
      return 'warn';
    case 'address-failed':
    case 'route-failed':
    case 'virtual-link-failed':
    case 'accept-filter-failed':
    case 'address-conflict':
    case 'send-failed':
    case 'dual-master':
    case 'configuration-refused':
      return 'error';
  }
}

const NOTIFICATION_LEVEL = {
  failed: 'error',
  'timed-out': 'error',
  lost: 'error',
  skipped: 'warn',
  unread: 'warn',
  recovered: 'info',
} as const;
