/** Times on the command line: a span before now, or a date. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/duration.ts';

const DAY_MS = 86_400_000;

/** Milliseconds since 1970. Without a time zone, a date is in that of this host. */
export function moment(text: string): number {
  const days = /^([0-9]{1,5})([dw])$/.exec(text);
  if (days !== null) return Date.now() - Number(days[1]) * (days[2] === 'w' ? 7 : 1) * DAY_MS;
  const ago = parseDuration(text);
  if (ago !== undefined) return Date.now() - ago / 1_000;
  const at = dateOf(text);
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError('It must be a time such as 10m, 2h, 30d or 2026-03-01T10:00.');
}

function dateOf(text: string): number {
  const [day = '', time = '00:00'] = text.split(/[T ]/);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T${time}`) : Number.NaN;
}
