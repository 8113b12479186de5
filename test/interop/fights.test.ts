/** What must not fight: two agents on one host, and an agent with what the host has by itself. */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { agentConfig, agentFile, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import {
  commandLine,
  eventsOf,
  has,
  outcomeOf,
  reaches,
  startOn,
  VIP,
  webInstance,
} from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

/** A second configuration of lb1, with files of its own, as in another container. */
function elsewhere(lab: Lab, more: object = {}): string {
  const host = lab.director(1);
  const config = lab.path('elsewhere.yaml');
  mkdirSync(lab.path('elsewhere'), { recursive: true });
  const top = {
    control: { socket: lab.path('elsewhere/control.sock') },
    state_dir: lab.path('elsewhere'),
  };
  writeFileSync(config, agentConfig(lab, host, { instances: [webInstance(more)], more: top }));
  return config;
}

async function pidOf(lab: Lab, socket: string): Promise<number> {
  const url = 'http://localhost/v1/status';
  const text = await lab.run(lab.director(1), 'curl', ['-s', '--unix-socket', socket, url]);
  return (JSON.parse(text) as { pid: number }).pid;
}

describe.skipIf(lacks('curl', 'setpriv')).concurrent('an agent', () => {
  test('FR-E beside another one in its network namespace ends, names its pid and changes nothing', () =>
    inLab(async (lab) => {
      const first = await startOn(lab, 1);
      await reaches(first, 'MASTER');
      const pid = await pidOf(lab, first.socket);
      for (const more of [[], ['--takeover']]) {
        const run = commandLine('run', ...more, '--config', elsewhere(lab));
        const { status, stdout } = await outcomeOf(first.host, run);
        expect(status).toBe(1);
        expect(stdout).toContain('"agent-running"');
        expect(stdout).toContain(`pid ${pid}`);
      }
      const { state, counters } = await first.instance();
      expect([state, counters['addresses-restored']]).toEqual(['MASTER', 0]);
      // A successor gets the name, and keeps the next one out.
      const next = commandLine('run', '--takeover', '--config', agentFile(lab, first.host));
      const [program = '', ...args] = next;
      await lab.spawn(first.host, program, args, { label: 'next', log: true });
      const successor = await waitFor('the successor', async () => {
        const now = await pidOf(lab, first.socket).catch(() => pid);
        return now !== pid && now;
      });
      await waitFor('the successor to keep others out', async () => {
        const run = commandLine('run', '--config', elsewhere(lab));
        return (await outcomeOf(first.host, run)).stdout.includes(`pid ${successor}`);
      });
    }, 1));

  test('FR-H never removes an address that the host has by itself, and says whose it is', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const own = { addresses: [`${host.address}/24`], priority: 100 };
      const config = elsewhere(lab, own);
      const checked = await outcomeOf(host, commandLine('check', '--config', config));
      expect(checked.status).toBe(0);
      expect(checked.stderr).toContain(`${host.address} of web is already on`);
      const agent = await startOn(lab, 1, own);
      await waitFor('the event', async () =>
        (await eventsOf(agent)).some(
          ({ kind, message }) => kind === 'address-foreign' && message.includes('priority 255'),
        ),
      );
      expect((await eventsOf(agent)).map(({ kind }) => kind)).not.toContain('address-cleaned');
      await agent.stop();
      expect(await has(lab, host, host.address)).toBe(true);
    }, 1));

  test('FR-O7 is not taken over by an operator of its control socket', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      chmodSync(lab.directory, 0o755);
      const ask = (body: object) => [
        ...['setpriv', '--reuid=65534', '--regid=0', '--clear-groups', 'curl', '-s', '-X', 'POST'],
        ...['--unix-socket', agent.socket, '-d', JSON.stringify(body)],
        'http://localhost/v1/takeover',
      ];
      for (const body of [{ step: 'prepare' }, { step: 'begin', generation: 0 }]) {
        const { stdout } = await outcomeOf(agent.host, ask(body));
        expect(stdout).toContain('takeover-not-entitled');
      }
      expect(await agent.state()).toBe('MASTER');
      expect(await has(lab, agent.host, VIP)).toBe(true);
    }, 1));

  test('FR-O8 whose control socket was removed is there again, and can be replaced by SIGUSR2', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      const pid = await pidOf(lab, agent.socket);
      rmSync(agent.socket);
      process.kill(pid, 'SIGUSR2');
      const successor = await waitFor('the successor', async () => {
        const now = await pidOf(lab, agent.socket).catch(() => pid);
        return now !== pid && now;
      });
      await waitFor('the end of the first process', () => !existsSync(`/proc/${pid}/fd`));
      expect(await agent.state()).toBe('MASTER');
      await holdsAlone(lab, agent.host, VIP);
      rmSync(agentSocket(lab, agent.host));
      await waitFor('the socket', () => existsSync(agent.socket));
      expect(await pidOf(lab, agent.socket)).toBe(successor);
      process.kill(successor, 'SIGTERM');
      await waitFor('its end', async () => !(await has(lab, agent.host, VIP)));
    }, 1));
});
