/** The new process, when the running agent dies or refuses during a takeover. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LoadedConfig } from '../../../../src/config/load.ts';
import {
  meetPredecessor,
  Successor,
  TakeoverRefused,
} from '../../../../src/daemon/takeover/successor.ts';
import { TAKEOVER_FORMAT } from '../../../../src/daemon/takeover/takeover-protocol.ts';
import type { Settings } from '../../../../src/protocol/engine/settings.ts';
import { hmac } from '../../../conformance/hmac-rig.ts';
import { instanceOf } from '../../../conformance/rig.ts';

const SETTINGS = { router: 'lb1', linger: 'auto', instances: [], syncGroups: [] } as const;
const CAPTURE = { routers: [], probes: [], counters: [] };

type Step = (response: ServerResponse, old: ChildProcess, request: unknown) => void;

/** A running agent, and what it does at each step. */
async function predecessor(begin: Step, commit: Step): Promise<Successor> {
  const met = await Successor.meet((await runPredecessor(begin, commit)).socket, SETTINGS);
  if (met === undefined) throw new Error('an agent is running');
  return met;
}

async function runPredecessor(begin: Step, commit: Step, settings: Settings = SETTINGS) {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  const socket = join(directory, 'control.sock');
  const old = spawn('/bin/sleep', ['600']);
  const prepare: Step = (response) =>
    answer(response, {
      ...{ format: TAKEOVER_FORMAT, pid: old.pid, version: '1', generation: 1 },
      settings,
    });
  const steps: Readonly<Record<string, Step>> = { prepare, begin, commit };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const asked = JSON.parse(body) as { step: string };
    steps[asked.step]?.(response, old, asked);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    old.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { socket, pid: old.pid };
}

function answer(response: ServerResponse, document: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document));
}

const freezes: Step = (response) => answer(response, { token: 'token', capture: CAPTURE });

const dies: Step = (response, old) => {
  old.kill('SIGKILL');
  response.destroy();
};

function refuses(code: string): Step {
  return (response) => answer(response, { error: { code, message: `it is ${code}` } }, 409);
}

describe('a process that takes over', () => {
  test('has the state once the other one has committed', async () => {
    const successor = await predecessor(freezes, (response) => answer(response, {}));
    expect(await successor.take()).toEqual({ capture: CAPTURE });
  });

  test('continues if the other one dies before it answers the commit', async () => {
    const successor = await predecessor(freezes, dies);
    expect(await successor.take()).toEqual({ capture: CAPTURE });
  });

  test('gives up if the other one dies before it sends its state', async () => {
    const successor = await predecessor(dies, dies);
    await expect(successor.take()).rejects.toThrow(TakeoverRefused);
  });

  test('gives up if the other one refuses to commit', async () => {
    const successor = await predecessor(freezes, refuses('takeover-over'));
    await expect(successor.take()).rejects.toThrow('it is takeover-over');
  });

  test('gives up if the configuration has changed in the meantime', async () => {
    const successor = await predecessor(refuses('changed'), dies);
    await expect(successor.take()).rejects.toThrow('it is changed');
  });
});

describe('a process whose file lacks routers of the running agent', () => {
  const old = instanceOf({ name: 'old', vrid: 9, authentication: hmac() });
  const kept = instanceOf({ name: 'web', vrid: 55, authentication: hmac() });

  test('has priority 0 of them signed by that agent, and signs as before until they are gone', async () => {
    const commits: unknown[] = [];
    const { socket } = await runPredecessor(
      freezes,
      (response, _, request) => {
        commits.push(request);
        answer(response, {});
      },
      { ...SETTINGS, instances: [old, kept] },
    );
    const own = { ...SETTINGS, instances: [{ ...kept, authentication: hmac({ activeKey: 2 }) }] };
    const successor = await Successor.meet(socket, own);
    await successor?.take();
    expect(commits).toEqual([{ step: 'commit', token: 'token', resign: ['eth0 ipv4 9'] }]);
    expect(successor?.settings.instances.map(({ authentication }) => authentication)).toEqual([
      old.authentication,
      hmac({ activeKey: 2 }),
    ]);
  });
});

describe('FR-O8 a process that SIGUSR2 has started', () => {
  const logger = pino({ level: 'silent' });
  const configAt = (socket: string) =>
    ({ settings: SETTINGS, agent: { control: { socket } } }) as unknown as LoadedConfig;

  test('never starts ordinarily, although no agent answers', async () => {
    const nowhere = configAt(join(tmpdir(), `no-agent-${process.pid}.sock`));
    expect(await meetPredecessor(nowhere, 4711, logger)).toBe('refused');
    expect(await meetPredecessor(nowhere, undefined, logger)).toBeUndefined();
  });

  test('takes over from its parent only', async () => {
    const { socket, pid } = await runPredecessor(freezes, dies);
    expect(await meetPredecessor(configAt(socket), (pid ?? 0) + 1, logger)).toBe('refused');
    expect(await meetPredecessor(configAt(socket), pid, logger)).toBeInstanceOf(Successor);
  });
});
