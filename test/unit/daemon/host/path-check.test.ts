import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pathWarnings } from '../../../../src/daemon/host/path-check.ts';

function paths() {
  const folder = mkdtempSync(join(tmpdir(), 'path-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [file, state] = [join(folder, 'agent.yaml'), join(folder, 'state')];
  writeFileSync(file, '', { mode: 0o644 });
  mkdirSync(state, { mode: 0o755 });
  return { folder, file, state };
}

test('files that only this user can change draw no warning, nor does a directory to come', () => {
  const { file, state } = paths();
  expect(pathWarnings([file], state)).toEqual([]);
  expect(pathWarnings([file], `${state}/to/come`)).toEqual([]);
});

test('FR-O13 a configuration and a state directory that any user can change draw a warning each', () => {
  const { file, state } = paths();
  chmodSync(file, 0o666);
  chmodSync(state, 0o777);
  expect(pathWarnings([file], state)).toEqual([
    `any user can write to ${file}: who changes the configuration can run commands as root`,
    `any user can write to ${state}: who changes "state_dir" can put instances into maintenance`,
  ]);
});

test('FR-O13 so does a directory in which any user can replace them', () => {
  const { folder, file, state } = paths();
  chmodSync(folder, 0o777);
  expect(pathWarnings([file], `${state}-to-come`)).toEqual([
    expect.stringContaining(`any user can write to ${folder}: who changes the configuration`),
    expect.stringContaining(`any user can write to ${folder}: who changes "state_dir"`),
  ]);
});
