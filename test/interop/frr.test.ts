/**
 * With FRRouting's vrrpd: version 3 over IPv4 with a pseudo-header in the checksum, virtual MAC. Its
 * addresses stay on the macvlan link, which has a carrier while vrrpd is MASTER.
 */
import { describe, test } from 'vitest';
import { startFrr } from '../../src/lab/peers/frr.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';
import { electionCrashAndReturn, equalsMeet } from './harness/stories.ts';

const INTERVAL_MILLISECONDS = 200;

describe.skipIf(lacks('vrrpd', 'zebra', 'vtysh'))('with FRRouting in version 3', () => {
  const labs = useLabs();

  async function pair(priorities: { readonly agent: number; readonly frr: number }) {
    const lab = await labs.up();
    const address = virtualAddress(0);
    const instance = {
      priority: priorities.agent,
      advertisement_interval: `${INTERVAL_MILLISECONDS}ms`,
      addresses: [`${address}/32`],
    };
    const options = {
      priority: priorities.frr,
      intervalMilliseconds: INTERVAL_MILLISECONDS,
      addresses: [address],
    };
    return {
      duel: new Duel(lab, address),
      agent: new Contestant(lab.director(1), (host) =>
        startAgent(lab, host, { instances: [instance] }),
      ),
      frr: new Contestant(lab.director(2), (host) => startFrr(lab, host, options)),
    };
  }

  test('vrrpd takes over from the agent, and yields to it again', async () => {
    const { duel, agent, frr } = await pair({ agent: 150, frr: 100 });
    await electionCrashAndReturn(duel, agent, frr, INTERVAL_MILLISECONDS);
  });

  test('the agent takes over from vrrpd, and yields to it again', async () => {
    const { duel, agent, frr } = await pair({ agent: 100, frr: 150 });
    await electionCrashAndReturn(duel, frr, agent, INTERVAL_MILLISECONDS);
  });

  test('of equals vrrpd stays MASTER when its address is higher', async () => {
    const { duel, agent, frr } = await pair({ agent: 100, frr: 100 });
    await equalsMeet(duel, agent, frr);
  });
});
