import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { ControlServer } from '../../../src/control/server.ts';
import { modelOf, socketPath } from './samples.ts';

function listenAt(socket: string, mode = 0o600): Promise<ControlServer> {
  const model = modelOf('web');
  const listening = ControlServer.listen({
    socket,
    access: { mode },
    source: {
      status: () => model.status(),
      eventsAfter: () => [],
      subscribe: () => () => {},
      config: () => ({}),
    },
  });
  onTestFinished(async () => {
    await listening.then(
      (server) => server.close(),
      () => {},
    );
  });
  return listening;
}

/** A process that listened and was killed leaves its socket behind. */
function leaveStaleSocket(socket: string): void {
  mkdirSync(dirname(socket), { recursive: true });
  const program = `require('node:net').createServer().listen(${JSON.stringify(socket)},
    () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
  expect(statSync(socket).isSocket()).toBe(true);
}

describe('the control socket', () => {
  test.each([0o600, 0o660, 0o666])('has mode %o regardless of the umask', async (mode) => {
    const socket = socketPath();
    const umask = process.umask(0o077);
    onTestFinished(() => {
      process.umask(umask);
    });
    await listenAt(socket, mode);
    expect(statSync(socket).mode & 0o777).toBe(mode);
  });

  test('is created with its directory, and leaves nothing else there', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    expect(readdirSync(dirname(socket)).sort()).toEqual(['control.sock', 'control.sock.lock']);
    await server.close();
    expect(readdirSync(dirname(socket))).toEqual([]);
  });

  test('is not removed by a process that has handed over', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    await server.close(true);
    expect(readdirSync(dirname(socket)).sort()).toEqual(['control.sock', 'control.sock.lock']);
  });

  test('of a dead process is replaced', async () => {
    const socket = socketPath();
    leaveStaleSocket(socket);
    await listenAt(socket);
    expect(await new ControlClient({ socket }).status()).toMatchObject({ router: 'lb1' });
  });

  test('of a running agent is refused with its pid', async () => {
    const socket = socketPath();
    await listenAt(socket);
    await expect(listenAt(socket)).rejects.toMatchObject({
      code: 'agent-running',
      pid: process.pid,
    });
    expect(await new ControlClient({ socket }).status()).toMatchObject({ router: 'lb1' });
  });

  test('of a running agent is refused with its pid even when the lock file is gone', async () => {
    const socket = socketPath();
    await listenAt(socket);
    rmSync(`${socket}.lock`);
    await expect(listenAt(socket)).rejects.toMatchObject({
      code: 'agent-running',
      pid: process.pid,
    });
    expect(existsSync(`${socket}.lock`)).toBe(false);
  });

  test('of a process that accepts but does not respond is not replaced', async () => {
    const socket = socketPath();
    mkdirSync(dirname(socket));
    const silent = createServer((connection) => connection.end());
    await new Promise<void>((resolve) => silent.listen(socket, resolve));
    onTestFinished(() => {
      silent.close();
    });
    await expect(listenAt(socket)).rejects.toMatchObject({ code: 'agent-running', pid: undefined });
  });

  test('does not replace a file of another kind', async () => {
    const socket = socketPath();
    mkdirSync(dirname(socket));
    writeFileSync(socket, 'precious');
    await expect(listenAt(socket)).rejects.toMatchObject({ code: 'not-a-socket' });
    expect(readFileSync(socket, 'utf8')).toBe('precious');
  });

  test('goes to one of two processes that start together', async () => {
    const socket = socketPath();
    leaveStaleSocket(socket);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => listenAt(socket)));
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of outcomes) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'agent-running' });
    }
  });

  test('is not removed if another process has replaced it', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    rmSync(socket);
    writeFileSync(socket, 'of another process');
    await server.close();
    expect(readFileSync(socket, 'utf8')).toBe('of another process');
  });
});

describe('the lock file', () => {
  test('of a dead process is taken over', async () => {
    const socket = socketPath();
    mkdirSync(dirname(socket));
    writeFileSync(`${socket}.lock`, '4194303 1\n');
    await listenAt(socket);
    expect(readFileSync(`${socket}.lock`, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  });

  test('of a process whose pid now belongs to another one is taken over', async () => {
    const socket = socketPath();
    mkdirSync(dirname(socket));
    writeFileSync(`${socket}.lock`, `${process.pid} 1\n`);
    await expect(listenAt(socket)).resolves.toBeInstanceOf(ControlServer);
  });

  test.each(['', 'rubbish', '-1 5', '0 0'])('that contains %j does not block', async (text) => {
    const socket = socketPath();
    mkdirSync(dirname(socket));
    writeFileSync(`${socket}.lock`, text);
    await expect(listenAt(socket)).resolves.toBeInstanceOf(ControlServer);
  });

  test('names its process to others that start meanwhile', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    rmSync(socket);
    await expect(listenAt(socket)).rejects.toMatchObject({ pid: process.pid });
    await server.close();
  });
});

describe('FR-O8 a control socket whose file has vanished', () => {
  test('is made again with its mode and its lock, whatever else is missing', async () => {
    const socket = socketPath();
    const server = await listenAt(socket, 0o660);
    await server.setAccess({ mode: 0o600 });
    rmSync(dirname(socket), { recursive: true });
    expect(await server.restore()).toBe(true);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(socket)).sort()).toEqual(['control.sock', 'control.sock.lock']);
    expect(await new ControlClient({ socket }).status()).toMatchObject({ router: 'lb1' });
    await expect(listenAt(socket)).rejects.toMatchObject({ code: 'agent-running' });
    await server.close();
    expect(readdirSync(dirname(socket))).toEqual([]);
  });

  test('is made again as often as it vanishes; while it is there, nothing happens', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    for (let count = 0; count < 3; count++) {
      rmSync(socket);
      expect(await server.restore()).toBe(true);
      expect(await server.restore()).toBe(false);
    }
    expect(await new ControlClient({ socket }).status()).toMatchObject({ router: 'lb1' });
  });

  test('still serves the clients that it has', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    const client = createConnection(socket);
    onTestFinished(() => void client.destroy());
    const answer = async () => {
      client.write('GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n');
      return String(await new Promise((resolve) => client.once('data', resolve)));
    };
    expect(await answer()).toContain('200 OK');
    rmSync(socket);
    expect(await server.restore()).toBe(true);
    expect(await answer()).toContain('200 OK');
  });

  test('stays gone if another process has the lock, and does not replace its file', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    rmSync(socket);
    writeFileSync(`${socket}.lock`, `${identityOf(process.ppid)}\n`);
    await expect(server.restore()).rejects.toMatchObject({ pid: process.ppid });
    writeFileSync(socket, 'of another process');
    expect(await server.restore()).toBe(false);
    expect(readFileSync(socket, 'utf8')).toBe('of another process');
  });

  test('stays gone once the server is closed', async () => {
    const socket = socketPath();
    const server = await listenAt(socket);
    await server.close();
    expect(await server.restore()).toBe(false);
    rmSync(dirname(socket), { recursive: true });
    const second = await listenAt(socket);
    rmSync(socket);
    const restoring = second.restore();
    await second.close();
    await restoring;
    expect(existsSync(socket)).toBe(false);
  });
});

/** As in a lock file: the pid and field 22 of /proc/PID/stat. */
function identityOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}
