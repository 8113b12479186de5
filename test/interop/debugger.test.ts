/** No debugger opens in a running agent: its clients could run code as root. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { agentConfig, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { commandLine, has, outcomeOf, VIP, webInstance } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';

const USR1 = 1 << 9;

/** Until Node blocks SIGUSR1, in its first milliseconds, the signal ends the process. */
const IGNORED = ['env', '--ignore-signal=USR1'];

function configured(lab: Lab): { host: LabHost; config: string } {
  const host = lab.director(1);
  const config = lab.path('debugger.yaml');
  mkdirSync(lab.path(`${host.name}-state`), { recursive: true });
  writeFileSync(config, agentConfig(lab, host, { instances: [webInstance()] }));
  return { host, config };
}

/** Listening ports in the network namespace of the process. */
function listeningPorts(pid: number): number[] {
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trimEnd().split('\n').slice(1),
  );
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return fields
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
}

/** Resolves as soon as the process is that of `env` or Node, and SIGUSR1 does not end it. */
async function survivesSignals(pid: number): Promise<void> {
  const isSafe = () => {
    const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isStarted = program !== 'ip' && args.some((arg) => arg.endsWith('main.js'));
    return isStarted && (masksOf(pid) & USR1) !== 0;
  };
  await waitFor('SIGUSR1 does not end it', isSafe, { everyMilliseconds: 0 });
}

/** Signals that the process ignores, catches or has blocked. */
function masksOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const masks = [...status.matchAll(/^Sig(?:Ign|Cgt|Blk):\s+([0-9a-f]+)$/gm)];
  return masks.reduce((all, [, mask = '0']) => all | Number.parseInt(mask.slice(-8), 16), 0);
}

/** Sends SIGUSR1 every millisecond; returns a stop function and the listening ports seen. */
function bombard(pid: number): () => Set<number> {
  const seen = new Set<number>();
  const timer = setInterval(() => {
    try {
      process.kill(pid, 'SIGUSR1');
      for (const port of listeningPorts(pid)) seen.add(port);
    } catch {
      // The process has ended, which the test detects.
      clearInterval(timer);
    }
  }, 1);
  return () => {
    clearInterval(timer);
    return seen;
  };
}

function vipArrives(lab: Lab, host: LabHost): Promise<boolean> {
  return waitFor(`${host.name} has ${VIP}`, () => has(lab, host, VIP));
}

function byItsName(...args: readonly string[]): string[] {
  return [builtProgram('src/cli/main.js'), ...args];
}

describe('FR-O1 no debugger', () => {
  test('opens on SIGUSR1 at any time after the start, and the agent serves', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const run = [...IGNORED, ...byItsName('run', '--config', config)];
      const { status, stdout, stderr } = await outcomeOf(host, run, async (pid) => {
        await survivesSignals(pid);
        const end = bombard(pid);
        await vipArrives(lab, host);
        await sleep(1_000);
        const ports = end();
        expect([...ports]).toEqual([]);
        const { instances } = await new ControlClient({ socket: agentSocket(lab, host) }).status();
        expect(instances[0]?.state).toBe('MASTER');
        process.kill(pid, 'SIGTERM');
      });
      expect(status).toBe(0);
      expect(stderr).not.toContain('Debugger listening');
      const lines = stdout.split('\n').filter((line) => line.includes('"signal-ignored"'));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines[0]).toContain('vrrp-agent status');
    }, 1));

  test.each([
    ['SIGUSR1 in the first milliseconds', [], true],
    ['NODE_OPTIONS=--inspect', ['NODE_OPTIONS=--inspect=127.0.0.1:9229'], false],
  ])(
    'stays open that was opened by %s, without the options of the first line',
    (_, more, signals) =>
      inLab(async (lab) => {
        const { host, config } = configured(lab);
        const run = [...IGNORED, ...more, ...commandLine('run', '--config', config)];
        const { status, stderr } = await outcomeOf(host, run, async (pid) => {
          await survivesSignals(pid);
          const end = signals ? bombard(pid) : () => undefined;
          await vipArrives(lab, host);
          end();
          expect(listeningPorts(pid)).toEqual([]);
          process.kill(pid, 'SIGUSR1');
          await sleep(300);
          expect(listeningPorts(pid)).toEqual([]);
          process.kill(pid, 'SIGTERM');
        });
        expect(status).toBe(0);
        expect(stderr).toContain('Debugger listening');
        expect(stderr).toContain('has been closed');
      }, 1),
  );

  test('opens by NODE_OPTIONS=--inspect', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const inspecting = 'NODE_OPTIONS=--inspect=127.0.0.1:9229';
      const run = [...IGNORED, inspecting, ...byItsName('run', '--config', config)];
      const { status, stderr } = await outcomeOf(host, run, async (pid) => {
        await vipArrives(lab, host);
        expect(listeningPorts(pid)).toEqual([]);
        process.kill(pid, 'SIGTERM');
      });
      expect(status).toBe(0);
      expect(stderr).not.toContain('Debugger listening');
    }, 1));

  test('opens in the process that takes over, whose predecessor had no options', () =>
    inLab(async (lab) => {
      const { host, config } = configured(lab);
      const client = new ControlClient({ socket: agentSocket(lab, host) });
      const run = commandLine('run', '--config', config);
      const { status, stderr } = await outcomeOf(host, run, async (pid) => {
        await vipArrives(lab, host);
        process.kill(pid, 'SIGUSR2');
        const next = await waitFor('its successor', () => successorOf(pid), {
          everyMilliseconds: 0,
        });
        await survivesSignals(next);
        const end = bombard(next);
        await waitFor('the next process serves', async () => {
          const status = await client.status().catch(() => undefined);
          return status?.pid === next;
        });
        const ports = end();
        expect([...ports]).toEqual([]);
        expect(await has(lab, host, VIP)).toBe(true);
        process.kill(next, 'SIGTERM');
      });
      expect(status).toBe(0);
      expect(stderr).not.toContain('Debugger listening');
    }, 1));
});

/** The process in between, which starts it, has the same words after the text that it evaluates. */
function successorOf(pid: number): number | undefined {
  const found = readdirSync('/proc').find((entry) => {
    if (!/^[0-9]+$/.test(entry)) return false;
    const words = commandOf(entry);
    return (
      words.includes('--successor-of') && words.includes(`${pid}`) && !words.includes('--eval')
    );
  });
  return found === undefined ? undefined : Number(found);
}

function commandOf(entry: string): readonly string[] {
  try {
    return readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
