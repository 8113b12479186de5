/** Changes to the agent's machine by others: addresses, links, time. */
import { describe, expect, test } from 'vitest';
import { ipBatch } from '../../src/lab/command.ts';
import { advertisementsIn, announcementsIn, Capture } from '../../src/lab/packets/capture.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor, wallClock } from '../../src/lab/wait.ts';
import { eventsOf, has, INTERVAL, reaches, startOn, VIP } from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

describe.skipIf(lacks()).concurrent('an agent', () => {
  test('adds a deleted VIP again, announces it and reports it', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      const capture = await Capture.start(lab, { filter: 'arp' });
      await lab.deleteAddress(agent.host, VIP, 32);
      await waitFor(`${VIP} is back`, () => has(lab, agent.host, VIP));
      await waitFor('announcements', () =>
        announcementsIn(capture.frames()).some(({ address }) => address === VIP),
      );
      const { state, counters } = await agent.instance();
      expect([state, counters['addresses-restored']]).toEqual(['MASTER', 1]);
      expect(counters['master-transitions']).toBe(1);
      expect(await eventsOf(agent)).toContainEqual(
        expect.objectContaining({ kind: 'address-restored', instance: 'web', address: VIP }),
      );
    }, 1));

  test('removes leftovers of a killed agent before it is BACKUP', () =>
    inLab(async (lab) => {
      const killed = await startOn(lab, 1, { priority: 150, lease: 'off' });
      await reaches(killed, 'MASTER');
      await killed.kill();
      expect(await has(lab, killed.host, VIP)).toBe(true);
      const other = await startOn(lab, 2);
      await reaches(other, 'MASTER');

      const again = await startOn(lab, 1, { priority: 50 });
      await holdsAlone(lab, lab.director(2), VIP);
      expect(await again.state()).toBe('BACKUP');
      expect(await eventsOf(again)).toContainEqual(
        expect.objectContaining({ kind: 'address-cleaned', instance: 'web', address: VIP }),
      );
    }));

  test('waits in FAULT for a missing link, and for one that disappears and returns', () =>
    inLab(async (lab) => {
      const leader = await startOn(lab, 1, { interface: 'san0', priority: 150 });
      const follower = await startOn(lab, 2, { interface: 'san0' });
      const bothWait = () =>
        Promise.all([leader, follower].map((one) => reaches(one, 'FAULT', ['interface-missing'])));
      await bothWait();
      for (const life of ['first', 'second']) {
        await joinDirectly(lab, 'san0');
        await reaches(leader, 'MASTER');
        // It hears the other director on the new link.
        const { master } = await waitFor(`a master in its ${life} life`, async () => {
          const row = await follower.instance();
          return row.master?.address === '203.0.113.1' && row;
        });
        expect(master).toEqual({ address: '203.0.113.1', priority: 150, interval_ms: INTERVAL });
        expect(await follower.state()).toBe('BACKUP');
        await ipBatch(['link delete san0'], leader.host.namespace);
        await bothWait();
      }
    }));

  test('is in FAULT while its link has no carrier, and keeps no VIP there', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      await lab.cut(agent.host);
      await reaches(agent, 'FAULT', ['interface-down']);
      await waitFor('the VIP is gone', async () => !(await has(lab, agent.host, VIP)));
      await lab.restore(agent.host);
      await reaches(agent, 'MASTER');
      await holdsAlone(lab, agent.host, VIP);
    }, 1));

  test('is in FAULT while its link is set down by the administrator', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      await ipBatch(['link set eth0 down'], agent.host.namespace);
      await reaches(agent, 'FAULT', ['interface-down']);
      await ipBatch(['link set eth0 up'], agent.host.namespace);
      await reaches(agent, 'MASTER');
      await holdsAlone(lab, agent.host, VIP);
    }, 1));

  test('is in FAULT while its link has no source address', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await reaches(agent, 'MASTER');
      const capture = await Capture.start(lab, { filter: 'proto 112' });
      await lab.deleteAddress(agent.host, agent.host.address, 24);
      await reaches(agent, 'FAULT', ['no-address']);
      await reaches(other, 'MASTER');
      await holdsAlone(lab, other.host, VIP);
      await lab.addAddress(agent.host, agent.host.address, 24);
      await reaches(agent, 'MASTER');
      await holdsAlone(lab, agent.host, VIP);
      const sources = new Set(advertisementsIn(await capture.stop()).map(({ source }) => source));
      expect(sources).toEqual(new Set([agent.host.address, other.host.address]));
    }));

  test('that was frozen as MASTER listens before it sends, and yields', () =>
    inLab(async (lab) => {
      const frozen = await startOn(lab, 1, { priority: 150 });
      const other = await startOn(lab, 2);
      await reaches(frozen, 'MASTER');
      frozen.freeze();
      await reaches(other, 'MASTER');
      await sleep(1_500);
      const capture = await Capture.start(lab, { host: frozen.host, filter: 'proto 112 or arp' });
      const thawedAt = wallClock();
      frozen.thaw();
      await waitFor('the release of the VIP', async () => !(await has(lab, frozen.host, VIP)), {
        everyMilliseconds: 1,
      });
      // It has the higher priority: it preempts after its Master_Down_Interval.
      await reaches(frozen, 'MASTER');
      await holdsAlone(lab, frozen.host, VIP);
      const frames = await capture.stop();
      const own = advertisementsIn(frames).filter(({ source }) => source === frozen.host.address);
      const said = [...own, ...announcementsIn(frames)].map(({ at }) => (at - thawedAt) / 1_000);
      expect(Math.min(...said)).toBeGreaterThan(INTERVAL * 3);
      expect((await eventsOf(frozen)).map(({ kind }) => kind)).toContain('stall');
    }));
});

/** A separate cable between the two directors: 203.0.113.1 and 203.0.113.2. */
async function joinDirectly(lab: Lab, name: string): Promise<void> {
  const [first, second] = [lab.director(1).namespace, lab.director(2).namespace];
  await ipBatch([`link add ${name} netns ${first} type veth peer name ${name} netns ${second}`]);
  await ipBatch([`addr add 203.0.113.2/24 dev ${name}`, `link set ${name} up`], second);
  await ipBatch([`addr add 203.0.113.1/24 dev ${name}`, `link set ${name} up`], first);
}
