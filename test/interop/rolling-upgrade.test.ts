/** Runs the script in docs/maintenance.md. */
import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AgentPeer } from '../../src/lab/peers/vrrp-agent.ts';
import { longestOutage, Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { commandLine, eventsOf, reaches, startOn, VIP } from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const SCRIPT = 'config/scripts/rolling-upgrade.sh';

/** Less than a Skew_Time of 609 ms, which break-before-make would cost. */
const OUTAGE_MAX_MS = 500;
const SLOW = { advertisement_interval: '1s' };

/** Replaces ssh: `via lb1 COMMAND...` runs the command in the namespace of the director. */
function remoteShell(lab: Lab, agents: readonly AgentPeer[]): string {
  const cases = agents.map(({ host, socket }) => {
    const program = commandLine().join(' ');
    return `${host.name}) ns=${host.namespace}; agent="${program}"; socket=${socket} ;;`;
  });
  const path = lab.path('via');
  const lines = [
    '#!/bin/sh',
    'case $1 in',
    ...cases,
    'esac',
    'shift',
    // Like ssh: the arguments are one line for a shell on the other side.
    'line=$(echo "$*" | sed "s#^vrrp-agent \\(.*\\)#$agent \\1 --socket $socket#")',
    'exec ip netns exec "$ns" sh -c "$line"',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function roll(via: string, upgrade: string, ...directors: string[]): Promise<Ended> {
  const env = { ...process.env, VIA: via };
  try {
    const { stdout, stderr } = await promisify(execFile)(SCRIPT, [upgrade, ...directors], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

describe.skipIf(lacks()).concurrent('the rolling upgrade', () => {
  test('takes one director after the other out of service, without affecting clients', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150, ...SLOW });
      const other = await startOn(lab, 2, SLOW);
      await reaches(leader, 'MASTER');
      await reaches(other, 'BACKUP');
      const via = remoteShell(lab, [leader, other]);
      const prober = await Prober.start(lab, VIP);
      const log = lab.path('upgraded');
      const { code, stdout, stderr } = await roll(via, `hostname >> ${log}`, 'lb2', 'lb1');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/ done: lb2 lb1\n$/);
      await holdsAlone(lab, leader.host, VIP, 20_000);
      const outage = longestOutage(probesIn(await prober.stop(), VIP))?.microseconds ?? 0;
      expect(outage / 1_000).toBeLessThan(OUTAGE_MAX_MS);
      const states = async (agent: AgentPeer) =>
        (await eventsOf(agent)).flatMap((event) => (event.kind === 'transition' ? [event.to] : []));
      expect(await states(other)).toEqual(['BACKUP', 'FAULT', 'BACKUP', 'MASTER', 'BACKUP']);
      expect((await states(leader)).slice(-4)).toEqual(['BACKUP', 'FAULT', 'BACKUP', 'MASTER']);
    }));

  test('stops when an upgrade fails: the director stays out of service, the next is not touched', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await reaches(leader, 'MASTER');
      await reaches(other, 'BACKUP');
      const { code, stderr } = await roll(remoteShell(lab, [leader, other]), 'false', 'lb2', 'lb1');
      expect(code).toBe(1);
      expect(stderr).toContain('lb2: the upgrade failed; it stays in maintenance');
      expect(await other.instance()).toMatchObject({
        faults: ['maintenance'],
        maintenance: { reason: 'rolling upgrade' },
      });
      await holdsAlone(lab, leader.host, VIP);
      expect(await leader.instance()).toMatchObject({ state: 'MASTER', maintenance: null });
    }));
});
