/** Named pipes of the real kernel. */
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Fifo } from '../../src/kernel/fifo/fifo.ts';

const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'vrrp-fifo-'));
  folders.push(made);
  return made;
}

afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

describe('a named pipe', () => {
  test('is created for its owner alone, and reused if it exists', () => {
    const path = join(folder(), 'notify');
    new Fifo(path).close();
    expect(statSync(path).isFIFO()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    new Fifo(path).close();
  });

  test('keeps lines for a reader that comes later', () => {
    const path = join(folder(), 'notify');
    const fifo = new Fifo(path);
    expect(fifo.write('INSTANCE "web" MASTER 150\n')).toBe(true);
    expect(fifo.unread()).toBe(26);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(64);
    expect(buffer.toString('utf8', 0, readSync(reader, buffer))).toBe(
      'INSTANCE "web" MASTER 150\n',
    );
    expect(fifo.unread()).toBe(0);
    closeSync(reader);
    fifo.close();
  });

  test('that is full is reported and does not block', () => {
    const fifo = new Fifo(join(folder(), 'notify'));
    const line = `${'x'.repeat(1_023)}\n`;
    let written = 0;
    while (fifo.write(line)) written += 1;
    expect(written).toBe(64);
    fifo.close();
  });

  test('is neither a file nor a link', () => {
    const made = folder();
    writeFileSync(join(made, 'file'), '');
    expect(() => new Fifo(join(made, 'file'))).toThrow('is not a named pipe');
    symlinkSync('/dev/null', join(made, 'link'));
    expect(() => new Fifo(join(made, 'link'))).toThrow('ELOOP');
    expect(() => new Fifo(join(made, 'missing', 'fifo'))).toThrow('ENOENT');
  });
});
