import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
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

describe('a quorum of processes', () => {
  let groups = 0;

  /** Processes with a name of their own: those of the test before may take a moment to end. */
  function processes() {
    const folder = mkdtempSync(join(tmpdir(), 'process-probe-'));
    groups += 1;
    const name = `sl${groups}-${process.pid}`.slice(0, 15);
    const path = join(folder, name);
    copyFileSync('/bin/sleep', path);
    const running: ChildProcess[] = [];
    const start = async () => {
      const child = spawn(path, ['60']);
      running.push(child);
      await once(child, 'spawn');
    };
    const stop = async () => {
      const child = running.shift();
      child?.kill('SIGKILL');
      if (child !== undefined) await once(child, 'exit');
    };
    const ends: number[] = [];
    const probe = (more: { quorum?: number; quorumMax?: number }) => {
      const reactor = new Reactor((error) => {
        throw error;
      });
      const one = new ProcessProbe({ process: name, ...more }, reactor, () => ends.push(1));
      onTestFinished(() => {
        one.close();
        reactor.close();
      });
      return one;
    };
    onTestFinished(() => {
      for (const child of running) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    return { name, start, stop, probe, ends };
  }

  test('needs as many as it says, and hears at once that one has ended', async () => {
    const { name, start, stop, probe, ends } = processes();
    const one = probe({ quorum: 2 });
    expect(await one.run()).toEqual({ passed: false, detail: `no process ${name}` });
    await start();
    expect(await one.run()).toEqual({ passed: false, detail: `1 of 2 processes ${name}` });
    await start();
    expect(await one.run()).toEqual({ passed: true, detail: '2 processes' });
    await stop();
    await vi.waitFor(() => expect(ends).toEqual([1]));
    expect(await one.run()).toEqual({ passed: false, detail: `1 of 2 processes ${name}` });
  });

  test('may have a limit, which a process more is found to exceed', async () => {
    const { name, start, stop, probe } = processes();
    const one = probe({ quorumMax: 1 });
    await start();
    expect(await one.run()).toMatchObject({ passed: true });
    await start();
    expect(await one.run()).toEqual({ passed: false, detail: `more than 1 processes ${name}` });
    await stop();
    expect(await one.run()).toMatchObject({ passed: true });
  });
});
