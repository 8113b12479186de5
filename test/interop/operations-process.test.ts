/** The agent as a process: start, refused start, stop, failure, and its API. */
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { advertisementsIn, Capture } from '../../src/lab/packets/capture.ts';
import { agentConfig, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import {
  commandLine,
  eventsOf,
  has,
  INTERVAL,
  outcomeOf,
  reaches,
  startOn,
  VIP,
  webInstance,
} from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

/** Writes the configuration of lb1 as `startOn` does, for a manual start. */
function configured(lab: Lab, more = {}, name = 'by-hand'): { host: LabHost; config: string } {
  const host = lab.director(1);
  const config = lab.path(`${name}.yaml`);
  mkdirSync(lab.path(`${host.name}-state`), { recursive: true });
  writeFileSync(config, agentConfig(lab, host, { instances: [webInstance(more)] }));
  return { host, config };
}

function vipArrives(lab: Lab, host: LabHost): Promise<boolean> {
  return waitFor(`${host.name} has ${VIP}`, () => has(lab, host, VIP));
}

function prioritiesIn(frames: Awaited<ReturnType<Capture['stop']>>): number[] {
  return advertisementsIn(frames).map(({ advertisement }) => advertisement.priority);
}

/** The compiled agent with one fault. */
function failingAgent(config: string, way: string): string[] {
  const script = fileURLToPath(new URL('harness/failing-agent.mjs', import.meta.url));
  const dist = dirname(dirname(dirname(builtProgram('src/cli/main.js'))));
  return [process.execPath, script, dist, config, way];
}

describe.skipIf(lacks('curl', 'setpriv')).concurrent('the process', () => {
  test('ends with status 0 on SIGTERM, and removes its VIPs', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const { status } = await outcomeOf(
        host,
        commandLine('run', '--config', config),
        async (pid) => {
          await vipArrives(lab, host);
          process.kill(pid, 'SIGTERM');
        },
      );
      expect(status).toBe(0);
      expect(await has(lab, host, VIP)).toBe(false);
      expect(existsSync(agentSocket(lab, host))).toBe(false);
    }, 1));

  test('does not wait for a successor after a second signal', () =>
    inLab(async (lab) => {
      // An owner becomes MASTER immediately; with its interval, it would wait 40 s for a successor.
      const { host, config } = configured(lab, { priority: 255, advertisement_interval: '40s' });
      const { status } = await outcomeOf(
        host,
        commandLine('run', '--config', config),
        async (pid) => {
          await vipArrives(lab, host);
          process.kill(pid, 'SIGTERM');
          await sleep(1_000);
          expect(await has(lab, host, VIP)).toBe(true);
          process.kill(pid, 'SIGTERM');
        },
      );
      expect(status).toBe(0);
      expect(await has(lab, host, VIP)).toBe(false);
    }, 1));

  test('keeps running after SIGHUP', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const { status } = await outcomeOf(
        host,
        commandLine('run', '--config', config),
        async (pid) => {
          await vipArrives(lab, host);
          process.kill(pid, 'SIGHUP');
          await sleep(500);
          expect(await has(lab, host, VIP)).toBe(true);
          process.kill(pid, 'SIGTERM');
        },
      );
      expect(status).toBe(0);
    }, 1));

  test('does not start beside a running agent, and names its pid', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const first = await startOn(lab, 1);
      await reaches(first, 'MASTER');
      const { pid } = JSON.parse(
        await lab.run(host, 'curl', [
          '-s',
          '--unix-socket',
          first.socket,
          'http://localhost/v1/status',
        ]),
      ) as { pid: number };
      const second = await outcomeOf(host, commandLine('run', '--config', config));
      expect(second.status).toBe(1);
      expect(second.stdout + second.stderr).toContain(`pid ${pid}`);
      expect(await first.state()).toBe('MASTER');
      expect(await has(lab, host, VIP)).toBe(true);
    }, 1));

  test.each([
    ['net_raw', 'CAP_NET_RAW'],
    ['net_admin', 'CAP_NET_ADMIN'],
  ])('says that it lacks %s', async (dropped, name) =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const without = ['setpriv', `--bounding-set=-${dropped}`, `--inh-caps=-${dropped}`];
      const run = commandLine('run', '--config', config);
      const { status, stdout, stderr } = await outcomeOf(host, [...without, ...run]);
      expect(status).toBe(1);
      expect(stdout + stderr).toContain(`${name} missing`);
      expect(existsSync(agentSocket(lab, host))).toBe(false);
    }, 1),
  );

  test('answers only its owner and its group', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      chmodSync(lab.directory, 0o755);
      const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const status = [...asNobody, ...commandLine('status', '--socket', agent.socket)];
      const refused = await outcomeOf(agent.host, status);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain('permission denied');
      const inGroup = ['setpriv', '--reuid=65534', '--regid=0', '--clear-groups'];
      const asked = [...inGroup, ...commandLine('status', '--socket', agent.socket)];
      expect((await outcomeOf(agent.host, asked)).status).toBe(0);
    }, 1));

  test('runs without CAP_SYS_NICE, with a warning that names it', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const without = ['setpriv', '--bounding-set=-sys_nice', '--inh-caps=-sys_nice'];
      const run = [...without, ...commandLine('run', '--config', config)];
      const { status, stdout } = await outcomeOf(host, run, async (pid) => {
        await vipArrives(lab, host);
        process.kill(pid, 'SIGTERM');
      });
      expect(status).toBe(0);
      expect(stdout).toContain('CAP_SYS_NICE');
    }, 1));

  test('does not start with errors in the file, and lists all with their positions', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab, { vrid: 0, priorty: 100, version: 4 });
      const { status, stdout, stderr } = await outcomeOf(
        host,
        commandLine('run', '--config', config),
      );
      expect(status).toBe(2);
      expect(stdout).toBe('');
      const places = stderr.trimEnd().split('\n');
      expect(places).toHaveLength(3);
      for (const line of places) expect(line).toMatch(/^\S+by-hand\.yaml:\d+:\d+: .+/);
      expect(existsSync(agentSocket(lab, host))).toBe(false);
    }, 1));

  test.each(['throw', 'exit', 'reject', 'main-thread'])(
    'resigns, removes its VIPs and fails when it has a bug: %s',
    (way) =>
      inLab(async (lab) => {
        const other = await startOn(lab, 2, { priority: 50 });
        await reaches(other, 'MASTER');
        const { host, config } = configured(lab);
        const capture = await Capture.start(lab, { filter: 'proto 112' });
        const { status, stdout } = await outcomeOf(host, failingAgent(config, way), async () => {
          await vipArrives(lab, host);
        });
        expect(status, stdout).toBe(1);
        await holdsAlone(lab, other.host, VIP);
        const last = advertisementsIn(await capture.stop()).findLast(
          ({ source }) => source === host.address,
        );
        expect(last?.advertisement.priority).toBe(0);
        expect(stdout).toContain('"level":"fatal"');
      }),
  );

  test('leaves the VIPs to the running agent when it fails before it takes over', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      const { host, config } = configured(lab);
      const capture = await Capture.start(lab, { filter: 'proto 112' });
      const { status, stdout } = await outcomeOf(host, failingAgent(config, 'standby'));
      expect(status, stdout).toBe(1);
      expect(stdout).toContain('"protocol-thread-failed"');
      expect(stdout).not.toContain('"emergency-release"');
      expect(await has(lab, host, VIP)).toBe(true);
      expect(await agent.state()).toBe('MASTER');
      expect(prioritiesIn(await capture.stop())).not.toContain(0);
    }, 1));

  test('leaves the VIPs to the new process when it fails after a takeover', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const capture = await Capture.start(lab, { filter: 'proto 112' });
      const { status, stdout } = await outcomeOf(
        host,
        failingAgent(config, 'handed-over'),
        async () => {
          await vipArrives(lab, host);
          const next = commandLine('run', '--takeover', '--config', config);
          const [program = '', ...args] = next;
          await lab.spawn(host, program, args, { label: 'next', log: true });
        },
      );
      expect(status, stdout).toBe(1);
      expect(stdout).toContain('"handed-over"');
      expect(stdout).not.toContain('"emergency-release"');
      expect(await has(lab, host, VIP)).toBe(true);
      expect(prioritiesIn(await capture.stop())).not.toContain(0);
    }, 1));

  test.each(['throw', 'main-thread'])(
    'resigns, removes its VIPs and ends when it has a bug, although its log is not read: %s',
    (way) =>
      inLab(async (lab) => {
        const other = await startOn(lab, 2, { priority: 50 });
        await reaches(other, 'MASTER');
        const { host, config } = configured(lab);
        const capture = await Capture.start(lab, { filter: 'proto 112' });
        const full = '(head -c 65536 /dev/zero; exec "$@") | sleep 1000';
        const failing = failingAgent(config, way);
        await lab.spawn(host, 'sh', ['-c', full, 'sh', ...failing], { label: 'stalled' });
        await vipArrives(lab, host);
        await reaches(other, 'MASTER');
        await holdsAlone(lab, other.host, VIP);
        const last = advertisementsIn(await capture.stop()).findLast(
          ({ source }) => source === host.address,
        );
        expect(last?.advertisement.priority).toBe(0);
        const socket = agentSocket(lab, host);
        await waitFor('the process has closed everything', () => !existsSync(socket));
      }),
  );

  test.each([
    ['closed', 'exec "$@" | true'],
    ['a disk that is full', 'exec "$@" >/dev/full'],
    ['a pipe that is full', '(head -c 65536 /dev/zero; exec "$@") | sleep 1000'],
  ])('leads and stops although its standard output is %s', (_, script) =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const run = ['-c', script, 'sh', ...commandLine('run', '--config', config)];
      await lab.spawn(host, 'sh', run, { label: 'piped' });
      await vipArrives(lab, host);
      const capture = await Capture.start(lab, { host, filter: 'proto 112' });
      await sleep(INTERVAL * 10);
      const { pid } = JSON.parse(
        await lab.run(host, 'curl', [
          ...['-s', '--unix-socket', agentSocket(lab, host), 'http://localhost/v1/status'],
        ]),
      ) as { pid: number };
      process.kill(pid, 'SIGTERM');
      await waitFor('the VIP is gone', async () => !(await has(lab, host, VIP)));
      await waitFor('the process is gone', () => !existsSync(`/proc/${pid}`));
      const adverts = advertisementsIn(await capture.stop());
      expect(adverts.length).toBeGreaterThanOrEqual(10);
      expect(adverts.at(-1)?.advertisement.priority).toBe(0);
    }, 1),
  );
});

