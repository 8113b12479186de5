/** A director comes back, learns the connections that began without it, and takes the VIPs back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Director, endAll, Lines, LoadClient, pause, script, start, until } from './processes.ts';
import {
  buildTopology,
  DR_VIP,
  GATEWAY,
  NAT_VIP,
  PORT,
  SERVERS,
  tearDownTopology,
} from './topology.ts';

const LOADED = 402;

function configOf(priority: number): object {
  const service = (name: 'nat' | 'dr', vip: string) => ({
    name,
    address: `${vip}:${PORT}`,
    forwarding: name,
    scheduler: 'rr',
    servers: SERVERS[name],
  });
  return {
    instances: [
      {
        name: 'web',
        interface: 'out',
        vrid: 55,
        priority,
        preempt_when_synced: { max_wait: '3m' },
        advertisement_interval: '200ms',
        addresses: [NAT_VIP, DR_VIP],
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
      },
    ],
    ipvs: {
      sync: { interface: 'in' },
      services: [service('nat', NAT_VIP), service('dr', DR_VIP)],
    },
  };
}

const a = new Director('a');
const b = new Director('b');

beforeAll(async () => {
  tearDownTopology();
  buildTopology();
  await Promise.all(
    (['nat1', 'nat2', 'dr1', 'dr2'] as const).map((host) =>
      new Lines(start(host, ['node', script('echo-server.mjs'), host, String(PORT)])).next(),
    ),
  );
});

afterAll(async () => {
  await Promise.all([a.stop('SIGTERM'), b.stop('SIGTERM')]);
  await endAll();
  tearDownTopology();
});

test('a director that was away loses no connection when it takes the VIPs back', async () => {
  b.start(configOf(100));
  await b.reached('MASTER');
  const client = await LoadClient.start();
  for (const vip of [NAT_VIP, DR_VIP]) await client.tell(`open ${vip} ${PORT}`);
  await until('all connections are answered', async () => {
    const { answered } = await client.tell('state');
    return answered === LOADED;
  });
  a.start(configOf(150));
  await a.reached('BACKUP');
  await a.reached('MASTER');
  await until('the connections of the move are known', async () => {
    const { sync } = await a.ipvs();
    return sync !== null && sync.connections.live >= LOADED && sync.connections.caught_up;
  });
  await pause(6);
  const outcomes = await client.finish();
  expect(outcomes.filter(({ lost }) => lost !== null)).toEqual([]);
  expect(outcomes).toHaveLength(LOADED);
  expect((await a.instance())?.last_transition?.reason).toBe(
    'a lower priority was MASTER, and the table of connections has caught up',
  );
});
