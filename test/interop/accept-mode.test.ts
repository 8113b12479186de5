/** `accept: false` and `version: 2+3` with real kernels and real peers. */
import { describe, expect, test } from 'vitest';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { eventsOf, has, outcomeOf, reaches, startOn, VIP } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

async function answersPing(lab: Lab): Promise<boolean> {
  const ping = ['ping', '-c', '1', '-W', '1', VIP];
  return (await outcomeOf(lab.client, ping)).status === 0;
}

async function holdersOf(lab: Lab): Promise<string[]> {
  return (await lab.holders(VIP)).map(({ name }) => name);
}

async function tableOn(lab: Lab): Promise<string> {
  const list = ['nft', 'list', 'table', 'inet', 'vrrp_agent'];
  return (await outcomeOf(lab.director(1), list)).stdout;
}

describe.skipIf(lacks('nft'))('accept: false', () => {
  test('closes the VIP from the start, again after a flush, and ends with the agent', async () => {
    await inLab(async (lab) => {
      const agent = await startOn(lab, 1, { accept: false });
      expect(await tableOn(lab)).toContain(VIP);
      await reaches(agent, 'MASTER');
      expect(await has(lab, agent.host, VIP)).toBe(true);
      expect(await answersPing(lab)).toBe(false);

      await outcomeOf(agent.host, ['nft', 'flush', 'ruleset']);
      await waitFor('the table', async () => (await tableOn(lab)).includes(VIP));
      await waitFor('the event', async () =>
        (await eventsOf(agent)).some(({ kind }) => kind === 'accept-filter-restored'),
      );

      await agent.stop();
      expect(await tableOn(lab)).toBe('');
    });
  });

  test('keeps VIPs closed after the agent is killed, until the next start', async () => {
    await inLab(async (lab) => {
      const killed = await startOn(lab, 1, { accept: false });
      await reaches(killed, 'MASTER');
      await killed.kill();
      expect(await answersPing(lab)).toBe(false);

      const agent = await startOn(lab, 1);
      await reaches(agent, 'MASTER');
      expect(await tableOn(lab)).toBe('');
      expect(await answersPing(lab)).toBe(true);
    });
  });
});

const BOTH = { defaults: { version: '2+3' } };

describe.skipIf(lacks('keepalived'))('version: 2+3', () => {
  test('leads keepalived of version 2 and of version 3 at the same time', async () => {
    await inLab(async (lab) => {
      const better = {
        priority: 200,
        advertisement_interval: '1s',
        checksum: 'pseudo_header',
      } as const;
      const agent = await startOn(lab, 1, better, BOTH);
      await reaches(agent, 'MASTER');
      for (const [director, version] of [
        [2, 2],
        [3, 3],
      ] as const) {
        await startKeepalived(lab, lab.director(director), { version, addresses: [VIP] });
      }
      await sleep(5_000);
      expect(await holdersOf(lab)).toEqual([agent.host.name]);
    }, 3);
  });

  test.each([2, 3] as const)('follows keepalived of version %i', async (version) => {
    await inLab(async (lab) => {
      await startKeepalived(lab, lab.director(2), { version, addresses: [VIP], priority: 200 });
      const { name } = lab.director(2);
      await expect.poll(() => holdersOf(lab), { timeout: 10_000 }).toEqual([name]);
      const agent = await startOn(lab, 1, { advertisement_interval: '1s' }, BOTH);
      await sleep(5_000);
      expect((await agent.instance()).state).toBe('BACKUP');
      expect(await holdersOf(lab)).toEqual([name]);
    });
  });
});
