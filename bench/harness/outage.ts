/**
 * How long an address did not answer. Time in which nobody asked is no outage: only spans in which
 * at least one request stayed without an answer count.
 */
import type { Probe } from '../../src/lab/probes/probe.ts';

/**
 * In milliseconds, from the last answer before to the first answer after the requests that were
 * lost; zero when none was. Undefined: never an answer at all. Requests after the last answer are
 * those the capture ended on.
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
