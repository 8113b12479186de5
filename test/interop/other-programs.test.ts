/** Another program that speaks VRRP beside the agent, and operators who are not root. */
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { agentConfig, agentFile } from '../../src/lab/peers/vrrp-agent.ts';
import { waitFor } from '../../src/lab/wait.ts';
import {
  commandLine,
  eventsOf,
  outcomeOf,
  reaches,
  startOn,
  VIP,
  webInstance,
} from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const SLOW = { advertisement_interval: '1s', priority: 100 };

describe.skipIf(lacks('keepalived')).concurrent('an agent beside keepalived on one host', () => {
  test('FR-E says who uses the VRID of which instance, until it has ended', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const keepalived = await startKeepalived(lab, host, { addresses: [VIP], state: 'MASTER' });
      await keepalived.ready();
      const file = lab.path('check.yaml');
      writeFileSync(file, agentConfig(lab, host, { instances: [webInstance(SLOW)] }));
      const checked = await outcomeOf(host, commandLine('check', file));
      expect(checked.stderr).toMatch(
        /keepalived \(pid \d+\) also speaks VRRP .*"systemctl disable --now keepalived"/,
      );

      const agent = await startOn(lab, 1, SLOW);
      const client = new ControlClient({ socket: agent.socket });
      const others = async () => (await client.status()).other_programs ?? [];
      const found = await waitFor('the VRID to be heard', async () =>
        (await others()).find(({ instances }) => instances.length > 0),
      );
      expect(found).toMatchObject({ program: 'keepalived', instances: ['web'] });
      const said = (await eventsOf(agent)).filter(({ kind }) => kind === 'other-vrrp-program');
      expect(said.map((one) => 'instances' in one && one.instances)).toEqual([[], ['web']]);
      const shown = await outcomeOf(host, commandLine('status', '--socket', agent.socket));
      expect(shown.stdout).toContain('! keepalived (pid');
      expect(shown.stdout).toContain('both become MASTER');
      await keepalived.stop();
      await waitFor('keepalived to be gone', async () => (await others()).length === 0);
    }, 1));

  test('FR-E tells another VRID from its own', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const options = {
        addresses: ['203.0.113.200' as typeof VIP],
        vrid: 77,
        state: 'MASTER' as const,
      };
      await (await startKeepalived(lab, host, options)).ready();
      const agent = await startOn(lab, 1, SLOW);
      await reaches(agent, 'MASTER');
      const { other_programs: others = [] } = await new ControlClient({
        socket: agent.socket,
      }).status();
      expect(others).toMatchObject([{ program: 'keepalived', instances: [] }]);
    }, 1));

  test('says nothing about itself, nor about keepalived on another host', () =>
    inLab(async (lab) => {
      await (await startKeepalived(lab, lab.director(2), { addresses: [VIP] })).ready();
      const agent = await startOn(lab, 1, { priority: 200 });
      await reaches(agent, 'MASTER');
      expect(await new ControlClient({ socket: agent.socket }).status()).not.toHaveProperty(
        'other_programs',
      );
      const checked = await outcomeOf(agent.host, commandLine('check', agentFile(lab, agent.host)));
      expect(checked.stderr).not.toContain('speaks VRRP');
    }));
});

describe.skipIf(lacks('setpriv')).concurrent('control.group', () => {
  test('lets operators of the group use the socket, and no other user', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1, {}, { router: 'lb1' });
      await reaches(agent, 'MASTER');
      chmodSync(lab.directory, 0o755);
      const as = (groups: string, ...args: string[]) =>
        outcomeOf(agent.host, [
          ...['setpriv', '--reuid=65534', '--regid=65534', `--groups=${groups}`],
          ...commandLine(...args, '--socket', agent.socket),
        ]);
      const refused = await as('daemon', 'status');
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain('control.group');

      const reload = async (group: string) => {
        const more = { control: { socket: agent.socket, group } };
        writeFileSync(
          agentFile(lab, agent.host),
          agentConfig(lab, agent.host, { instances: [webInstance()], more }),
        );
        return outcomeOf(agent.host, commandLine('reload', '--socket', agent.socket));
      };
      const missing = await reload('no-such-group');
      expect(missing.status).toBe(1);
      expect(missing.stderr).toContain('groupadd --system no-such-group');
      expect((await reload('daemon')).status).toBe(0);

      expect((await as('daemon', 'status')).stdout).toContain('MASTER');
      expect((await as('daemon', 'events', '-n', '1')).stdout).not.toBe('');
      const stranger = await as('games', 'status');
      expect(stranger.status).toBe(1);
      expect(stranger.stderr).toContain('a member of the group daemon');
    }, 1));

  test('that does not exist keeps the agent from starting, with what to do', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const file = lab.path('group.yaml');
      const more = { control: { socket: lab.path('x.sock'), group: 'no-such-group' } };
      writeFileSync(file, agentConfig(lab, host, { instances: [webInstance()], more }));
      const { status, stdout } = await outcomeOf(host, commandLine('run', '-c', file));
      expect(status).toBe(1);
      expect(stdout).toContain('"control-group-missing"');
      expect(stdout).toContain('groupadd --system no-such-group');
    }, 1));
});
