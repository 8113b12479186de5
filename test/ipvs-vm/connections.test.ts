/** Connections through a pair of directors, whose MASTER crashes or hands over. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Director,
  endAll,
  Lines,
  LoadClient,
  type Outcome,
  pause,
  script,
  start,
} from './processes.ts';
import {
  buildTopology,
  DR_VIP,
  GATEWAY,
  type Host,
  inside,
  NAT_VIP,
  PORT,
  plug,
  SERVERS,
  tearDownTopology,
} from './topology.ts';

const INTERVAL = '200ms';
const RECOMMENDED = { sync_threshold: '1 2', sync_refresh_period: 10, sync_retries: 2 };
const DEFAULTS = { sync_threshold: '3 50', sync_refresh_period: 0, sync_retries: 0 };

interface Variant {
  readonly sysctl: Record<string, string | number>;
  readonly scheduler?: object;
  readonly sync?: false;
}

function configOf(priority: number, { sysctl, scheduler, sync }: Variant): object {
  const service = (name: 'nat' | 'dr', vip: string) => ({
    name,
    address: `${vip}:${PORT}`,
    forwarding: name,
    servers: SERVERS[name],
    ...(scheduler ?? { scheduler: 'rr' }),
  });
  return {
    instances: [
      {
        name: 'web',
        interface: 'out',
        vrid: 55,
        priority,
        preempt: false,
        advertisement_interval: INTERVAL,
        addresses: [NAT_VIP, DR_VIP],
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
      },
    ],
    ipvs: {
      sysctl,
      ...(sync === false ? {} : { sync: { interface: 'in' } }),
      services: [service('nat', NAT_VIP), service('dr', DR_VIP)],
    },
  };
}

const a = new Director('a');
const b = new Director('b');

/** `first` becomes MASTER, `second` BACKUP with its daemon running. */
async function startPair(first: Director, second: Director, variant: Variant): Promise<void> {
  first.start(configOf(150, variant));
  second.start(configOf(100, variant));
  await Promise.all([first.reached('MASTER'), second.reached('BACKUP')]);
}

async function stopPair(): Promise<void> {
  await Promise.all([a.stop('SIGTERM'), b.stop('SIGTERM')]);
}

/** 221 connections to each VIP, the young ones half a second old when this returns. */
async function loaded(): Promise<LoadClient> {
  const client = await LoadClient.start();
  for (const vip of [NAT_VIP, DR_VIP]) await client.tell(`open ${vip} ${PORT}`);
  await pause(6);
  for (const vip of [NAT_VIP, DR_VIP]) await client.tell(`young ${vip} ${PORT}`);
  await pause(0.5);
  return client;
}

function lost(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter((one) => one.lost !== null)
    .map(({ kind, vip, lost: why }) => `${kind} ${vip}: ${why}`);
}

/** The longest silence of the busy connections, in seconds. */
function outage(outcomes: readonly Outcome[]): number {
  const gaps = outcomes.filter(({ kind }) => kind === 'main').map(({ gap_ms: gap }) => gap);
  return Math.max(...gaps) / 1_000;
}

function roles({ sync }: Awaited<ReturnType<Director['ipvs']>>): string[] {
  return (sync?.daemons ?? []).map(({ role }) => role);
}

beforeAll(async () => {
  tearDownTopology();
  buildTopology();
  const servers: readonly Host[] = ['nat1', 'nat2', 'dr1', 'dr2'];
  await Promise.all(
    servers.map((host) =>
      new Lines(start(host, ['node', script('echo-server.mjs'), host, String(PORT)])).next(),
    ),
  );
});

afterAll(async () => {
  await endAll();
  tearDownTopology();
});

describe('a planned move', () => {
  test('loses no connection, not even a young one', async () => {
    await startPair(a, b, { sysctl: RECOMMENDED });
    expect(roles(await a.ipvs())).toEqual(['master']);
    expect(roles(await b.ipvs())).toEqual(['backup']);
    const client = await loaded();
    const stopped = a.stop();
    await b.reached('MASTER');
    await pause(5);
    const outcomes = await client.finish();
    console.log(`planned: outage ${outage(outcomes)} s`);
    expect(outcomes).toHaveLength(442);
    expect(lost(outcomes)).toEqual([]);
    expect(await stopped).toBe(0);
    expect(inside('a', 'ipvsadm', '-Ln', '--daemon').trim()).toBe('');
    expect(roles(await b.ipvs())).toEqual(['master']);
  });
});

describe('a crash', () => {
  test.each([
    ['recommended settings', { sysctl: RECOMMENDED }],
    ["the kernel's defaults", { sysctl: DEFAULTS }],
  ])('with %s loses no connection that is older than 4 s', async (_, variant) => {
    await stopPair();
    await startPair(b, a, variant);
    const client = await loaded();
    plug('b', 'down');
    await a.reached('MASTER');
    await pause(5);
    const outcomes = await client.finish();
    plug('b', 'up');
    console.log(`crash: outage ${outage(outcomes)} s; young: ${lost(outcomes).length} lost`);
    expect(lost(outcomes.filter(({ kind }) => kind !== 'young'))).toEqual([]);
  });

  test('with hashing and sloppy_tcp loses nothing without any synchronisation', async () => {
    await stopPair();
    const variant: Variant = {
      sysctl: { sloppy_tcp: 1 },
      scheduler: { scheduler: 'mh', flags: ['mh-port'] },
      sync: false,
    };
    await startPair(b, a, variant);
    const client = await loaded();
    plug('b', 'down');
    await a.reached('MASTER');
    await pause(5);
    const outcomes = await client.finish();
    plug('b', 'up');
    expect(lost(outcomes)).toEqual([]);
    await stopPair();
  });
});
