/** What is left to the checker process and to the commands that it runs, and when it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Privileges } from '../../src/kernel/process/privileges.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { kernelSuite } from './support.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const PARENT = fileURLToPath(new URL('checker-parent.mjs', import.meta.url));

const NONE: Privileges = {
  user: undefined,
  capabilities: [],
  keepsForPrograms: false,
  noNewPrivileges: true,
};

type Message = { readonly kind: string; readonly pid: number; readonly detail?: string };

interface Running {
  readonly parent: ChildProcess;
  message(kind: string): Promise<Message>;
}

function checker(
  privileges: Partial<Privileges>,
  command?: { argv: readonly string[]; user?: string },
  wrapper: readonly string[] = [],
): Running {
  const args = [PARENT, DIST, JSON.stringify({ ...NONE, ...privileges })];
  if (command !== undefined) args.push(JSON.stringify(command));
  const [program = '', ...rest] = [...wrapper, process.execPath, ...args];
  const parent = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const said: Message[] = [];
  createInterface({ input: parent.stdout }).on('line', (line) => said.push(JSON.parse(line)));
  const message = (kind: string) => waitFor(kind, () => said.find((one) => one.kind === kind));
  return { parent, message };
}

function statusOf(path: string): Record<string, string> {
  const lines = readFileSync(`${path}/status`, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]));
}

/** A command that prints where its process stands. */
function script(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'checker-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const path = join(folder, 'check');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The lines of a program that stands in for the agent, with these descriptors at most. */
async function agentLines(program: string, descriptors = 1_024): Promise<string[]> {
  const module = join(DIST, 'src/checker/supervisor/checker-child.js');
  const begin = `
    const { startCheckerChild } = await import(${JSON.stringify(module)});
    const script = new URL(${JSON.stringify(`file://${DIST}/src/checker/process/checker-process.js`)});
    const start = (events) => startCheckerChild(script)(${JSON.stringify(NONE)}, events);
    console.log('begins');
  `;
  const limited = `ulimit -n ${descriptors} && exec "$0" --input-type=module -e "$1"`;
  const agent = spawn('sh', ['-c', limited, process.execPath, begin + program], {
    // A signal to a wrong process group must not reach the tests.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void agent.kill('SIGKILL'));
  const lines: string[] = [];
  for await (const line of createInterface({ input: agent.stdout })) lines.push(line);
  return lines.slice(1);
}

const CAPABILITIES = `echo $(grep CapEff /proc/self/status | tr -d '\\t') $(id -u)`;

kernelSuite('the checker process', () => {
  test('has no capability in any thread, and cannot gain one', async () => {
    const { pid } = await checker({}).message('ready');
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const { CapEff, CapPrm, CapBnd, NoNewPrivs } = statusOf(`/proc/${pid}/task/${thread}`);
      expect([CapEff, CapPrm, CapBnd].map(Number)).toEqual([0, 0, 0]);
      expect(NoNewPrivs).toBe('1');
    }
  });

  test('keeps what its checks need, also as another user', async () => {
    const user = { uid: 65_534, gid: 65_534 };
    const { pid } = await checker({ user, capabilities: ['NET_RAW'] }).message('ready');
    const { CapEff, CapPrm, Uid, Groups } = statusOf(`/proc/${pid}`);
    expect([CapEff, CapPrm]).toEqual(['0000000000002000', '0000000000002000']);
    expect([Uid, Groups?.trim()]).toEqual(['65534\t65534\t65534\t65534', '65534']);
  });

  test('does not know the socket of the service manager', async () => {
    const wrapper = ['env', 'NOTIFY_SOCKET=/run/notify', 'WATCHDOG_USEC=1', 'LC_TIME=C'];
    const { pid } = await checker({}, undefined, wrapper).message('ready');
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(environment).toContain('LC_TIME=C');
    expect(environment.filter((one) => /^(NOTIFY|WATCHDOG)/.test(one))).toEqual([]);
  });

  test('runs a command without a user with the privileges of the agent', async () => {
    const command = { argv: [script(CAPABILITIES)] };
    const running = checker(
      { capabilities: ['KILL'], keepsForPrograms: true, noNewPrivileges: false },
      command,
    );
    const { detail } = await running.message('changed');
    const own = statusOf('/proc/self')['CapEff'];
    expect(detail).toBe(`exit status 0: CapEff:${own} 0`);
    const { pid } = await running.message('ready');
    expect(statusOf(`/proc/${pid}`)['CapEff']).toBe('0000000000000020');
  });

  test('runs a command of another user without any privilege', async () => {
    const command = { argv: [script(CAPABILITIES)], user: 'nobody' };
    const capabilities = ['KILL', 'SETUID', 'SETGID'] as const;
    const running = checker({ capabilities, noNewPrivileges: false }, command);
    const { detail } = await running.message('changed');
    expect(detail).toBe('exit status 0: CapEff:0000000000000000 65534');
  });

  describe('of an agent that is not root', () => {
    const names = '+kill,+setuid,+setgid,+net_admin';
    const agent = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'].concat(
      ...['--inh-caps', '--ambient-caps'].map((set) => [set, names]),
    );
    const capabilities = ['KILL', 'SETUID', 'SETGID'] as const;
    const privileges = { capabilities, keepsForPrograms: true, noNewPrivileges: false };

    test('leaves its commands the capabilities of the agent, and has fewer itself', async () => {
      const running = checker(privileges, { argv: [script(CAPABILITIES)] }, agent);
      const { detail, pid } = await running.message('changed');
      expect(detail).toBe('exit status 0: CapEff:00000000000010e0 65534');
      expect(statusOf(`/proc/${pid}`)['CapEff']).toBe('00000000000000e0');
    });

    test('leaves those of another user none, and the next ones all', async () => {
      const command = { argv: [script(CAPABILITIES)], user: 'daemon' };
      const running = checker(privileges, command, agent);
      const { detail, pid } = await running.message('changed');
      expect(detail).toBe('exit status 0: CapEff:0000000000000000 1');
      expect(statusOf(`/proc/${pid}`)['CapAmb']).toBe('00000000000010e0');
    });
  });

  test('ends with the agent, however that ends', async () => {
    const killed = checker({});
    const { pid } = await killed.message('alive');
    killed.parent.kill('SIGKILL');
    await waitFor('the end', () => !existsSync(`/proc/${pid}`));
    const stopped = checker({});
    await stopped.message('ready');
    stopped.parent.stdin?.end();
    expect(await stopped.message('gone')).toMatchObject({ why: 'ended with status 0' });
  });

  test('that hangs is killed with the commands that it runs', async () => {
    const path = script('exec sleep 600');
    const running = checker({ keepsForPrograms: true }, { argv: [path] });
    const { pid } = await running.message('ready');
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const command = await waitFor('the command', () => children() || false);
    running.parent.kill('SIGUSR2');
    await running.message('gone');
    await waitFor('its end', () => !existsSync(`/proc/${command}`));
  });

  test('that is killed by another one does not leave its commands behind', async () => {
    const path = script('sleep 600 & exec sleep 600');
    const running = checker({ keepsForPrograms: true }, { argv: [path] });
    const { pid } = await running.message('ready');
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const command = await waitFor('the command', () => children() || false);
    const inGroup = () =>
      spawnSync('pgrep', ['-g', command]).stdout.toString().trim().split('\n').filter(Boolean);
    await waitFor('both processes', () => inGroup().length === 2);
    // The agent looks every 0.1 s here.
    await setTimeout(300);
    process.kill(pid, 'SIGKILL');
    expect(await running.message('gone')).toMatchObject({ why: 'killed by SIGKILL' });
    await waitFor('their end', () => inGroup().length === 0);
  });

  test('FR-O13 and its commands have ordinary scheduling and an ordinary OOM score', async () => {
    const path = script(
      'echo $(cat /proc/self/oom_score_adj) $(cut -d" " -f41 /proc/self/stat) $(nice)',
    );
    const realtime = ['chrt', '--rr', '1', 'nice', '-n', '-5'];
    const running = checker({ keepsForPrograms: true }, { argv: [path] }, realtime);
    expect((await running.message('changed')).detail).toBe('exit status 0: 0 0 0');
    const { pid } = await running.message('ready');
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('0');
  });

  test('FR-O11 that cannot be started for lack of descriptors is reported, and the agent continues', async () => {
    const program = `
      const { openSync } = await import('node:fs');
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      const child = start({ message: () => {}, gone: (why) => console.log(why) });
      child.send({ kind: 'unwatch', id: 1 });
      child.end();
      child.kill();
    `;
    expect(await agentLines(program, 64)).toEqual([expect.stringContaining('EMFILE')]);
  });

  test('is not ended for a fault of the agent in the handling of its messages', async () => {
    const program = `
      process.once('uncaughtException', ({ message }) => {
        console.log(message);
        child.end();
      });
      let count = 0;
      const message = () => { if (++count === 1) throw new Error('a fault of the agent'); };
      const child = start({ message, gone: (why) => console.log(why) });
    `;
    expect(await agentLines(program)).toEqual(['a fault of the agent', 'ended with status 0']);
  });
});