describe.skipIf(lacks('curl')).concurrent('a pair, asked while it runs,', () => {
  test('reports status, past events and new events', () =>
    inLab(async (lab) => {
      const follower = await startOn(lab, 2);
      const leader = await startOn(lab, 1, { priority: 150 });
      await reaches(leader, 'MASTER');
      await waitFor('the follower hears it', async () => {
        const { state, master } = await follower.instance();
        return state === 'BACKUP' && master?.address === leader.host.address;
      });
      const ask = (...args: string[]) => commandLine(...args, '--socket', follower.socket);
      const { host } = follower;

      const table = await outcomeOf(host, ask('status'));
      expect(table.stdout).toMatch(/web\s+BACKUP.*192\.0\.2\.11/s);
      const followed = await outcomeOf(
        host,
        ask('events', '--follow', '--json'),
        async (_, printed) => {
          await waitFor('what has happened by now', () => printed().includes('startup'));
          await leader.stop();
          await reaches(follower, 'MASTER');
          await follower.stop();
        },
      );
      expect(followed.status).toBe(5);
      const seen = followed.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; from?: string; to?: string });
      const steps = seen.filter(({ kind }) => kind === 'transition');
      expect(steps.map(({ from, to }) => `${from} ${to}`)).toContain('BACKUP MASTER');
      expect(steps.at(-1)).toMatchObject({ from: 'MASTER', to: 'INIT' });
    }));

  test('answers curl, and refuses users that its mode excludes', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      const strict = await startOn(
        lab,
        2,
        {},
        {
          control: { socket: agentSocket(lab, lab.director(2)), mode: '0600' },
        },
      );
      const modes = [agent, strict].map(({ socket }) =>
        (statSync(socket).mode & 0o777).toString(8),
      );
      expect(modes).toEqual(['660', '600']);
      const answer = await lab.run(agent.host, 'curl', [
        ...['-s', '-w', '%{http_code}', '--unix-socket', agent.socket],
        'http://localhost/v1/nothing',
      ]);
      expect(answer).toMatch(/^\{"error":\{"code":.*\}\}\s*404$/);
    }));

  test('is not disturbed by clients with unfinished requests', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      const clients = Array.from({ length: 64 }, () => {
        const client = connect(agent.socket);
        client.on('error', () => undefined);
        client.write('GET /v1/status HTTP/1.1\r\nHost:');
        return client;
      });
      const capture = await Capture.start(lab, { host: agent.host, filter: 'proto 112' });
      await sleep(INTERVAL * 20);
      const times = advertisementsIn(await capture.stop()).map(({ at }) => at / 1_000);
      expect(times.length).toBeGreaterThanOrEqual(19);
      const [first = 0] = times;
      const offGrid = times.filter((at, tick) => Math.abs(at - first - tick * INTERVAL) > 25);
      expect(offGrid).toEqual([]);
      // They are disconnected after a while, and other clients are served again.
      const served = () => eventsOf(agent).then(Boolean, () => false);
      await waitFor('an answer', served, { milliseconds: 15_000 });
      for (const client of clients) client.destroy();
    }, 1));
});
