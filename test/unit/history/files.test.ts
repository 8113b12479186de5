import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  fileName,
  fileNumbers,
  historyDirectory,
  readHistory,
} from '../../../src/history/files.ts';
import { lineOf } from '../../../src/history/record.ts';
import { at } from './story.ts';

const MARK = { kind: 'instances', router: 'lb1', boot: 'boot-1', instances: [] } as const;

function line(seconds: number): string {
  return lineOf(MARK, { at: at(seconds), up: seconds * 1_000 });
}

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(historyDirectory(directory));
  return directory;
}

test('a history is read from all its files, to its last sign of life', () => {
  const state = stateDirectory();
  const directory = historyDirectory(state);
  writeFileSync(join(directory, fileName(9)), line(1));
  writeFileSync(join(directory, fileName(10)), line(2) + line(3));
  writeFileSync(join(directory, 'notes.txt'), 'of someone else');
  utimesSync(join(directory, fileName(9)), at(1) / 1_000, at(1) / 1_000);
  utimesSync(join(directory, fileName(10)), at(30) / 1_000, at(30) / 1_000);
  expect(fileNumbers(directory)).toEqual([9, 10]);
  const read = readHistory(state);
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value).toMatchObject({ router: 'lb1', damaged: 0, until: at(30) });
  expect(read.value.records.map((one) => one.at)).toEqual([at(1), at(2), at(3)]);
});

test('a torn line costs that line alone', () => {
  const state = stateDirectory();
  const file = join(historyDirectory(state), fileName(1));
  writeFileSync(file, `${line(1)}{"at":"2026-03-01T0\n${line(2)}\n\0\0\n${line(3)}`);
  appendFileSync(file, line(4).slice(0, 30));
  const read = readHistory(state);
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value.records).toHaveLength(3);
  // The last one may be under way.
  expect(read.value.damaged).toBe(2);
});

test('where there is no history, the reason is given', () => {
  const state = stateDirectory();
  expect(readHistory(join(state, 'elsewhere'))).toMatchObject({
    ok: false,
    error: { code: 'ENOENT' },
  });
  expect(readHistory(state)).toMatchObject({ ok: false, error: { code: 'empty' } });
  mkdirSync(join(historyDirectory(state), fileName(1)));
  expect(readHistory(state)).toMatchObject({ ok: false, error: { code: 'other' } });
});

test('a line that two parts of a file have is whole', () => {
  const state = stateDirectory();
  const lines = Array.from({ length: 12_000 }, (_, second) => line(second));
  writeFileSync(join(historyDirectory(state), fileName(1)), lines.join(''));
  const read = readHistory(state);
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value.damaged).toBe(0);
  expect(read.value.records.map((one) => one.at)).toEqual(lines.map((_, second) => at(second)));
});

test('what no report needs is not kept for one', () => {
  const state = stateDirectory();
  const directory = historyDirectory(state);
  const head = '{"at":"2026-03-01T00:00:01.000Z","up":1,';
  const transition = `"instance":"web","from":"BACKUP","to":"MASTER","cause":"preemption","reason":"r"`;
  writeFileSync(
    join(directory, fileName(1)),
    `${line(1)}${head}"kind":"discard","count":1}
${head}"kind":"transition",${transition},"silent_ms":5,"priority":100}
${head}"kind":"of-tomorrow"
{"kind":"discard","at":"2026-03-01T00:00:01.000Z","up":1}
`,
  );
  const read = readHistory(state, 'needed');
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value.damaged).toBe(1);
  expect(read.value.records.slice(1)).toEqual([
    {
      ...{ at: at(1), up: 1, kind: 'transition', instance: 'web', from: 'BACKUP', to: 'MASTER' },
      ...{ cause: 'preemption', reason: 'r', silent_ms: 5 },
    },
    expect.objectContaining({ kind: 'discard' }),
  ]);
});
