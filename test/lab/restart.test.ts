/** An agent in service: a new process takes over, it is killed, it is reloaded. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { agentConfig, agentSocket, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn, VIP, webInstance } from '../interop/harness/agent-story.ts';
import { holdsAlone } from '../interop/harness/master.ts';
import { inLab } from '../interop/harness/own-lab.ts';

const RESTARTS = 3;
/** Of one every 2 ms: 50 ms. */
const LOST_MAX = 25;
/** A takeover by the peer takes longer than this. */
const SAME_MS = 50;

test.each([
  ['', {}],
  [' with a virtual MAC', { virtual_mac: true }],
])(
  'a new process takes over%s: clients and the peer notice nothing',
  (_, more) =>
    inLab(async (lab) => {
      const backup = await startOn(lab, 2, more);
      const first = await startOn(lab, 1, { priority: 150, ...more });
      await reaches(first, 'MASTER');
      await reaches(backup, 'BACKUP');
      const before = (await eventsOf(backup)).length;
      const since = (await first.instance()).since;
      const host = lab.director(1);
      const client = new ControlClient({ socket: agentSocket(lab, host) });
      const prober = await Prober.start(lab, VIP, 2_000);
      await waitFor('an answer', () => prober.probes().some((one) => one.answeredAt !== undefined));
      let pid = (await client.status()).pid;
      for (let restart = 0; restart < RESTARTS; restart++) {
        const config = lab.path(`${host.name}.yaml`);
        const args = [builtProgram('src/cli/main.js'), 'run', '--takeover', '--config', config];
        await lab.spawn(host, process.execPath, args, { label: `next-${restart}`, log: true });
        await waitFor('the next process answers', async () => {
          const status = await client.status().catch(() => undefined);
          return status !== undefined && status.pid !== pid;
        });
        pid = (await client.status()).pid;
      }
      const asked = prober.probes().length;
      await waitFor('later answers', () => prober.probes().length > asked + 100);
      // The last answers may still be on the way.
      const probes = probesIn(await prober.stop(), VIP).slice(0, asked);
      // A takeover by the peer would cost 300 ms; a busy host may lose a few requests.
      const lost = probes.filter(({ answeredAt }) => answeredAt === undefined);
      expect(lost.length).toBeLessThan(LOST_MAX);
      const row = await first.instance();
      expect(row.state).toBe('MASTER');
      // The same moment, by the wall clock of another process: milliseconds may be rounded elsewhere.
      expect(Math.abs(Date.parse(row.since) - Date.parse(since))).toBeLessThan(SAME_MS);
      expect((await eventsOf(backup)).length).toBe(before);
    }),
  60_000,
);

/** Prints a dot for each connection. */
const CHECKED_SERVER = `
require('node:net')
  .createServer((socket) => {
    process.stdout.write('.');
    socket.on('error', () => {}).destroy();
  })
  .listen(8080);
`;
const CHECK_EVERY_MS = 250;
const COUNTED_MS = 4_000;

test(
  'a new process that takes over checks each server once in its interval, and none after it has stopped',
  () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const server = await lab.spawn(host, process.execPath, ['-e', CHECKED_SERVER], {
        ...{ label: 'server', log: true },
      });
      const shopOf = (weight: number) => ({
        name: 'shop',
        address: `${VIP}:80`,
        check: { tcp: {}, interval: `${CHECK_EVERY_MS}ms` },
        servers: [{ address: `${host.address}:8080`, weight }],
      });
      const ipvsOf = (weight: number) => ({ required: false, services: [shopOf(weight)] });
      const first = await startOn(lab, 1, {}, { ipvs: ipvsOf(1) });
      await reaches(first, 'MASTER');
      const client = new ControlClient({ socket: first.socket });
      const checks = () => readFileSync(lab.path('server.log'), 'latin1').length;
      const checksInAWhile = async () => {
        const before = checks();
        await sleep(COUNTED_MS);
        return checks() - before;
      };
      const expected = COUNTED_MS / CHECK_EVERY_MS;
      const { pid } = await client.status();
      process.kill(pid, 'SIGUSR2');
      const next = await waitFor('the next process serves', async () => {
        const status = await client.status().catch(() => undefined);
        return status !== undefined && status.pid !== pid && status.pid;
      });
      expect(await checksInAWhile()).toBeLessThan(expected * 1.4);
      const more = { router: host.name, ipvs: ipvsOf(5) };
      const reloaded = agentConfig(lab, host, { instances: [webInstance()], more });
      writeFileSync(lab.path(`${host.name}.yaml`), reloaded);
      await client.reload({ dryRun: false });
      const afterReload = await checksInAWhile();
      expect(afterReload).toBeGreaterThan(expected / 2);
      expect(afterReload).toBeLessThan(expected * 1.4);
      process.kill(next, 'SIGTERM');
      await waitFor('it ends', () => !existsSync(`/proc/${next}`));
      expect(await checksInAWhile()).toBe(0);
      server.signal('SIGTERM');
    }, 1),
  60_000,
);

