/** The numbers of the history in words, the same on a terminal and on the page. */
import type { Missing } from './lanes.ts';
import type { InstanceReport } from './report.ts';
import { allowance } from './statistics.ts';

export interface SummaryRow {
  readonly label: string;
  readonly text: string;
  readonly isBad: boolean;
}

export function instanceSummary({
  statistics,
  dual_master_ms: dual,
}: InstanceReport): SummaryRow[] {
  const {
    availability,
    availability_with_planned: withPlanned,
    observed_ms: observed,
  } = statistics;
  const { unplanned, planned, mtbf_ms: mtbf, mttr_ms: mttr, longest, moves } = statistics;
  const row = (label: string, text: string, isBad = false) => ({ label, text, isBad });
  if (availability === null) return [row('availability', 'unknown: it was not seen to be served')];
  const allowed = allowance(4, observed);
  const failures =
    mtbf === null || mttr === null
      ? 'none'
      : `${outagesText(unplanned)}; MTBF ${lengthText(mtbf)}, MTTR ${lengthText(mttr)}`;
  return [
    row(
      'availability',
      `${percentText(availability)}, with planned outages ${percentText(withPlanned)}`,
    ),
    row(
      'four nines',
      `${lengthText(allowed)} allowed in ${lengthText(observed)}, ${lengthText(unplanned.ms)} used`,
      unplanned.ms > allowed,
    ),
    row('unplanned', failures, unplanned.outages > 0),
    row('planned', planned.outages === 0 ? 'none' : outagesText(planned)),
    ...(longest === null
      ? []
      : [row('longest', `${lengthText(longest.to - longest.from)}, ${longest.cause}`)]),
    row('moves', `${moves.planned} planned, ${moves.unplanned} unplanned`),
    ...(dual === 0 ? [] : [row('two MASTERs', `for ${lengthText(dual)}`, true)]),
    ...(statistics.unknown_ms === 0
      ? []
      : [row('not known', `${lengthText(statistics.unknown_ms)} are left out`)]),
  ];
}

const MISSING_LINES = 5;

const MISSING_WHY = {
  disk: 'the disk was full or slow; what they were about is not known in that time',
  storm: 'there were too many',
} as const;

/** What a reader has to know of records that are missing. */
export function missingTexts(
  missing: readonly Missing[],
  timeText: (at: number) => string,
): string[] {
  const older = missing.slice(0, -MISSING_LINES).reduce((sum, { count }) => sum + count, 0);
  return [
    ...(older > 0 ? [`${older} earlier events were not written`] : []),
    ...missing.slice(-MISSING_LINES).map(({ from, to, count, why }) => {
      const what = count === 1 ? '1 event was' : `${count} events were`;
      return `${what} not written, ${timeText(from)} to ${timeText(to)}: ${MISSING_WHY[why]}`;
    }),
  ];
}

function outagesText({ outages, ms }: { readonly outages: number; readonly ms: number }): string {
  return `${outages} ${outages === 1 ? 'outage' : 'outages'}, ${lengthText(ms)}`;
}

/** As many digits as show the outage: 99.9987 %. Never rounded up to 100 %. */
export function percentText(part: number | null): string {
  if (part === null) return 'unknown';
  if (part === 1) return '100 %';
  const missing = 1 - part;
  const digits = Math.min(9, Math.max(2, Math.ceil(-Math.log10(missing * 100)) + 1));
  const scale = 10 ** digits;
  return `${(Math.floor(part * 100 * scale) / scale).toFixed(digits)} %`;
}

/** `3.4 s`, `12m05s`, `17d06h`. */
export function lengthText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (count: number) => String(count).padStart(2, '0');
  if (days > 0) return `${days}d${two(hours % 24)}h`;
  if (hours > 0) return `${hours}h${two(minutes % 60)}m`;
  return `${minutes}m${two(Math.floor(ms / 1_000) % 60)}s`;
}
