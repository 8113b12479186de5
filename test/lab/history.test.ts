/** The history of a pair through a known sequence, held against what a client of the VIP saw. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import type { AgentPeer } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import {
  commandLine,
  eventsOf,
  INTERVAL,
  outcomeOf,
  reaches,
  startOn,
  VIP,
} from '../interop/harness/agent-story.ts';
import { inLab } from '../interop/harness/own-lab.ts';
import { ip } from '../kernel/support.ts';

const PROBE_EVERY_US = 5_000;

interface Numbers {
  readonly instances: readonly {
    readonly name: string;
    readonly observed_ms: number;
    readonly served_ms: number;
    readonly unplanned: { readonly outages: number; readonly ms: number };
    readonly planned: { readonly outages: number; readonly ms: number };
    readonly mtbf_ms: number;
    readonly mttr_ms: number;
    readonly availability: number;
    readonly longest: { readonly ms: number; readonly cause: string };
    readonly outages: readonly {
      readonly ms: number;
      readonly planned: boolean;
      readonly cause: string;
    }[];
    readonly moves: {
      readonly planned: number;
      readonly unplanned: number;
      readonly list: readonly {
        readonly from: string;
        readonly to: string;
        readonly planned: boolean;
        readonly cause: string;
        readonly reason: string;
        readonly gap_ms: number;
      }[];
    };
  }[];
  readonly directors: readonly { readonly router: string; readonly damaged: number }[];
}

async function vrrpAgent(lab: Lab, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await outcomeOf(lab.director(1), commandLine(...args));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** `vrrp-agent history` of a director, as root reads it there. */
function historyOf(lab: Lab, director: number, ...args: readonly string[]): Promise<string> {
  return vrrpAgent(lab, 'history', '--state-dir', lab.path(`lb${director}-state`), ...args);
}

const FAST = { lease: 'off', preempt: false } as const;

function start(lab: Lab, director: number): Promise<AgentPeer> {
  return startOn(
    lab,
    director,
    { priority: director === 1 ? 150 : 100, ...FAST },
    { resume: 'off' },
  );
}

/** Times without an answer that are longer than three probes, in milliseconds. */
async function outagesSeen(lab: Lab, story: () => Promise<void>): Promise<number[]> {
  const prober = await Prober.start(lab, VIP, PROBE_EVERY_US);
  await waitFor('an answer', () => prober.probes().some((one) => one.answeredAt !== undefined));
  await story();
  const asked = prober.probes().length;
  await waitFor('later answers', () => prober.probes().length > asked + 20);
  const outages: number[] = [];
  let lost = 0;
  for (const { answeredAt } of probesIn(await prober.stop(), VIP).slice(0, asked + 10)) {
    if (answeredAt === undefined) lost += 1;
    else {
      if (lost > 3) outages.push((lost * PROBE_EVERY_US) / 1_000);
      lost = 0;
    }
  }
  return outages;
}

test(
  'a planned failover, a crash and a lost interface have the numbers that a client saw',
  () =>
    inLab(async (lab) => {
      let [lb1, lb2] = [await start(lab, 1), await start(lab, 2)];
      await reaches(lb1, 'MASTER');
      await waitFor('the MASTER is heard', async () => (await lb2.instance()).master !== null);
      const seen = await outagesSeen(lab, async () => {
        await vrrpAgent(lab, 'failover', 'web', '--socket', lb1.socket);
        await reaches(lb2, 'MASTER');
        await vrrpAgent(lab, 'failover', '--release', 'web', '--socket', lb1.socket);
        await sleep(500);
        await lb2.kill();
        await reaches(lb1, 'MASTER');
        lb2 = await start(lab, 2);
        await waitFor('the MASTER is heard', async () => (await lb2.instance()).master !== null);
        await sleep(500);
        ip('-n', lab.director(1).namespace, 'link', 'set', 'eth0', 'down');
        await reaches(lb2, 'MASTER');
        await sleep(500);
      });
      await lb1.stop();
      await lb2.stop();

      const other = lab.path('lb2.json');
      writeFileSync(other, await historyOf(lab, 2, '--json'));
      const merged: Numbers = JSON.parse(await historyOf(lab, 1, '--merge', other, '--json'));
      const [web] = merged.instances;
      if (web === undefined) throw new Error('no instance');
      expect(merged.directors).toMatchObject([
        { router: 'lb1', damaged: 0 },
        { router: 'lb2', damaged: 0 },
      ]);
      expect(
        web.moves.list.map(({ from, to, planned, cause }) => `${from} > ${to} ${planned} ${cause}`),
      ).toEqual([
        'lb1 > lb2 true successor-heard',
        'lb2 > lb1 false died',
        'lb1 > lb2 false fault',
      ]);
      expect(web.moves).toMatchObject({ planned: 1, unplanned: 2 });
      expect(web.moves.list[0]).toMatchObject({
        gap_ms: 0,
        reason: 'root requested failover, waiting 10s',
      });
      expect(web.outages.slice(0, 2)).toMatchObject([
        { planned: false, cause: 'died' },
        { planned: false, cause: 'fault' },
      ]);
      expect(web.unplanned.outages).toBe(2);

      // The host of a killed agent answers on: the client saw the other outage alone, and for as long.
      expect(seen).toHaveLength(1);
      const [crash = 0, fault = 0] = web.outages.map(({ ms }) => ms);
      expect(Math.abs(fault - (seen[0] ?? 0))).toBeLessThan(2 * INTERVAL);
      // Of the crash it counts the silence: the Master_Down_Interval of lb1.
      expect(Math.abs(crash - 341)).toBeLessThan(INTERVAL);
      expect(web.unplanned.ms).toBe(crash + fault);
      expect(web.longest.ms).toBe(Math.max(crash, fault));
      expect(web.mttr_ms).toBeCloseTo((crash + fault) / 2, 6);
      expect(web.mtbf_ms).toBeCloseTo(web.served_ms / 2, 6);
      expect(web.availability).toBeCloseTo(web.mtbf_ms / (web.mtbf_ms + web.mttr_ms), 12);
      expect(web.observed_ms).toBe(web.served_ms + web.unplanned.ms + web.planned.ms);

      // Alone, lb1 knows the crash of its peer, but not who served after its own interface was lost.
      const alone: Numbers = JSON.parse(await historyOf(lab, 1, '--json'));
      expect(alone.instances[0]?.outages).toMatchObject([{ cause: 'master-silent' }]);

      const page = lab.path('history.html');
      await historyOf(lab, 1, '--merge', other, '--html', page);
      expect(await historyOf(lab, 1, '--merge', other)).toContain('2 outages');
    }),
  60_000,
);

test(
  'a full disk costs history and nothing else, and is reported',
  () =>
    inLab(async (lab) => {
      const state = lab.path('lb1-state');
      mkdirSync(state);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', state]);
      try {
        const lb1 = await startOn(lab, 1);
        await reaches(lb1, 'MASTER');
        expect(() => writeFileSync(`${state}/filler`, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
        const client = new ControlClient({ socket: lb1.socket });
        await waitFor('the failure is reported', async () => {
          await client.operate('web', 'priority', { priority: 90 });
          await client.operate('web', 'priority', { priority: null });
          return (await eventsOf(lb1)).some(({ kind }) => kind === 'history-failed');
        });
        const { history, instances } = await client.status();
        expect(history?.state).toBe('failed');
        expect(instances[0]?.state).toBe('MASTER');
        expect(instances[0]?.counters.stalls).toBe(0);
        rmSync(`${state}/filler`);
        await lb1.stop();
      } finally {
        execFileSync('umount', [state]);
      }
    }, 1),
  60_000,
);
