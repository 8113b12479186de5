/** An agent of a MASTER that is killed and started again, as a service manager does it. */
import { expect, test } from 'vitest';
import { type AgentInstance, type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, VIP } from '../interop/harness/agent-story.ts';
import { inLab } from '../interop/harness/own-lab.ts';

const KILLS = 10;
const PROBE_EVERY_US = 5_000;

const instanceOf = (more: Partial<AgentInstance>): AgentInstance => ({
  addresses: [`${VIP}/32`],
  advertisement_interval: '1s',
  ...more,
});

function startOn(lab: Lab, director: number, more: Partial<AgentInstance>, top = {}) {
  const instances = [instanceOf(more)];
  return startAgent(lab, lab.director(director), { instances, more: top });
}

/** The time that the client's probes were not answered, and how many were not. */
async function lossesOf(lab: Lab, story: () => Promise<void>): Promise<number> {
  const prober = await Prober.start(lab, VIP, PROBE_EVERY_US);
  await waitFor('an answer', () => prober.probes().some((one) => one.answeredAt !== undefined));
  await story();
  const asked = prober.probes().length;
  await waitFor('later answers', () => prober.probes().length > asked + 20);
  const probes = probesIn(await prober.stop(), VIP).slice(0, asked);
  return probes.filter(({ answeredAt }) => answeredAt === undefined).length;
}

async function killedAndStarted(
  lab: Lab,
  agent: AgentPeer,
  more: Partial<AgentInstance>,
): Promise<AgentPeer> {
  await agent.kill();
  const next = await startOn(lab, 1, more);
  const row = await reaches(next, 'MASTER');
  expect(row.last_transition).toMatchObject({ from: 'INIT', to: 'MASTER', cause: 'still-master' });
  return next;
}

test.each([
  ['', {}],
  [' with a virtual MAC', { virtual_mac: true }],
  [' in version 2', { version: 2 as const }],
])(
  `FR-P: an agent that is killed and started again ${KILLS} times%s: no probe is lost`,
  (_, more) =>
    inLab(async (lab) => {
      let agent = await startOn(lab, 1, { priority: 150, ...more });
      await reaches(agent, 'MASTER');
      const backup = await startOn(lab, 2, more);
      await reaches(backup, 'BACKUP');
      await waitFor('the MASTER is heard', async () => (await backup.instance()).master !== null);
      const before = (await eventsOf(backup)).length;
      const lost = await lossesOf(lab, async () => {
        for (let count = 0; count < KILLS; count++) {
          agent = await killedAndStarted(lab, agent, { priority: 150, ...more });
        }
      });
      expect(lost).toBe(0);
      expect((await eventsOf(backup)).length).toBe(before);
    }),
  120_000,
);

test(
  'an agent that is started again too late is BACKUP, and so is one with `resume: off`',
  () =>
    inLab(async (lab) => {
      const fast = { advertisement_interval: '100ms', lease: 'off', priority: 150 };
      const agent = await startOn(lab, 1, fast);
      await reaches(agent, 'MASTER');
      const backup = await startOn(lab, 2, { advertisement_interval: '100ms' });
      await reaches(backup, 'BACKUP');
      await agent.kill();
      await reaches(backup, 'MASTER');
      const late = await startOn(lab, 1, { ...fast, preempt: false });
      expect((await reaches(late, 'BACKUP')).last_transition).toMatchObject({ cause: 'started' });
      await late.stop();
      await backup.stop();

      const slow = { priority: 150 };
      const master = await startOn(lab, 1, slow);
      await reaches(master, 'MASTER');
      await master.kill();
      const off = await startOn(lab, 1, slow, { resume: 'off' });
      expect((await reaches(off, 'BACKUP')).last_transition).toMatchObject({ cause: 'started' });
    }),
  60_000,
);
