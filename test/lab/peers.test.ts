/** The other programs among themselves, as the interop suite expects them to behave. */
import { describe, expect, test } from 'vitest';
import { advertisementsIn, Capture } from '../../src/lab/packets/capture.ts';
import { frrState, startFrr } from '../../src/lab/peers/frr.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { Contestant, Duel } from '../interop/harness/duel.ts';
import { useLabs } from '../interop/harness/fresh-lab.ts';
import { lacks } from '../interop/harness/requirements.ts';
import { electionCrashAndReturn, equalsMeet } from '../interop/harness/stories.ts';

const address = virtualAddress(0);

describe.skipIf(lacks('keepalived'))('a pair of keepaliveds', () => {
  const labs = useLabs();

  async function pair(priorities: readonly [number, number]) {
    const lab = await labs.up();
    const start = (priority: number) => (host: LabHost) =>
      startKeepalived(lab, host, { addresses: [address], priority, intervalSeconds: 0.2 });
    const duel = new Duel(lab, address);
    const lb1 = new Contestant(lab.director(1), start(priorities[0]));
    const lb2 = new Contestant(lab.director(2), start(priorities[1]));
    return { lab, duel, lb1, lb2 };
  }

  test('elects, fails over when the port is cut, and preempts', async () => {
    const { duel, lb1, lb2 } = await pair([150, 100]);
    await electionCrashAndReturn(duel, lb1, lb2, 200);
  });

  test('has two MASTERs while VRRP is blocked between them, and one afterwards', async () => {
    const { duel, lb1, lb2 } = await pair([100, 100]);
    await equalsMeet(duel, lb1, lb2);
  });

  test('sends the advertisements in the capture', async () => {
    const { lab, duel, lb1 } = await pair([150, 100]);
    const capture = await Capture.start(lab, { filter: 'proto 112', host: lab.client });
    await duel.start(lb1);
    await duel.isMaster(lb1);
    const [first] = advertisementsIn(await capture.stop());
    expect(first).toMatchObject({
      source: lb1.host.address,
      destination: '224.0.0.18',
      ttl: 255,
      advertisement: { version: 3, vrid: 55, priority: 150, addresses: [address] },
    });
  });

  test('is silent while it is frozen', async () => {
    const { duel, lb1, lb2 } = await pair([150, 100]);
    await duel.start(lb1, lb2);
    await duel.isMaster(lb1);
    lb1.peer.freeze();
    await expect.poll(() => duel.lab.holders(address), { timeout: 10_000 }).toHaveLength(2);
    expect(await duel.advertisers(600)).toEqual(new Set([lb2.host.address]));
    lb1.peer.thaw();
    await duel.isMaster(lb1);
  });
});

describe.skipIf(lacks('vrrpd', 'zebra', 'vtysh'))('a pair of FRRouting routers', () => {
  const labs = useLabs();

  test('elects, fails over when the port is cut, and preempts', async () => {
    const lab = await labs.up();
    const start = (priority: number) => (host: LabHost) =>
      startFrr(lab, host, { addresses: [address], priority, intervalMilliseconds: 200 });
    const better = new Contestant(lab.director(1), start(150));
    const worse = new Contestant(lab.director(2), start(100));
    await electionCrashAndReturn(new Duel(lab, address), better, worse, 200);
    expect(await frrState(lab, better.host)).toBe('Master');
    expect(await frrState(lab, worse.host)).toBe('Backup');
  });
});
