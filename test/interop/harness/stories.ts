/** Behaviour that any two VRRP programs must show, as shared tests. */
import { expect } from 'vitest';
import { advertisementsIn } from '../../../src/lab/packets/capture.ts';
import { advertisementSource } from '../../../src/lab/topology/layout.ts';
import type { Contestant, Duel } from './duel.ts';
import { holdersDuring } from './master.ts';

/** The higher priority is MASTER, crashes, the other takes over, and the first one preempts. */
export async function electionCrashAndReturn(
  duel: Duel,
  better: Contestant,
  worse: Contestant,
  intervalMilliseconds: number,
): Promise<void> {
  await duel.start(worse, better);
  await duel.isMaster(better);
  await advertisesAlone(duel, better, intervalMilliseconds);

  await duel.crash(better);
  await duel.isMaster(worse);

  await duel.comeBack(better);
  await duel.isMaster(better);
  await advertisesAlone(duel, better, intervalMilliseconds);
}

/** An owner has its address before it is MASTER: only packets show when the other has yielded. */
async function advertisesAlone(duel: Duel, { host }: Contestant, intervalMilliseconds: number) {
  await expect
    .poll(() => duel.advertisers(intervalMilliseconds * 4), { timeout: 10_000 })
    .toEqual(new Set([advertisementSource(host, duel.address)]));
}

/** A returning director without preemption does not take the address. */
export async function returnWithoutPreemption(
  duel: Duel,
  better: Contestant,
  worse: Contestant,
  intervalMilliseconds: number,
): Promise<void> {
  await duel.start(better);
  await duel.isMaster(better);
  await duel.start(worse);
  // By now it knows which form of checksum the other accepts.
  await advertisesAlone(duel, better, intervalMilliseconds);
  await duel.crash(better);
  await duel.isMaster(worse);

  await duel.comeBack(better);
  const holders = await holdersDuring(duel.lab, duel.address, intervalMilliseconds * 6);
  expect(holders).toEqual(new Set([worse.host.name]));
}

/** After a split with equal priorities, the higher address stays MASTER. */
export async function equalsMeet(duel: Duel, lower: Contestant, higher: Contestant): Promise<void> {
  await duel.lab.blockVrrp(lower.host, higher.host);
  await duel.start(lower, higher);
  const { host } = lower;
  await expect.poll(() => duel.lab.holders(duel.address), { timeout: 20_000 }).toHaveLength(2);
  await duel.lab.unblockVrrp();
  await duel.isMaster(higher);
  expect(host.address).not.toBe(higher.host.address);
}

/**
 * A stopped MASTER sends priority 0, and the other waits only for its Skew_Time (RFC 9568 section
 * 6.4.2). The bound has half an interval more, for a busy host.
 */
export async function plannedStop(
  duel: Duel,
  better: Contestant,
  worse: Contestant,
  intervalMilliseconds: number,
): Promise<void> {
  await duel.start(worse, better);
  await duel.isMaster(better);
  const capture = await duel.capture();
  await better.peer.stop();
  await duel.isMaster(worse);
  const adverts = advertisementsIn(await capture.stop());
  const sourceOf = ({ host }: Contestant) => advertisementSource(host, duel.address);
  const resigned = adverts.findIndex(
    ({ source, advertisement }) => source === sourceOf(better) && advertisement.priority === 0,
  );
  const successor = adverts.findIndex(({ source }) => source === sourceOf(worse));
  expect(resigned, 'an advertisement of priority 0').toBeGreaterThanOrEqual(0);
  expect(successor).toBeGreaterThan(resigned);
  const gap = (adverts[successor]?.at ?? 0) - (adverts[resigned]?.at ?? 0);
  expect(gap / 1_000).toBeLessThan(intervalMilliseconds * 1.5);
}
