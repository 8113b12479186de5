/**
 * The wall clock of a host may be set while the agent runs (a wrong clock at boot, then NTP). Within one
 * boot the other clock of each record shows by how much, and the later setting counts as the right one.
 */
import type { HistoryRecord } from './record.ts';

/** Smaller differences are the slow correction by NTP, which is right at each moment. */
const STEP_MS = 1_000;

/** Corrects the times in place, oldest record first, so that they never go back. */
export function straighten(records: readonly HistoryRecord[]): void {
  const boots = bootsOf(records);
  let correction = 0;
  for (let index = records.length - 2; index >= 0; index--) {
    const [record, next] = [records[index], records[index + 1]];
    if (record === undefined || next === undefined) continue;
    if (boots[index] !== boots[index + 1]) {
      correction = 0;
      continue;
    }
    // `next` is corrected already.
    const step = next.at - correction - record.at - (next.up - record.up);
    if (Math.abs(step) > STEP_MS) correction += step;
    record.at += correction;
  }
  let latest = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    latest = Math.max(latest, record.at);
    record.at = latest;
  }
}

/** A number for each record that differs between boots of the host. */
function bootsOf(records: readonly HistoryRecord[]): number[] {
  let name: string | undefined;
  let number = 0;
  return records.map((record) => {
    if (record.kind === 'agent-started' || record.kind === 'instances') {
      if (name !== undefined && record.boot !== name) number += 1;
      name = record.boot;
    }
    return number;
  });
}
