/** One agent for each network namespace: what is logged, and who counts as an agent. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SoleAgent, serviceIn } from '../../../src/daemon/sole-agent.ts';
import {
  isSetUserId,
  missingIn,
  usersDiffer,
} from '../../../src/kernel/capability/capabilities.ts';
import type {
  NameAttempt,
  NamespaceName,
} from '../../../src/kernel/namespace-name/namespace-name.ts';

interface Line {
  readonly level: number;
  readonly code: string;
  readonly msg: string;
}

function soleAgent(...attempts: (NameAttempt | Error)[]) {
  const lines: Line[] = [];
  const logger = pino({}, { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
  let asked = 0;
  const acquire = () => {
    const attempt = attempts[Math.min(asked++, attempts.length - 1)];
    if (attempt === undefined || attempt instanceof Error) throw attempt;
    return attempt;
  };
  return { agent: new SoleAgent(logger, acquire), lines, asked: () => asked };
}

function free(): NameAttempt & { readonly releases: string[] } {
  const releases: string[] = [];
  const name = { release: () => releases.push('released') } as unknown as NamespaceName;
  return { held: true, name, releases };
}

describe('FR-E an agent that finds another one in its network namespace', () => {
  test('does not start, and names the pid', async () => {
    const { agent, lines } = soleAgent({ held: false, by: { pid: 4711, uid: 0 } });
    expect(await agent.claim()).toBe(false);
    expect(lines).toMatchObject([{ level: 60, code: 'agent-running' }]);
    expect(lines[0]?.msg).toContain('pid 4711');
  });

  test('says so when a container hides the pid, or nothing names it', async () => {
    const hidden = soleAgent({ held: false, by: { pid: 0, uid: 0 } });
    expect(await hidden.agent.claim()).toBe(false);
    expect(hidden.lines[0]?.msg).toContain('in another container');
    const unknown = soleAgent({ held: false, by: 'unknown' });
    expect(await unknown.agent.claim()).toBe(false);
    expect(unknown.lines[0]?.msg).toContain('pid unknown');
  });

  test('starts although another user holds the name, and warns', async () => {
    const sleeper = spawn('sleep', ['60'], { uid: 65_534, gid: 65_534 });
    onTestFinished(() => void sleeper.kill('SIGKILL'));
    const by = { pid: sleeper.pid ?? 0, uid: 65_534 };
    const { agent, lines } = soleAgent({ held: false, by });
    expect(await agent.claim()).toBe(true);
    expect(lines).toMatchObject([{ level: 40, code: 'agent-name-taken' }]);
    expect(lines[0]?.msg).toContain(`${by.pid}`);
  });

  test('FR-E: starts although a set-user-ID program of another user holds the name, and warns', async () => {
    const sleeper = spawn('env', ['setpriv', '--ruid=65534', '--euid=0', 'sleep', '60']);
    onTestFinished(() => void sleeper.kill('SIGKILL'));
    const pid = sleeper.pid ?? 0;
    await vi.waitFor(() => expect(isSetUserId(pid)).toBe(true));
    const { agent, lines } = soleAgent({ held: false, by: { pid, uid: 0 } });
    expect(await agent.claim()).toBe(true);
    expect(lines).toMatchObject([{ level: 40, code: 'agent-name-taken' }]);
  });

  test('FR-E: tells the real user of a process from the effective one', () => {
    expect(usersDiffer('Name:\tx\nUid:\t1000\t0\t0\t0\n')).toBe(true);
    expect(usersDiffer('Name:\tx\nUid:\t0\t0\t0\t0\n')).toBe(false);
    expect(isSetUserId(process.pid)).toBe(false);
    expect(isSetUserId(0)).toBe(false);
  });

  test('starts although a process holds the name and accepts no client, and warns', async () => {
    const { agent, lines, asked } = soleAgent({ held: false, by: 'deaf' });
    expect(await agent.claim()).toBe(true);
    expect(asked()).toBeGreaterThan(2);
    expect(lines).toMatchObject([{ level: 40, code: 'agent-name-taken' }]);
  });

  test('does not start when the holder turns out to be an agent that was just starting', async () => {
    const { agent, lines } = soleAgent(
      { held: false, by: 'deaf' },
      { held: false, by: { pid: 4711, uid: 0 } },
    );
    expect(await agent.claim()).toBe(false);
    expect(lines).toMatchObject([{ level: 60, code: 'agent-running' }]);
  });

  test('is not stopped by a user with all capabilities in a user namespace of its own', async () => {
    const sleeper = spawn('unshare', ['-Ur', 'sleep', '60'], { uid: 65_534, gid: 65_534 });
    onTestFinished(() => void sleeper.kill('SIGKILL'));
    const pid = sleeper.pid ?? 0;
    await vi.waitFor(() => {
      expect(readFileSync(`/proc/${pid}/comm`, 'ascii')).toBe('sleep\n');
    });
    expect(missingIn(readFileSync(`/proc/${pid}/status`, 'utf8'))).toEqual([]);
    const { agent, lines } = soleAgent({ held: false, by: { pid, uid: 65_534 } });
    expect(await agent.claim()).toBe(true);
    expect(lines).toMatchObject([{ code: 'agent-name-taken' }]);
  });

  test('counts a process that may change the network as an agent, whatever its user', async () => {
    // The test runs as root: this process has CAP_NET_ADMIN.
    const { agent } = soleAgent({ held: false, by: { pid: process.pid, uid: 65_534 } });
    expect(await agent.claim()).toBe(false);
  });

  test('starts where the kernel has no such names, and warns', async () => {
    const { agent, lines } = soleAgent(new Error('EAFNOSUPPORT'));
    expect(await agent.claim()).toBe(true);
    expect(lines).toMatchObject([{ level: 40, code: 'agent-name-failed' }]);
  });
});

/** Two agents on one host, by the names that are held there. */
function twoAgents() {
  const holders = new Map<string, string>();
  const lines: Line[] = [];
  const logger = pino({}, { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
  const agentOf = (who: string) =>
    new SoleAgent(logger, (name): NameAttempt => {
      if (holders.has(name)) return { held: false, by: { pid: process.pid, uid: 0 } };
      holders.set(name, who);
      return {
        held: true,
        name: { release: () => holders.delete(name) } as unknown as NamespaceName,
      };
    });
  return { holders, lines, agentOf };
}

describe('FR-E an agent that starts while another one is replaced', () => {
  test('does not get the name that the predecessor has freed', async () => {
    const { holders, lines, agentOf } = twoAgents();
    const [predecessor, successor, third] = ['first', 'next', 'third'].map(agentOf);
    expect(await predecessor?.claim()).toBe(true);
    await successor?.announce();
    predecessor?.release();
    expect(await third?.claim()).toBe(false);
    expect(lines).toMatchObject([{ level: 60, code: 'agent-running' }]);
    await successor?.inherit();
    expect([...holders]).toEqual([['vrrp-agent', 'next']]);
    expect(await agentOf('fourth').claim()).toBe(false);
  });

  test('gets the name when the replacement has failed', async () => {
    const { holders, agentOf } = twoAgents();
    const successor = agentOf('next');
    await successor.announce();
    successor.release();
    expect(await agentOf('third').claim()).toBe(true);
    expect([...holders]).toEqual([['vrrp-agent', 'third']]);
  });

  test('is not kept out by a stranger who holds the name of successors', async () => {
    const stranger: NameAttempt = { held: false, by: 'deaf' };
    const { agent, lines } = soleAgent(free(), stranger);
    expect(await agent.claim()).toBe(true);
    expect(lines).toEqual([]);
  });
});

describe('FR-E a successor', () => {
  test('gets the name as soon as its predecessor has freed it', async () => {
    const taken = { held: false, by: { pid: 1, uid: 0 } } as const;
    const name = free();
    const { agent, lines, asked } = soleAgent(taken, taken, name);
    await agent.inherit();
    expect(asked()).toBe(3);
    expect(lines).toEqual([]);
    agent.release();
    agent.release();
    expect(name.releases).toEqual(['released']);
  });

  test('continues without the name when another agent keeps it, with an error', async () => {
    const { agent, lines } = soleAgent({ held: false, by: { pid: 4711, uid: 0 } });
    await agent.inherit();
    expect(lines).toMatchObject([{ level: 50, code: 'agent-running' }]);
  });

  test('no longer asks for the name once it ends', async () => {
    const { agent, lines, asked } = soleAgent({ held: false, by: { pid: 4711, uid: 0 } });
    const inheriting = agent.inherit();
    agent.release();
    await inheriting;
    expect([asked(), lines]).toEqual([1, []]);
  });
});

test.each([
  ['0::/system.slice/vrrp-agent.service\n', 'vrrp-agent.service'],
  ['1:name=systemd:/system.slice/lb.service\n0::/system.slice/lb.service\n', 'lb.service'],
  ['0::/user.slice/user-0.slice/session-3.scope\n', undefined],
  ['0::/\n', undefined],
])('the service of a process with the control groups %j is %s', (groups, expected) => {
  expect(serviceIn(groups)).toBe(expected);
});
