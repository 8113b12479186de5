/** The agent as a service: notifications to its manager, and the capabilities that it needs. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { agentConfig, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { commandLine, has, outcomeOf, VIP, webInstance } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';
import { ServiceListener } from './harness/service-listener.ts';

const SERVICE = ['net_admin', 'net_raw', 'chown', 'sys_nice', 'setuid', 'setgid', 'kill'];

function configured(lab: Lab, more = {}): { host: LabHost; config: string } {
  const host = lab.director(1);
  const config = lab.path('service.yaml');
  mkdirSync(lab.path(`${host.name}-state`), { recursive: true });
  writeFileSync(config, agentConfig(lab, host, { instances: [webInstance(more)] }));
  return { host, config };
}

/** Tells the commands of tests that run side by side apart. */
let runs = 0;

/** Processes with this argument. */
function processesWith(argument: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => argumentsOf(pid).includes(argument)).map(Number);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Field 4 of /proc/PID/stat, counted after the name (proc(5)). */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function vipArrives(lab: Lab, host: LabHost): Promise<boolean> {
  return waitFor(`${host.name} has ${VIP}`, () => has(lab, host, VIP));
}

describe.skipIf(lacks('setpriv')).concurrent('the service', () => {
  test('notifies readiness, states, the watchdog and the stop', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const listener = new ServiceListener(lab.path('manager'));
      const environment = [`NOTIFY_SOCKET=${lab.path('manager')}`, 'WATCHDOG_USEC=300000'];
      const run = ['env', ...environment, ...commandLine('run', '--config', config)];
      const { status } = await outcomeOf(host, run, async (pid) => {
        await vipArrives(lab, host);
        await sleep(500);
        process.kill(pid, 'SIGTERM');
      });
      const messages = listener.read();
      listener.close();
      expect(status).toBe(0);
      const signs = messages.filter((message) => message === 'WATCHDOG=1');
      expect(signs.length).toBeGreaterThan(4);
      const notified = messages.filter((message) => message !== 'WATCHDOG=1');
      expect(notified[0]).toBe('READY=1');
      expect(notified).toContain('STATUS=1 BACKUP');
      expect(notified).toContain('STATUS=1 MASTER');
      expect(notified).toContain('STOPPING=1\nSTATUS=releasing');
    }, 1));

  test('notifies its new pid after SIGUSR2', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const listener = new ServiceListener(lab.path('manager'));
      const environment = [`NOTIFY_SOCKET=${lab.path('manager')}`, 'WATCHDOG_USEC=300000'];
      const client = new ControlClient({ socket: agentSocket(lab, host) });
      const run = ['env', ...environment, ...commandLine('run', '--config', config)];
      let next = 0;
      const { stderr, status } = await outcomeOf(host, run, async (pid) => {
        await vipArrives(lab, host);
        process.kill(pid, 'SIGUSR2');
        next = await waitFor('the next process', async () => {
          const running = await client.status().catch(() => undefined);
          return running !== undefined && running.pid !== pid && running.pid;
        });
        expect(await has(lab, host, VIP)).toBe(true);
        // A service manager would not learn the end of a process that is not its own child.
        expect(parentOf(next)).not.toBe(pid);
        const since = listener.read().lastIndexOf(`MAINPID=${next}`);
        await waitFor('a sign of life of the next process', () =>
          listener.read().slice(since).includes('WATCHDOG=1'),
        );
        process.kill(next, 'SIGTERM');
      });
      const messages = listener.read();
      listener.close();
      expect([status, stderr]).toEqual([0, '']);
      const notified = messages.filter((message) => /^(MAINPID|READY|STOPPING)/.test(message));
      expect(notified).toEqual([
        'READY=1',
        `MAINPID=${next}`,
        'READY=1',
        'STOPPING=1\nSTATUS=releasing',
      ]);
    }, 1));

  test.each([
    ['both threads hang', 'hang+main-hang'],
    ['only the main thread hangs', 'main-hang'],
  ])('defence: stops the watchdog when %s', (_, way) =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const listener = new ServiceListener(lab.path('manager'));
      const script = fileURLToPath(new URL('harness/failing-agent.mjs', import.meta.url));
      const dist = dirname(dirname(dirname(builtProgram('src/cli/main.js'))));
      const environment = [`NOTIFY_SOCKET=${lab.path('manager')}`, 'WATCHDOG_USEC=300000'];
      const hanging = ['env', ...environment, process.execPath, script, dist, config, way];
      await outcomeOf(host, hanging, async (pid) => {
        await vipArrives(lab, host);
        const before = listener.read().length;
        await sleep(6_000);
        const during = listener.read().length;
        await sleep(1_000);
        const after = listener.read().length;
        process.kill(pid, 'SIGKILL');
        expect(before).toBeGreaterThan(0);
        expect(after).toBe(during);
      });
      listener.close();
    }, 1),
  );

  interface LimitedRun {
    readonly printed: string;
    /** Processes of the command that outlive their time and the agent. */
    readonly left: number;
  }

  /** Runs with only these capabilities until it is MASTER. */
  async function runWith(lab: Lab, capabilities: readonly string[]): Promise<LimitedRun> {
    const seconds = `15.${process.pid}${++runs}`;
    const { host, config } = configured(lab, {
      notify: {
        master: {
          command: [
            '/bin/sh',
            '-c',
            `echo ran as $(id -u) >&2; sleep ${seconds} & sleep ${seconds}`,
          ],
          user: 'nobody',
          timeout: '300ms',
        },
      },
    });
    const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
    const limited = ['setpriv', `--bounding-set=${set}`, `--inh-caps=${set}`];
    const run = [...limited, ...commandLine('run', '--config', config)];
    const { status, stdout } = await outcomeOf(host, run, async (pid) => {
      await vipArrives(lab, host);
      await sleep(1_500);
      process.kill(pid, 'SIGTERM');
    });
    expect(status).toBe(0);
    const left = processesWith(seconds);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    return { printed: stdout, left: left.length };
  }

  test('needs only the capabilities of its unit', () =>
    inLab(async (lab) => {
      const { printed, left } = await runWith(lab, SERVICE);
      expect(printed).toContain('"scheduling":"SCHED_RR"');
      expect(printed).toContain('notify.master timed-out: timed out: ran as 65534');
      expect(left).toBe(0);
    }, 1));

  test.each(['setuid', 'setgid'])('runs no command as another user without %s', (dropped) =>
    inLab(async (lab) => {
      const { printed } = await runWith(
        lab,
        SERVICE.filter((name) => name !== dropped),
      );
      expect(printed).toContain('could not be started: EPERM');
    }, 1),
  );

  test('cannot end the command of another user without kill, and does not wait for it', () =>
    inLab(async (lab) => {
      const { printed, left } = await runWith(
        lab,
        SERVICE.filter((name) => name !== 'kill'),
      );
      expect(printed).toContain('notify.master timed-out: timed out');
      expect(left).toBeGreaterThan(0);
    }, 1));
});
