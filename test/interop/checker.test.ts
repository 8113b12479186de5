/** Running agents whose checker process is killed, stopped, or out of descriptors. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import type { CheckerDocument } from '../../src/control/protocol.ts';
import { type AgentPeer, agentConfig, agentFile } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn, webInstance } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const TRACK = [{ tcp: '127.0.0.1:8080', name: 'port', interval: '200ms' }];

/** A director that is MASTER while a service of its own accepts connections. */
async function masterWithService(lab: Lab) {
  const host = lab.director(1);
  await lab.run(host, 'ip', ['link', 'set', 'lo', 'up']);
  const server = `require('node:net').createServer((one) => one.destroy()).listen(8080, '127.0.0.1')`;
  const service = await lab.spawn(host, process.execPath, ['-e', server], { label: 'service' });
  const agent = await startOn(lab, 1, { track: TRACK });
  await reaches(agent, 'MASTER');
  return { agent, service };
}

async function checkerOf(agent: AgentPeer): Promise<CheckerDocument | undefined> {
  return (await new ControlClient({ socket: agent.socket }).status()).checker;
}

/** Resolves once another process runs, with its document. */
function nextChecker(agent: AgentPeer, former: number): Promise<CheckerDocument> {
  const next = async () => {
    // The socket moves during a takeover.
    const checker = await checkerOf(agent).catch(() => undefined);
    return checker?.state === 'running' && checker.pid !== former && checker;
  };
  return waitFor('the next checker', next, { milliseconds: 40_000 });
}

async function running(agent: AgentPeer): Promise<number> {
  const checker = await waitFor('a checker', async () => {
    const one = await checkerOf(agent);
    return one?.state === 'running' && one;
  });
  if (checker.pid === null) throw new Error('it has no pid');
  return checker.pid;
}

/** That the director is MASTER still, and was all the time. */
async function expectStillMaster(agent: AgentPeer): Promise<void> {
  const row = await agent.instance();
  expect(row.state).toBe('MASTER');
  const transitions = (await eventsOf(agent)).filter(({ kind }) => kind === 'transition');
  // From INIT to FAULT, until the first result, and by BACKUP to MASTER.
  expect(transitions).toHaveLength(3);
  const changes = (await eventsOf(agent)).filter(({ kind }) => kind === 'track');
  expect(changes).toMatchObject([{ state: 'up' }]);
}

describe.skipIf(lacks())('FR-O11 a MASTER whose checker process', () => {
  test('is killed stays MASTER, and the next one checks on', () =>
    inLab(async (lab) => {
      const { agent, service } = await masterWithService(lab);
      const former = await running(agent);
      process.kill(former, 'SIGKILL');
      expect(await nextChecker(agent, former)).toMatchObject({
        restarts: 1,
        last_end: { reason: 'killed by SIGKILL' },
      });
      await expectStillMaster(agent);
      const kinds = (await eventsOf(agent)).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['checker-lost', 'checker-recovered']));
      service.signal('SIGKILL');
      await reaches(agent, 'FAULT', ['track:port']);
    }, 1));

  test('is stopped stays MASTER; it counts as hung, and is replaced', () =>
    inLab(async (lab) => {
      const { agent, service } = await masterWithService(lab);
      const former = await running(agent);
      process.kill(former, 'SIGSTOP');
      expect(await nextChecker(agent, former)).toMatchObject({ last_end: { reason: 'it hung' } });
      expect(existsSync(`/proc/${former}/fd/0`)).toBe(false);
      await expectStillMaster(agent);
      service.signal('SIGKILL');
      await reaches(agent, 'FAULT', ['track:port']);
    }, 1));

  test('stood still for a moment stays MASTER', () =>
    inLab(async (lab) => {
      const { agent } = await masterWithService(lab);
      const pid = await running(agent);
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      process.kill(pid, 'SIGCONT');
      const { runs } = (await agent.instance()).tracks[0] ?? { runs: 0 };
      await waitFor(
        'more runs',
        async () => ((await agent.instance()).tracks[0]?.runs ?? 0) > runs,
      );
      await expectStillMaster(agent);
      expect(await running(agent)).toBe(pid);
    }, 1));

  test('has no descriptors left stays MASTER, and says that it could not look', () =>
    inLab(async (lab) => {
      const { agent } = await masterWithService(lab);
      const pid = await running(agent);
      execFileSync('prlimit', ['--pid', String(pid), '--nofile=4:4096']);
      const detail = 'this host could not look: EMFILE';
      const result = async () => (await agent.instance()).tracks[0]?.result;
      await waitFor('no result', async () => (await result()) === detail);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await expectStillMaster(agent);
      execFileSync('prlimit', ['--pid', String(pid), '--nofile=1024:4096']);
      await waitFor('a result', async () => (await result()) === 'connected to 127.0.0.1:8080');
      expect(await running(agent)).toBe(pid);
    }, 1));
});

describe.skipIf(lacks())('the checker process', () => {
  test('runs only while something needs it, without the capabilities of the agent', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      expect(await checkerOf(agent)).toBeUndefined();
      const client = new ControlClient({ socket: agent.socket });
      const reloadWith = async (track: readonly object[]) => {
        const options = { instances: [webInstance({ track })] };
        await writeFile(agentFile(lab, agent.host), agentConfig(lab, agent.host, options));
        await client.reload({ dryRun: false });
      };
      await reloadWith([{ file: lab.path('flag'), up_when: 'absent' }]);
      const plain = await running(agent);
      expect(readFileSync(`/proc/${plain}/status`, 'utf8')).toMatch(/^CapEff:\t0000000000000000$/m);
      await reloadWith([{ gateway: '192.0.2.60', weight: -10 }]);
      const next = await nextChecker(agent, plain);
      expect(next.restarts).toBe(0);
      expect(readFileSync(`/proc/${next.pid}/status`, 'utf8')).toMatch(
        /^CapEff:\t0000000000002000$/m,
      );
      await reloadWith([]);
      await waitFor('its end', () => !existsSync(`/proc/${next.pid}/fd/0`));
      expect(await checkerOf(agent)).toBeUndefined();
    }, 1));

  test('of the next process continues where that of the former one was', () =>
    inLab(async (lab) => {
      const { agent, service } = await masterWithService(lab);
      const former = await running(agent);
      const args = ['run', '--takeover', '--config', agentFile(lab, agent.host)];
      const program = builtProgram('src/cli/main.js');
      await lab.spawn(agent.host, program, args, { label: 'next-agent', log: true });
      await nextChecker(agent, former);
      await waitFor('the end of the former', () => !existsSync(`/proc/${former}/fd/0`));
      await waitFor('a result', async () => ((await agent.instance()).tracks[0]?.runs ?? 0) > 0);
      expect((await agent.instance()).state).toBe('MASTER');
      service.signal('SIGKILL');
      await reaches(agent, 'FAULT', ['track:port']);
    }, 1));
});
