/** A unicast router whose port was down long enough for the kernel of its peer to forget its MAC address. */
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost, virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';

const RETURNS = 3;

const globalOf = ({ linkLocal }: LabHost) => ip(linkLocal.replace('fe80::', '2001:db8::'));

/** What the kernel of the host says about the neighbour. */
function neighbour(lab: Lab, host: LabHost, address: IpAddress): Promise<string> {
  return lab.run(host, 'ip', ['neigh', 'show', address, 'dev', HOST_INTERFACE]);
}

/** The kernel doubts an entry after a second, and not after half a minute. */
async function forgetsQuickly(lab: Lab, host: LabHost): Promise<void> {
  for (const family of ['ipv4', 'ipv6']) {
    const at = `net.${family}.neigh.${HOST_INTERFACE}`;
    const keys = [`${at}.base_reachable_time_ms=500`, `${at}.delay_first_probe_time=1`];
    await lab.run(host, 'sysctl', ['-qw', ...keys]);
  }
}

describe.skipIf(lacks())('a unicast router with a preempt_delay', () => {
  const labs = useLabs();

  test.each([
    ['IPv4', ({ address }: LabHost) => address, [`${virtualAddress(0)}/32`]],
    ['IPv6', globalOf, ['fe80::55:1/128', '2001:db8::55/128']],
  ] as const)('FR-B102 waits after its return, over %s', async (_, sourceOf, addresses) => {
    const lab = await labs.up();
    const [own, other] = [lab.director(1), lab.director(2)];
    for (const host of [own, other]) await lab.addAddress(host, globalOf(host), 64);
    await forgetsQuickly(lab, other);
    const start = (host: LabHost, peer: LabHost, priority: number) => {
      const unicast = { source: sourceOf(host), peers: [sourceOf(peer)] };
      const timing = { advertisement_interval: '100ms', preempt_delay: '30s' };
      return startAgent(lab, host, { instances: [{ ...timing, priority, addresses, unicast }] });
    };
    const peer = await start(other, own, 100);
    // Alone first: the address of either host may be the last whose uniqueness the kernel has proved.
    await waitFor('the election', async () => (await peer.state()) === 'MASTER');
    const agent = await start(own, other, 150);
    for (let round = 0; round < RETURNS; round++) {
      await lab.cut(own);
      await waitFor(
        'a failed entry',
        async () => {
          return /FAILED|INCOMPLETE/.test(await neighbour(lab, other, sourceOf(own)));
        },
        { milliseconds: 30_000 },
      );
      await lab.restore(own);
      await waitFor('the return', async () => (await agent.state()) !== 'FAULT');
      await sleep(1_000);
      expect(await agent.state()).toBe('BACKUP');
      expect((await agent.instance()).master?.address).toBe(sourceOf(other));
    }
  });
});
