import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryFile } from '../../../../src/ipvs/keep/memory-file.ts';

const MEMORY = {
  services: ['tcp 203.0.113.100:80'],
  sysctls: { sync_retries: '0' },
  timeouts: { tcp: 900 },
};
const NOTHING = { services: [], sysctls: {}, timeouts: {} };
const quiet = () => {};

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ipvs-memory-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A folder with the file of a former run, as the test changed it. */
async function folderWith(change: (text: string) => string): Promise<string> {
  const directory = folder();
  await new MemoryFile(directory).write(MEMORY);
  const [name = ''] = readdirSync(directory);
  const path = join(directory, name);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  return directory;
}

describe('the memory file', () => {
  test('is read by the next run', async () => {
    const directory = folder();
    await new MemoryFile(directory).write(MEMORY);
    expect(new MemoryFile(directory).read(quiet)).toEqual(MEMORY);
  });

  test('is empty before the first run, and after `forget`', async () => {
    const directory = folder();
    const file = new MemoryFile(directory);
    expect(file.read(quiet)).toEqual(NOTHING);
    await file.write(MEMORY);
    await file.forget();
    expect([file.read(quiet), readdirSync(directory)]).toEqual([NOTHING, []]);
  });

  test('is ignored if it is from another boot', async () => {
    const directory = await folderWith((text) =>
      text.replace(/"boot": "[^"]*"/, '"boot": "another"'),
    );
    const reports: string[] = [];
    expect(new MemoryFile(directory).read((message) => reports.push(message))).toEqual(NOTHING);
    expect(reports).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ['that is cut off', (text) => text.slice(0, 20)],
    ['that is no list', (text) => text.replace(/"services": \[[^\]]*\]/, '"services": 7')],
    ['that is another document', () => 'null'],
    ['of a later version', (text) => text.replace('"version": 1', '"version": 2')],
  ])('is ignored in a file %s, which is reported and kept', async (_, change) => {
    const directory = await folderWith(change);
    const reports: string[] = [];
    const [name = ''] = readdirSync(directory);
    const damaged = readFileSync(join(directory, name), 'utf8');
    const file = new MemoryFile(directory);
    expect(file.read((message) => reports.push(message))).toEqual(NOTHING);
    expect(reports).toEqual([
      expect.stringMatching(/ipvs-\d+\.json cannot be read \(it is .*, kept as .*\.damaged\)/),
    ]);
    await file.write(MEMORY);
    expect(readFileSync(join(directory, `${name}.damaged`), 'utf8')).toBe(damaged);
  });

  test('may be without a version', async () => {
    const directory = await folderWith((text) => text.replace('"version": 1,', ''));
    expect(new MemoryFile(directory).read(quiet)).toEqual(MEMORY);
  });

  test('of a build that kept no timeouts is read', async () => {
    const directory = await folderWith((text) => text.replace(/"timeouts"/, '"other"'));
    expect(new MemoryFile(directory).read(quiet)).toEqual({ ...MEMORY, timeouts: {} });
  });

  test('is read as far as its entries are valid', async () => {
    const directory = await folderWith((text) => text.replace('"0"', '0'));
    expect(new MemoryFile(directory).read(quiet)).toEqual({ ...MEMORY, sysctls: {} });
  });

  test('is written again with the same content after the disk refused it', async () => {
    const directory = folder();
    const inTheWay = join(directory, 'state');
    writeFileSync(inTheWay, '');
    const file = new MemoryFile(inTheWay);
    await expect(file.write(MEMORY)).rejects.toThrow();
    rmSync(inTheWay);
    await file.write(MEMORY);
    expect(new MemoryFile(inTheWay).read(quiet)).toEqual(MEMORY);
  });
});
