/** A rig whose recording is kept as the lines of a file, and what a replay makes of them. */

import { readLine } from '../../scripts/replay/recording-line.ts';
import { Replay } from '../../scripts/replay/replay.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { lineOf } from '../../src/protocol/thread/recording/line.ts';
import { Mask } from '../../src/protocol/thread/recording/mask.ts';
import { Rig, type RigOptions } from './rig.ts';

export interface Recorded {
  readonly rig: Rig;
  /** Without their ends. */
  readonly lines: () => string[];
}

export function recordedRig(
  instances: readonly Partial<InstanceSettings>[] = [{}],
  options: RigOptions = {},
): Recorded {
  const lines: string[] = [];
  const mask = new Mask();
  const rig = new Rig(instances, {
    ...options,
    record: ({ entries }) => {
      for (const entry of entries) lines.push(lineOf(entry, lines.length, '0.0.0', mask).trimEnd());
    },
  });
  return { rig, lines: () => lines };
}

export interface Replayed {
  readonly printed: readonly string[];
  readonly difference: string | undefined;
}

export function replayed(lines: readonly string[]): Replayed {
  const printed: string[] = [];
  const replay = new Replay({ print: (text) => printed.push(text) });
  let difference: string | undefined;
  for (const text of lines) {
    const line = readLine(text);
    if (!line.ok) throw new Error(`${line.error}: ${text}`);
    difference ??= replay.feed(line.value);
  }
  difference ??= replay.end();
  return { printed, difference };
}

/** From the last snapshot on; undefined: there is none. */
export function fromLastSnapshot(lines: readonly string[]): string[] | undefined {
  const at = lines.findLastIndex((line) => line.includes('"kind":"begin"'));
  return at > 0 ? lines.slice(at) : undefined;
}
