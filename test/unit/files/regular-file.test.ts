import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readParts, readStart, readStartAside } from '../../../src/files/regular-file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'regular-file-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const READERS = [
  ['at once', async (path: string, maximum: number) => readStart(path, maximum)],
  ['aside', readStartAside],
  [
    'in parts',
    async (path: string, maximum: number) => {
      const parts: Buffer[] = [];
      readParts(path, maximum, (part) => parts.push(Buffer.from(part)));
      return Buffer.concat(parts);
    },
  ],
] as const;

describe.each(READERS)('a file that others may own, read %s', (_, read) => {
  const textOf = async (path: string, maximum = 64) => (await read(path, maximum)).toString();

  test('is read up to the bound', async () => {
    const path = join(folder(), 'number');
    writeFileSync(path, '12345');
    expect(await textOf(path)).toBe('12345');
    expect(await textOf(path, 3)).toBe('123');
    expect(await textOf('/proc/self/comm')).not.toBe('');
  });

  test('may be reached by a symbolic link', async () => {
    const link = join(folder(), 'link');
    writeFileSync(`${link}-target`, 'x');
    symlinkSync(`${link}-target`, link);
    expect(await textOf(link)).toBe('x');
  });

  test('FR-O2 is not waited for if it is a named pipe, and not read if it is a device', async () => {
    const path = folder();
    const [pipe, zero, directory] = [
      join(path, 'pipe'),
      join(path, 'zero'),
      join(path, 'directory'),
    ];
    execFileSync('mkfifo', [pipe]);
    symlinkSync('/dev/zero', zero);
    mkdirSync(directory);
    for (const other of [pipe, zero, directory, '/dev/tty']) {
      await expect(textOf(other)).rejects.toThrow(`${other} is not a regular file`);
    }
  });

  test('FR-O2 is refused if it is a socket', async () => {
    const path = join(folder(), 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    await expect(textOf(path)).rejects.toThrow('is not a regular file');
  });

  test('that is missing is an error with the code of the system', async () => {
    await expect(textOf(join(folder(), 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('FR-O2 a long file is read in parts, up to the bound', () => {
  const path = join(folder(), 'long');
  writeFileSync(path, Buffer.alloc(200_000, 'a'));
  expect(readStart(path, 150_000)).toHaveLength(150_000);
  expect(readStart(path, 1_000_000)).toHaveLength(200_000);
});
