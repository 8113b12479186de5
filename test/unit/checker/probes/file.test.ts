import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileProbe, type FileReads, parseNumber } from '../../../../src/checker/probes/file.ts';

function probing(reads: FileReads, onChange = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'file-probe-'));
  const path = join(folder, 'health');
  const probe = new FileProbe(path, reads, onChange);
  onTestFinished(() => {
    probe.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, probe };
}

describe('a tracked file', () => {
  test('exists or not', async () => {
    const { path, probe } = probing('present');
    expect(await probe.run()).toEqual({ passed: false, detail: 'no such file' });
    writeFileSync(path, '');
    expect(await probe.run()).toEqual({ passed: true, detail: 'the file exists' });
  });

  test('FR-O2 has no number if it is a named pipe or a device, and the run ends', async () => {
    const { path, probe } = probing('number');
    writeFileSync(path, '7');
    expect(await probe.run()).toMatchObject({ value: 7 });
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(await probe.run()).toMatchObject({ passed: true, value: 7 });
    rmSync(path);
    symlinkSync('/dev/zero', path);
    expect(await probe.run()).toMatchObject({ passed: true, value: 7 });
  });

  test('may have to be absent', async () => {
    const { path, probe } = probing('absent');
    expect((await probe.run()).passed).toBe(true);
    writeFileSync(path, '');
    expect((await probe.run()).passed).toBe(false);
  });

  test('is reported when it is created, replaced and removed', async () => {
    let tell = () => {};
    const { path, probe } = probing('present', () => tell());
    await probe.run();
    const reported = () =>
      new Promise<void>((resolve) => {
        tell = resolve;
      });
    const made = reported();
    writeFileSync(path, '1');
    await made;
    const removed = reported();
    rmSync(path);
    await removed;
  });

  test('contains a number; anything else keeps the last one, and no file is 0', async () => {
    const { path, probe } = probing('number');
    expect((await probe.run()).value).toBe(0);
    writeFileSync(path, ' -20\n');
    expect(await probe.run()).toEqual({ passed: true, value: -20, detail: '-20' });
    writeFileSync(path, '');
    expect((await probe.run()).value).toBe(-20);
    writeFileSync(path, 'twenty');
    expect(await probe.run()).toEqual({
      passed: true,
      value: -20,
      detail: 'not a whole number: "twenty"; keeping -20',
    });
    rmSync(path);
    expect((await probe.run()).value).toBe(0);
  });

  test('FR-O2 says that a directory in the place of the file is no file, and keeps the number', async () => {
    const { path, probe } = probing('number');
    writeFileSync(path, '-20');
    await probe.run();
    rmSync(path);
    mkdirSync(path);
    expect(await probe.run()).toEqual({
      passed: true,
      value: -20,
      detail: 'cannot be read: not-a-regular-file; keeping -20',
    });
  });

  test.each([
    ['7', 7],
    ['+7\n', 7],
    ['-254', -254],
    ['100000', 254],
    ['-999999999', -254],
    ['1.5', undefined],
    ['0x10', undefined],
    ['', undefined],
  ])('reads %j as %s', (text, number) => {
    expect(parseNumber(text)).toBe(number);
  });
});
