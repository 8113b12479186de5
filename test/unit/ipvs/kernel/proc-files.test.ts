import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectionLines, lacksModule } from '../../../../src/ipvs/kernel/proc-files.ts';

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

test('A module is missing if the lists of the kernel do not name it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'modules-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  expect(lacksModule('ip_vs_none', directory)).toBe(false);
  writeFileSync(join(directory, 'modules.builtin'), 'kernel/net/netfilter/ipvs/ip_vs_rr.ko\n');
  writeFileSync(join(directory, 'modules.dep'), 'kernel/net/netfilter/ipvs/ip_vs_wlc.ko.xz:\n');
  const names = ['ip_vs_rr', 'ip_vs_wlc', 'ip_vs_none'];
  expect(names.map((name) => lacksModule(name, directory))).toEqual([false, false, true]);
});
