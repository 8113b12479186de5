import { afterEach, expect, test } from 'vitest';
import { EtcdCluster } from '../../../../src/checker/etcd/cluster.ts';
import { KeyKeeper } from '../../../../src/checker/etcd/key-keeper.ts';
import { seconds } from '../../../../src/net/time.ts';
import { FakeMember } from './fake-etcd.ts';

const TTL = seconds(5);

const REVOKE = '/v3/lease/revoke';
const TXN = '/v3/kv/txn';

let open: FakeMember | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function rig() {
  const member = await FakeMember.start();
  open = member;
  const clock = { ms: 1_000_000 };
  const keys = new KeyKeeper({
    cluster: new EtcdCluster({
      endpoints: [member.origin],
      tls: { ca: undefined, cert: undefined, key: undefined },
      user: undefined,
      attemptMs: 1_000,
      staggerMs: 250,
    }),
    ...{ prefix: '/pair/', director: 'lb1', host: 'host-1', attemptMs: 1_000 },
    now: () => clock.ms,
    routerOf: () => 'ipv4 55',
    refused: () => {},
  });
  const revocations = () => member.asked.filter((path) => path === REVOKE).length;
  /** Attempts that granted a lease and failed then. */
  const fail = async (times: number, everyMs: number) => {
    member.faults.set(TXN, { destroy: true });
    for (let i = 0; i < times; i++) {
      expect(await keys.acquire('web', TTL)).toMatchObject({ outcome: 'failed' });
      clock.ms += everyMs;
    }
    member.faults.clear();
  };
  return { member, keys, clock, revocations, fail };
}

test('leases of attempts that have failed long ago are forgotten, as they have ended', async () => {
  const { keys, clock, revocations, fail } = await rig();
  await fail(5, 600);
  clock.ms += 6_000;
  expect(await keys.acquire('web', TTL)).toEqual({ outcome: 'acquired' });
  expect(await keys.release('web')).toEqual({ outcome: 'released' });
  expect(revocations()).toBe(0);
});

test('the leases of an outage are few, and are revoked one after the other', async () => {
  const { member, keys, revocations, fail } = await rig();
  await fail(30, 10);
  const granted = member.cluster.leases.size + 1;
  const revoked = () => granted - member.cluster.leases.size;
  let most = 0;
  member.before = () => {
    most = Math.max(most, revocations() - revoked());
  };
  expect(await keys.acquire('web', TTL)).toEqual({ outcome: 'acquired' });
  await expect.poll(revocations).toBe(9);
  await expect.poll(revoked).toBe(9);
  expect(most).toBe(1);
});

test('a release that is interrupted continues where it was, and puts nothing back', async () => {
  const { member, keys, revocations, fail } = await rig();
  await fail(4, 10);
  member.before = () => {
    if (revocations() === 3) member.faults.set(REVOKE, { destroy: true });
  };
  expect(await keys.release('web')).toMatchObject({ outcome: 'failed' });
  member.before = () => {};
  member.faults.clear();
  expect(await keys.release('web')).toEqual({ outcome: 'released' });
  expect(revocations()).toBe(5);
  expect(member.cluster.leases.size).toBe(0);
});
