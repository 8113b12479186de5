/**
 * Outages of an address. Time without requests is no outage: only spans with at least one unanswered
 * request count.
 */
import type { Probe } from '../../src/lab/probes/probe.ts';

/**
 * The longest time in milliseconds from the last answer before lost requests to the first answer after
 * them; 0 if none was lost. Undefined: no answer at all. Requests after the last answer do not count:
 * the capture ended before their answers.
 */
export function outageIn(probes: readonly Probe[]): number | undefined {
  let lastAnswer: number | undefined;
  let longest = 0;
  let lost = false;
  for (const { answeredAt } of probes) {
    if (answeredAt === undefined) {
      lost = true;
      continue;
    }
    if (lost && lastAnswer !== undefined) longest = Math.max(longest, answeredAt - lastAnswer);
    lastAnswer = answeredAt;
    lost = false;
  }
  return lastAnswer === undefined ? undefined : longest / 1_000;
}
