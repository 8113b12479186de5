/** `failover`, `maintenance` and `priority` with both kinds of peers, probed by a client. */
import { describe, expect, test } from 'vitest';
import { startFrr } from '../../src/lab/peers/frr.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { longestOutage, Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import {
  commandLine,
  eventsOf,
  type Outcome,
  outcomeOf,
  reaches,
  startOn,
  VIP,
  webInstance,
} from './harness/agent-story.ts';
import { holdersDuring, holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

/** At 1 s, a break before make would cost the Skew_Time of 609 ms. The bench measures more precisely. */
const OUTAGE_MAX_MS = 500;
const SLOW = { advertisement_interval: '1s' };

/** One case: what both sides are configured to use. */
interface Case {
  readonly name: string;
  readonly version: 2 | 3;
  readonly start: (lab: Lab, host: LabHost, dialect: Case) => Promise<unknown>;
}

const keepalived =
  (nopreempt: boolean) =>
  (lab: Lab, host: LabHost, { version }: Case) =>
    startKeepalived(lab, host, {
      version,
      priority: 100,
      intervalSeconds: 1,
      addresses: [VIP],
      nopreempt,
    });

const CASES: readonly Case[] = [
  {
    name: 'keepalived, version 3',
    version: 3,
    start: keepalived(false),
  },
  {
    name: 'keepalived, version 2, nopreempt',
    version: 2,
    start: keepalived(true),
  },
  {
    name: 'FRRouting, version 3',
    version: 3,
    start: (lab, host) =>
      startFrr(lab, host, { priority: 100, intervalMilliseconds: 1_000, addresses: [VIP] }),
  },
];

function command({ host, socket }: AgentPeer, ...args: string[]): Promise<Outcome> {
  return outcomeOf(host, commandLine(...args, '--socket', socket));
}

/** The longest outage during an action, in milliseconds. */
async function outageDuring(lab: Lab, act: () => Promise<void>): Promise<number> {
  const prober = await Prober.start(lab, VIP);
  await sleep(200);
  await act();
  await sleep(200);
  return (longestOutage(probesIn(await prober.stop(), VIP))?.microseconds ?? 0) / 1_000;
}

describe.skipIf(lacks()).concurrent('a planned failover', () => {
  test('to another agent does not affect a client, and lasts until it is released', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150, ...SLOW });
      const other = await startOn(lab, 2, SLOW);
      await reaches(leader, 'MASTER');
      await reaches(other, 'BACKUP');
      const outage = await outageDuring(lab, async () => {
        const { status, stdout } = await command(leader, 'failover', 'web', '--json');
        expect(status).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({
          instances: [
            {
              outcome: 'handed-over',
              state: 'BACKUP',
              master: { address: other.host.address, priority: 100 },
              gap_ms: 0,
              warnings: [],
            },
          ],
        });
      });
      expect(outage).toBeLessThan(OUTAGE_MAX_MS);
      await holdsAlone(lab, other.host, VIP);
      expect((await leader.instance()).held_back).toMatchObject({ by: expect.any(String) });
      expect(await holdersDuring(lab, VIP, 5_000)).toEqual(new Set([other.host.name]));

      const again = await command(leader, 'failover', 'web');
      expect(again).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('nothing to hand'),
      });
      const released = await command(leader, 'failover', '--release', 'web');
      expect(released.status).toBe(0);
      await holdsAlone(lab, leader.host, VIP);
      const commands = (await eventsOf(leader)).filter(({ kind }) => kind === 'command');
      expect(commands.map(({ message }) => message)).toEqual([
        expect.stringMatching(/ requested failover, waiting 10s$/),
        expect.stringMatching(/^failover \(requested by .*\): .* took over after /),
        expect.stringMatching(/ requested failover, waiting 10s$/),
        expect.stringMatching(/^failover \(requested by .*\): it was not MASTER: /),
        expect.stringMatching(/ requested release$/),
        expect.stringMatching(/^release \(requested by .*\): done$/),
      ]);
    }));

  test('without a successor does not affect a client, and reports that', () =>
    inLab(async (lab) => {
      const alone = await startOn(lab, 1);
      await reaches(alone, 'MASTER');
      const outage = await outageDuring(lab, async () => {
        const { status, stderr } = await command(alone, 'failover', 'web', '--wait', '1s');
        expect(status).toBe(3);
        expect(stderr).toContain('no router took over within 1s: none advertised VRID 55');
      });
      expect(outage).toBeLessThan(OUTAGE_MAX_MS);
      expect(await alone.instance()).toMatchObject({ state: 'MASTER', held_back: null });
    }, 1));

  test('requested twice at the same time happens once', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await reaches(leader, 'MASTER');
      await reaches(other, 'BACKUP');
      const both = await Promise.all([
        command(leader, 'failover', 'web'),
        command(leader, 'failover', '--all'),
      ]);
      expect(both.map(({ status }) => status)).toEqual([0, 0]);
      await holdsAlone(lab, other.host, VIP);
    }));
});

