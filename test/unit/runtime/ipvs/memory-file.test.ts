import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryFile } from '../../../../src/runtime/ipvs/memory-file.ts';

const MEMORY = { services: ['tcp 203.0.113.100:80'], sysctls: { sync_retries: '0' } };
const NOTHING = { services: [], sysctls: {} };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ipvs-memory-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A folder with what a former run has written, as the test has changed it. */
async function folderWith(change: (text: string) => string): Promise<string> {
  const directory = folder();
  await new MemoryFile(directory).write(MEMORY);
  const [name = ''] = readdirSync(directory);
  const path = join(directory, name);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  return directory;
}

describe('what must outlive a crash', () => {
  test('is there for the next run', async () => {
    const directory = folder();
    await new MemoryFile(directory).write(MEMORY);
    expect(new MemoryFile(directory).read()).toEqual(MEMORY);
  });

  test('is nothing before the first run, and after there is nothing to remember', async () => {
    const directory = folder();
    const file = new MemoryFile(directory);
    expect(file.read()).toEqual(NOTHING);
    await file.write(MEMORY);
    await file.forget();
    expect([file.read(), readdirSync(directory)]).toEqual([NOTHING, []]);
  });

  test.each<[string, (text: string) => string]>([
    ['of another boot', (text) => text.replace(/"boot": "[^"]*"/, '"boot": "another"')],
    ['that is cut off', (text) => text.slice(0, 20)],
    ['that is no list', (text) => text.replace(/"services": \[[^\]]*\]/, '"services": 7')],
    ['that is another document', () => 'null'],
  ])('counts for nothing in a file %s', async (_, change) => {
    const directory = await folderWith(change);
    expect(new MemoryFile(directory).read()).toEqual(NOTHING);
  });

  test('is read as far as it is what it should be', async () => {
    const directory = await folderWith((text) => text.replace('"0"', '0'));
    expect(new MemoryFile(directory).read()).toEqual({ ...MEMORY, sysctls: {} });
  });

  test('is written again, though it is the same, when the disk has refused it before', async () => {
    const directory = folder();
    const inTheWay = join(directory, 'state');
    writeFileSync(inTheWay, '');
    const file = new MemoryFile(inTheWay);
    await expect(file.write(MEMORY)).rejects.toThrow();
    rmSync(inTheWay);
    await file.write(MEMORY);
    expect(new MemoryFile(inTheWay).read()).toEqual(MEMORY);
  });
});
