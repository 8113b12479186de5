/** One file through a `Replay`, line by line; what becomes of it is the exit status of the command. */
import { closeSync, openSync, readSync } from 'node:fs';
import { LINE_MAX, readLine } from './recording-line.ts';
import { Replay } from './replay.ts';

export type ReplayOutcome =
  | { readonly kind: 'same'; readonly transitions: number; readonly lines: number }
  | { readonly kind: 'differs'; readonly seq: number; readonly message: string }
  /** `line` counts from 1. */
  | { readonly kind: 'unreadable'; readonly line: number; readonly message: string };

export interface ReplayFileOptions {
  readonly print?: (text: string, seq: number, wall: number) => void;
  /** Lines are printed from this number on; all are fed. */
  readonly from?: number;
  /** The last line that is fed. */
  readonly until?: number;
}

export function replayFile(path: string, options: ReplayFileOptions = {}): ReplayOutcome {
  const { print = () => {}, from = 0, until = Number.POSITIVE_INFINITY } = options;
  const replay = new Replay({
    print: (text, seq, wall) => {
      if (seq >= from) print(text, seq, wall);
    },
  });
  let [number, seq, transitions] = [0, 0, 0];
  let isComplete = true;
  for (const { text, isWhole } of linesIn(path)) {
    number++;
    // The process, or the machine, has ended while it was being written.
    isComplete = isWhole;
    if (!isWhole) break;
    const read = readLine(text);
    if (!read.ok) return { kind: 'unreadable', line: number, message: read.error };
    const line = read.value;
    if (number === 1 && line.kind !== 'begin') {
      return { kind: 'unreadable', line: 1, message: 'a recording starts with "begin"' };
    }
    isComplete = line.seq <= until;
    if (!isComplete) break;
    seq = line.seq;
    if (line.kind === 'gap') print(`${line.count} lines are missing`, seq, Number.NaN);
    if (line.kind === 'transition' && !replay.isIdle) transitions++;
    const message = replay.feed(line);
    if (message !== undefined) return { kind: 'differs', seq, message };
  }
  if (number === 0) return { kind: 'unreadable', line: 1, message: 'the file is empty' };
  const message = isComplete ? replay.end() : undefined;
  if (message !== undefined) return { kind: 'differs', seq, message };
  return { kind: 'same', transitions, lines: number };
}

/** A line that is longer than a reader takes comes in part, and is refused for its length. */
function* linesIn(path: string): Generator<{ readonly text: string; readonly isWhole: boolean }> {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(1 << 16);
    let rest = Buffer.alloc(0);
    for (;;) {
      const length = readSync(fd, buffer);
      if (length === 0) break;
      rest = Buffer.concat([rest, buffer.subarray(0, length)]);
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        yield { text: rest.toString('utf8', start, end), isWhole: true };
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > LINE_MAX) yield { text: rest.toString('latin1'), isWhole: true };
    }
    if (rest.length > 0) yield { text: '', isWhole: false };
  } finally {
    closeSync(fd);
  }
}