test(
  'a new process that dies as soon as it has everything leaves the VIP to the peer',
  () =>
    inLab(async (lab) => {
      const first = await startOn(lab, 1, { priority: 150 });
      await reaches(first, 'MASTER');
      const backup = await startOn(lab, 2);
      await reaches(backup, 'BACKUP');
      const client = new ControlClient({ socket: first.socket });
      const { generation } = (await client.takeover('prepare')) as { generation: number };
      const { token } = (await client.takeover('begin', { generation })) as { token: string };
      // The next process would continue here, but it has died.
      await client.takeover('commit', { token });
      const row = await reaches(backup, 'MASTER');
      expect(row.last_transition).toMatchObject({ event: 'master-timeout' });
      await holdsAlone(lab, lab.director(2), VIP);
    }),
  60_000,
);

test(
  'a process that cannot take over leaves the one that runs as it is',
  () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      const client = new ControlClient({ socket: agent.socket });
      const { generation } = (await client.takeover('prepare')) as { generation: number };
      await expect(client.takeover('begin', { generation: generation + 1 })).rejects.toMatchObject({
        code: 'changed',
      });
      const begun = (await client.takeover('begin', { generation })) as { token: string };
      await expect(client.takeover('begin', { generation })).rejects.toMatchObject({
        code: 'takeover-under-way',
      });
      // It behaves like a process that has died.
      await sleep(1_000);
      await expect(client.takeover('commit', begun)).rejects.toMatchObject({ status: 400 });
      await expect(client.takeover('commit', { token: begun.token })).rejects.toMatchObject({
        code: 'takeover-over',
      });
      await reaches(agent, 'MASTER');
    }, 1),
  60_000,
);

test(
  'the VIP of an agent that is killed is gone by itself',
  () =>
    inLab(async (lab) => {
      const agent = await startAgent(lab, lab.director(1), {
        instances: [webInstance({ advertisement_interval: '100ms' })],
      });
      await reaches(agent, 'MASTER');
      await agent.kill();
      const holders = async () => (await lab.holders(VIP)).length;
      expect(await holders()).toBe(1);
      await waitFor('the VIP is gone', async () => (await holders()) === 0, {
        milliseconds: 10_000,
      });
    }, 1),
  60_000,
);

test(
  'a reload adds an address to a MASTER, and a file with an error changes nothing',
  () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      const { since } = await reaches(agent, 'MASTER');
      const client = new ControlClient({ socket: agent.socket });
      const file = lab.path(`${agent.host.name}.yaml`);
      const good = readFileSync(file, 'utf8');
      writeFileSync(file, `${good}nonsense: 1\n`);
      await expect(client.reload({ dryRun: false })).rejects.toMatchObject({
        code: 'invalid-configuration',
        findings: [{ line: good.split('\n').length }],
      });
      const more = webInstance({ addresses: [`${VIP}/32`, '203.0.113.77/32'] });
      writeFileSync(file, agentConfig(lab, agent.host, { instances: [more] }));
      await client.reload({ dryRun: false });
      await waitFor('the address', async () => (await lab.holders('203.0.113.77' as never)).length);
      expect(await agent.instance()).toMatchObject({ state: 'MASTER', since });
    }, 1),
  60_000,
);
