/** Another host that has a VIP and does not advertise, on the real kernel. */
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn, VIP } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

describe.skipIf(lacks()).concurrent('address_conflict: fault', () => {
  test('goes to FAULT, names the MAC of the other host, and returns when it is gone', () =>
    inLab(async (lab) => {
      const holder = lab.director(2);
      await lab.addAddress(holder, VIP, 32);
      const agent = await startOn(lab, 1, { address_conflict: 'fault' });
      await reaches(agent, 'FAULT', ['address-conflict']);
      const text = await lab.run(holder, 'cat', ['/sys/class/net/eth0/address']);
      const conflict = (await eventsOf(agent)).find((event) => event.kind === 'address-conflict');
      expect(conflict).toMatchObject({ address: VIP, mac: text.trim() });
      await lab.deleteAddress(holder, VIP, 32);
      await reaches(agent, 'MASTER');
    }));

  test('is not reported for two MASTERs of one group', () =>
    inLab(async (lab) => {
      const low = await startOn(lab, 1, { address_conflict: 'fault', priority: 100 });
      await reaches(low, 'MASTER');
      const high = await startOn(lab, 2, { address_conflict: 'fault', priority: 200 });
      await reaches(high, 'MASTER');
      await reaches(low, 'BACKUP');
      await waitFor(
        'a while',
        async () => (await high.instance()).counters['advertisement-sent'] > 40,
      );
      expect(await high.state()).toBe('MASTER');
      expect(await low.state()).toBe('BACKUP');
    }));
});
