import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessProbe } from '../../../../src/checker/probes/process.ts';
import { Reactor } from '../../../../src/kernel/reactor/reactor.ts';

function probing() {
  const folder = mkdtempSync(join(tmpdir(), 'process-probe-'));
  const pidFile = join(folder, 'server.pid');
  const reactor = new Reactor((error) => {
    throw error;
  });
  const probe = new ProcessProbe({ pidFile }, reactor, () => {});
  onTestFinished(() => {
    probe.close();
    reactor.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { pidFile, probe };
}

test('a process is found by its PID file', async () => {
  const { pidFile, probe } = probing();
  writeFileSync(pidFile, `${process.pid}\n`);
  expect(await probe.run()).toEqual({ passed: true, detail: `process ${process.pid}` });
});

test('FR-O2 a PID file that was replaced by a named pipe or a device is a failure, and blocks nothing', async () => {
  const { pidFile, probe } = probing();
  execFileSync('mkfifo', [pidFile]);
  const detail = `${pidFile} cannot be read: not-a-regular-file`;
  expect(await probe.run()).toEqual({ passed: false, detail });
  rmSync(pidFile);
  symlinkSync('/dev/zero', pidFile);
  expect(await probe.run()).toEqual({ passed: false, detail });
});
