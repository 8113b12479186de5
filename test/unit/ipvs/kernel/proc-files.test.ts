import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectionLines } from '../../../../src/ipvs/kernel/proc-files.ts';

function fileOf(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'connection-table-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'ip_vs_conn_sync');
  writeFileSync(path, text);
  return path;
}

async function linesIn(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of connectionLines(path)) lines.push(...some);
  return lines;
}

test('A line split across two chunks is joined', async () => {
  const lines = Array.from({ length: 12_000 }, (_, row) => `TCP row ${row} ${'x'.repeat(40)}`);
  expect(await linesIn(fileOf(`${lines.join('\n')}\n`))).toEqual(lines);
});

test('The last line needs no newline', async () => {
  expect(await linesIn(fileOf('one\ntwo'))).toEqual(['one', 'two']);
  expect(await linesIn(fileOf(''))).toEqual([]);
});

test('Reading fails if there is no table', async () => {
  await expect(linesIn('/nonexistent/ip_vs_conn_sync')).rejects.toThrow('ENOENT');
});
