import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readKey } from '../../../../src/daemon/host/config-host.ts';

const HEX = 'ab'.repeat(32);
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  delete process.env['CREDENTIALS_DIRECTORY'];
});

function keyFile(content: string | Uint8Array, mode = 0o600): string {
  const path = join(directory, 'peer.key');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function problemOf(reference: string): string {
  const read = readKey(reference);
  return 'problem' in read ? read.problem : `a key of ${read.length} bytes`;
}

describe('a key of the peer link', () => {
  test('is hexadecimal digits, with or without the end of a line', () => {
    const bytes = new Uint8Array(32).fill(0xab);
    expect(readKey(`file:${keyFile(HEX)}`)).toEqual(bytes);
    expect(readKey(`file:${keyFile(`${HEX}\n`)}`)).toEqual(bytes);
    expect(readKey(`file:${keyFile(`${HEX.toUpperCase()}\r\n`)}`)).toEqual(bytes);
  });

  test('may begin with hex:, as in a key file of keepalived', () => {
    const bytes = new Uint8Array(32).fill(0xab);
    expect(readKey(`file:${keyFile(`hex:${HEX}\n`)}`)).toEqual(bytes);
    expect(readKey(`file:${keyFile(`hex:${'ab'.repeat(64)}\r\n`)}`)).toHaveLength(64);
    const passphrase = 'hex:is the begin of this passphrase';
    expect(readKey(`file:${keyFile(passphrase)}`)).toHaveLength(passphrase.length);
  });

  test('is bytes', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => 255 - at);
    expect(readKey(`file:${keyFile(bytes)}`)).toEqual(bytes);
  });

  test.each([
    ['is too short', 'ab'.repeat(31)],
    ['is too long', 'ab'.repeat(65)],
    ['is empty', ''],
    ['is a short password', 'secret'],
  ])('that %s is refused', (_, content) => {
    expect(problemOf(`file:${keyFile(content)}`)).toMatch(
      /peer\.key has no key: expected 32 to 64 bytes, or 64 to 128/,
    );
  });

  test.each([
    [0o644, 'any user can open it (chmod 600)'],
    [0o602, 'any user can open it (chmod 600)'],
    [0o620, /group \d+ can write to/],
  ])('in a file of mode %o is refused', (mode, message) => {
    const problem = problemOf(`file:${keyFile(HEX, mode)}`);
    expect(problem).toMatch(message);
    expect(problem).toContain('is not used as a key');
  });

  test('is refused behind a link to a file that others can read', () => {
    const link = join(directory, 'link');
    symlinkSync(keyFile(HEX, 0o604), link);
    expect(problemOf(`file:${link}`)).toContain('any user can open it');
  });

  test('that is missing, or no file, is refused with the reason', () => {
    expect(problemOf(`file:${directory}/none`)).toMatch(/cannot be read: ENOENT$/);
    chmodSync(directory, 0o700);
    expect(problemOf(`file:${directory}`)).toMatch(/cannot be read: not-a-regular-file$/);
  });

  test('is a credential of systemd', () => {
    keyFile(HEX);
    expect(problemOf('credential:peer.key')).toContain('LoadCredential=');
    process.env['CREDENTIALS_DIRECTORY'] = directory;
    expect(problemOf('credential:peer.key')).toBe('a key of 32 bytes');
  });
});
