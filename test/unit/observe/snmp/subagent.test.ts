import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Subagent } from '../../../../src/observe/snmp/subagent.ts';
import { encodeResponse } from '../../../../src/wire/agentx/pdu.ts';

/** Answers the first requests of a session, and then never again. */
async function masterThatAnswers(most: number) {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  const path = join(directory, 'master');
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => {
      asked += 1;
      if (asked <= most)
        socket.write(encodeResponse({ session: 7, transaction: 0, packet: 1 }, []));
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { path, asked: () => asked };
}

function subagentAt(master: string) {
  const states: (string | undefined)[] = [];
  const subagent = new Subagent({
    ...{ master, subtree: [1, 3, 6], description: 'test', objects: () => [] },
    onState: (problem) => states.push(problem),
  });
  onTestFinished(() => subagent.close());
  return { subagent, states };
}

const SILENT = 'the agent has not answered for 5 s';
const ANSWER_MS = 5_000;
const PING_MS = 15_000;

/** Sockets are real, so that only they say when something has happened. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('an SNMP agent that accepts and never answers is reported', async () => {
  const { path, asked } = await masterThatAnswers(0);
  const { subagent, states } = subagentAt(path);
  await until(() => asked() === 1);
  vi.advanceTimersByTime(ANSWER_MS);
  await until(() => states.length > 0);
  expect(states).toEqual([SILENT]);
  expect(subagent.notify([])).toBe(false);
});

test('an SNMP agent that no longer answers is reported', async () => {
  // To the opening and the registration.
  const { path } = await masterThatAnswers(2);
  const { states } = subagentAt(path);
  await until(() => states.length > 0);
  vi.advanceTimersByTime(PING_MS + ANSWER_MS);
  await until(() => states.length > 1);
  expect(states).toEqual([undefined, SILENT]);
});

test('an SNMP agent that answers keeps its session', async () => {
  const { path, asked } = await masterThatAnswers(4);
  const { subagent, states } = subagentAt(path);
  await until(() => states.length > 0);
  vi.advanceTimersByTime(PING_MS);
  await until(() => asked() === 3);
  expect(subagent.notify([])).toBe(true);
  await until(() => asked() === 4);
  expect(states).toEqual([undefined]);
});