describe.skipIf(lacks('keepalived', 'vrrpd', 'zebra', 'vtysh')).concurrent.each(CASES)(
  'a planned failover to $name',
  (dialect) => {
    test('does not affect a client; the peer stays MASTER until the agent is released', () =>
      inLab(async (lab) => {
        const { version } = dialect;
        await dialect.start(lab, lab.director(2), dialect);
        const agent = await startAgent(lab, lab.director(1), {
          instances: [webInstance({ version, priority: 150, ...SLOW })],
        });
        await holdsAlone(lab, agent.host, VIP, 20_000);
        const outage = await outageDuring(lab, async () => {
          const { status, stdout } = await command(agent, 'failover', 'web');
          expect([status, stdout]).toEqual([0, expect.stringContaining(' took over after ')]);
        });
        expect(outage).toBeLessThan(OUTAGE_MAX_MS);
        const holders = await holdersDuring(lab, VIP, 5_000);
        expect(holders).toEqual(new Set([lab.director(2).name]));
        expect(await agent.instance()).toMatchObject({
          state: 'BACKUP',
          master: { priority: 100 },
        });
        expect((await command(agent, 'failover', 'web', '--release')).status).toBe(0);
        await holdsAlone(lab, agent.host, VIP, 20_000);
      }));
  },
);

describe.skipIf(lacks()).concurrent('maintenance', () => {
  test('does not affect a client, survives a restart, and ends with preemption', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150, ...SLOW });
      const other = await startOn(lab, 2, SLOW);
      await reaches(leader, 'MASTER');
      await reaches(other, 'BACKUP');
      const outage = await outageDuring(lab, async () => {
        const on = await command(leader, 'maintenance', 'on', '--reason', 'new kernel');
        expect([on.status, on.stdout]).toEqual([0, expect.stringContaining('in maintenance')]);
      });
      expect(outage).toBeLessThan(OUTAGE_MAX_MS);
      await reaches(leader, 'FAULT', ['maintenance']);
      await holdsAlone(lab, other.host, VIP);

      await leader.kill();
      const again = await startOn(lab, 1, { priority: 150, ...SLOW });
      const row = await reaches(again, 'FAULT', ['maintenance']);
      expect(row.maintenance).toMatchObject({ reason: 'new kernel', until: null });
      const shown = await command(again, 'maintenance', 'status');
      expect(shown.stdout).toMatch(
        /^web: FAULT, in maintenance since .* until an operator ends it, by .*: new kernel\n$/,
      );

      expect((await command(again, 'maintenance', 'off')).status).toBe(0);
      await holdsAlone(lab, again.host, VIP);
    }));

  test('without a successor is refused unless forced', () =>
    inLab(async (lab) => {
      const alone = await startOn(lab, 1);
      await reaches(alone, 'MASTER');
      const refused = await command(alone, 'maintenance', 'on', 'web', '--wait', '1s');
      expect(refused.status).toBe(3);
      expect(await alone.instance()).toMatchObject({ state: 'MASTER', maintenance: null });
      const forced = await command(alone, 'maintenance', 'on', 'web', '--wait', '100ms', '--force');
      expect(forced.status).toBe(0);
      await reaches(alone, 'FAULT', ['maintenance']);
    }, 1));

  test('with a time limit ends on time, also while the agent is down', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await reaches(other, 'BACKUP');
      await reaches(leader, 'MASTER');
      expect((await command(leader, 'maintenance', 'on', '--for', '1s')).status).toBe(0);
      await holdsAlone(lab, leader.host, VIP);
      const events = await eventsOf(leader);
      expect(events.map(({ message }) => message)).toContainEqual(
        'vrrp-agent requested end of maintenance, which has expired',
      );

      expect((await command(leader, 'maintenance', 'on', '--for', '1s')).status).toBe(0);
      await leader.kill();
      await sleep(1_000);
      const again = await startOn(lab, 1, { priority: 150 });
      await holdsAlone(lab, again.host, VIP);
    }));
});

describe.skipIf(lacks()).concurrent('a priority set at run time', () => {
  test('moves the VIP, and back when it is reset', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await holdsAlone(lab, leader.host, VIP);
      await reaches(other, 'BACKUP');
      const set = await command(leader, 'priority', 'web', '50');
      expect(set).toMatchObject({
        status: 0,
        stdout: 'web: MASTER, priority 50 (configured: 150)\n',
      });
      await holdsAlone(lab, other.host, VIP);
      expect((await leader.instance()).priority).toEqual({
        configured: 150,
        effective: 50,
        override: 50,
      });
      expect((await command(leader, 'priority', 'web', 'reset')).status).toBe(0);
      await holdsAlone(lab, leader.host, VIP);
      await waitFor('the other one yields', async () => (await other.state()) === 'BACKUP');
    }));
});
