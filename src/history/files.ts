/**
 * The files of a history: numbered, each at most as long as `FILE_BYTES`, the oldest removed first. They
 * are read as they are: a line that a crash or a full disk has torn is counted and left out.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readParts } from '../files/regular-file.ts';
import { failure, type Result, success } from '../net/result.ts';
import type { DirectorHistory } from './lanes.ts';
import { type HistoryRecord, isNeeded, recordOf, Slimmer } from './record.ts';
import { straighten } from './straighten.ts';

/** A file that is longer is followed by the next one. */
export const FILE_BYTES = 8 * 1024 * 1024;

/** Of these files; together they have room for several years of a busy director. */
export const FILES_MAX = 8;

const NEWLINE = 10;

export function historyDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'history');
}

export function fileName(number: number): string {
  return `${String(number).padStart(8, '0')}.jsonl`;
}

/** Numbers of the files in a directory, oldest first. Throws an error of `node:fs`. */
export function fileNumbers(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => /^([0-9]{8})\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export interface NoHistory {
  readonly code: 'ENOENT' | 'EACCES' | 'empty' | 'other';
  readonly message: string;
}

/** The history of this host: all of it, or only what a report needs. */
export function readHistory(
  stateDirectory: string,
  wanted: 'all' | 'needed' = 'all',
): Result<DirectorHistory, NoHistory> {
  const directory = historyDirectory(stateDirectory);
  const lines = new Lines(wanted);
  let until = 0;
  try {
    for (const number of fileNumbers(directory)) {
      const path = join(directory, fileName(number));
      // As long as one that was written by more than one process may become.
      readParts(path, 4 * FILE_BYTES, (part) => lines.take(part));
      lines.end();
      until = Math.max(until, statSync(path).mtimeMs);
    }
  } catch (error) {
    return failure(noHistory(error));
  }
  const { records, damaged } = lines;
  const router = routerIn(records);
  if (router === undefined) {
    return failure({ code: 'empty', message: `${directory} has no history yet` });
  }
  straighten(records);
  const last = records.at(-1)?.at ?? 0;
  return success({ router, records, damaged, until: Math.max(Math.round(until), last) });
}

/** Decodes many lines as one text: one by one, making the text takes longer than reading it. */
class Lines {
  readonly records: HistoryRecord[] = [];
  damaged = 0;
  readonly #slimmer: Slimmer | undefined;
  /** Begin of a line that ends in the next part. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(wanted: 'all' | 'needed') {
    this.#slimmer = wanted === 'needed' ? new Slimmer() : undefined;
  }

  take(part: Buffer): void {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    const text = bytes.toString('utf8', 0, end);
    for (let start = 0; start < text.length; ) {
      const lineEnd = text.indexOf('\n', start);
      if (lineEnd > start && !this.#line(text, start, lineEnd)) this.damaged += 1;
      start = lineEnd + 1;
    }
  }

  /** A last line without its end may be under way: it is not damaged. */
  end(): void {
    const text = this.#rest.toString('utf8');
    this.#rest = Buffer.alloc(0);
    if (text !== '') this.#line(text, 0, text.length);
  }

  /** False: it is damaged. */
  #line(text: string, start: number, end: number): boolean {
    const slimmer = this.#slimmer;
    if (slimmer !== undefined && isNeedless(text, start, end)) return true;
    const record = recordOf(text.slice(start, end));
    if (!record.ok) return false;
    this.records.push(slimmer === undefined ? record.value : slimmer.slim(record.value));
    return true;
  }
}

const KIND = ',"kind":"';

/** The kind stands after the two times. */
const KIND_WITHIN = 80;

/** Longer than any kind. */
const KIND_LENGTH_MAX = 40;

/** A whole line of a kind that no report needs, seen without decoding it. */
function isNeedless(text: string, start: number, end: number): boolean {
  if (text[end - 1] !== '}') return false;
  const place = text.indexOf(KIND, start);
  if (place < 0 || place - start > KIND_WITHIN || place >= end) return false;
  const from = place + KIND.length;
  const to = text.indexOf('"', from);
  return to > from && to - from < KIND_LENGTH_MAX && to < end && !isNeeded(text.slice(from, to));
}

/** The latest name, as it may change. */
function routerIn(records: readonly HistoryRecord[]): string | undefined {
  const mark = records.findLast(({ kind }) => kind === 'instances');
  return mark?.kind === 'instances' ? mark.router : undefined;
}

function noHistory(error: unknown): NoHistory {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { code: code === 'ENOENT' || code === 'EACCES' ? code : 'other', message };
}
