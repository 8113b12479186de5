/**
 * The lines of the log for people: the sentence, then the facts as `name=value`. Under systemd a line
 * begins with its priority (sd-daemon(3)), and the journal adds the time.
 */
import { fstatSync } from 'node:fs';

export type LogFormat = 'auto' | 'json' | 'text';

/** `journal`: text with priorities instead of times and levels. */
export type LogStyle = 'json' | 'text' | 'journal';

/** Of syslog(3): LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR, LOG_CRIT. */
const PRIORITIES: { readonly [Level in string]?: number } = {
  trace: 7,
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  fatal: 2,
};

/** In every line, or in the sentence. */
const LEFT_OUT: ReadonlySet<string> = new Set(['level', 'time', 'router', 'pid', 'msg', 'at']);

/** `stream`: the device and inode of a journal, from the environment (systemd.exec(5)). */
export function styleOf(format: LogFormat, { descriptor, isTerminal, stream }: Output): LogStyle {
  if (format === 'json') return 'json';
  const isJournal = stream !== undefined && stream === identityOf(descriptor);
  if (isJournal) return 'journal';
  return format === 'text' || isTerminal ? 'text' : 'json';
}

export interface Output {
  readonly descriptor: number;
  readonly isTerminal: boolean;
  readonly stream: string | undefined;
}

/** `line`: JSON as pino writes it, with its newline. A line that is not is returned as it is. */
export function textOf(line: string, style: 'text' | 'journal'): string {
  const fields = fieldsOf(line);
  if (fields === undefined) return line;
  const level = String(fields['level']);
  const begin =
    style === 'journal'
      ? `<${PRIORITIES[level] ?? PRIORITIES['info']}>`
      : `${fields['time']} ${level.padEnd(5)} `;
  const subject = typeof fields['instance'] === 'string' ? `${fields['instance']}: ` : '';
  const facts = Object.entries(fields)
    .filter(([name]) => !LEFT_OUT.has(name) && !(name === 'instance' && subject !== ''))
    .map(([name, value]) => `${name}=${wordOf(value)}`);
  const rest = facts.length === 0 ? '' : ` (${facts.join(' ')})`;
  return `${oneLine(`${begin}${subject}${fields['msg'] ?? ''}${rest}`)}\n`;
}

function fieldsOf(line: string): Record<string, unknown> | undefined {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === 'object' && fields !== null ? { ...fields } : undefined;
  } catch {
    return undefined;
  }
}

/** Quoted unless it is one plain word. */
function wordOf(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9_./:@%+-]+$/.test(value)) return value;
  return JSON.stringify(value);
}

/** A newline would begin another entry of the journal, a control character could rule a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** As in JOURNAL_STREAM. */
function identityOf(descriptor: number): string | undefined {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
