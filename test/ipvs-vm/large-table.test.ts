/**
 * FR-N3: tables of 10⁵ connections on a kernel that needs more than a minute to list them. The connections
 * come from messages of the kind that sync daemons send, so that no client has to open them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import type { ConnectionsDocument } from '../../src/control/ipvs-document.ts';
import { ip } from '../../src/net/address.ts';
import { encodeSyncMessages, type SyncEntry } from '../../src/wire/connections/sync-message.ts';
import { Director } from './director.ts';
import { endAll, pause, script, start, until } from './processes.ts';
import { buildTopology, GATEWAY, NAT_VIP, PORT, SERVERS, tearDownTopology } from './topology.ts';

const ALL = 100_000;
const LACKING = 5_000;
const SYNC_ID = 55;
const GROUP = '224.0.0.81';
const SYNC_PORT = 8_848;
const LONGEST_MESSAGE = 1_400;
const TIMEOUT_SECONDS = 3_600;
/** Of one processor, more than with a small table. */
const SHARE = 0.05;
const SETTLING_SECONDS = 5;
const QUIET_SECONDS = 20;
const OBSERVED_SECONDS = 8;

const [a, b] = [new Director('a'), new Director('b')];

beforeAll(() => {
  tearDownTopology();
  buildTopology(['a', 'b', 'nat1', 'nat2']);
});

afterAll(async () => {
  await endAll();
  tearDownTopology();
});

function configOf(priority: number): object {
  return {
    instances: [
      {
        ...{ name: 'web', interface: 'out', vrid: 55, priority, addresses: [NAT_VIP] },
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
        ...{ advertisement_interval: '1s', preempt: false },
      },
    ],
    ipvs: {
      // Both daemons run, so that the MASTER takes connections too.
      sync: { interface: 'in', instance: 'web', sync_id: SYNC_ID, mode: 'both' },
      services: [
        { name: 'nat', address: `${NAT_VIP}:${PORT}`, scheduler: 'rr', servers: SERVERS.nat },
      ],
    },
  };
}

/** Each has a client port of its own; the servers alternate. */
function entriesOf(count: number): SyncEntry[] {
  const [vip, servers] = [ip(NAT_VIP), SERVERS.nat.map((server) => ip(server))];
  return Array.from({ length: count }, (_, number) => ({
    connection: {
      protocol: 'TCP',
      client: { address: ip(`198.51.100.${number >> 15}`), port: 1_024 + (number & 0x7fff) },
      service: { address: vip, port: PORT },
      server: { address: servers[number % 2] ?? vip, port: PORT },
      state: 'ESTABLISHED',
      isSynced: true,
      seconds: TIMEOUT_SECONDS,
    },
    ...{ forwarding: 'nat', mark: 0, timeout: TIMEOUT_SECONDS },
  }));
}

/** Every director that runs hears of the first connections. */
async function tell(count: number): Promise<void> {
  const messages = encodeSyncMessages(entriesOf(count), SYNC_ID, LONGEST_MESSAGE);
  const file = '/run/sync-messages';
  const parts = messages.flatMap((one) => [Buffer.of(one.length >> 8, one.length & 0xff), one]);
  writeFileSync(file, Buffer.concat(parts));
  const source = SERVERS.nat[0];
  const argv = ['node', script('sync-sender.mjs'), file, source, GROUP, String(SYNC_PORT)];
  const sender = start('nat1', argv);
  const ended = new Promise<number | null>((resolve) => sender.once('exit', resolve));
  expect(await ended).toBe(0);
}

async function connectionsOf(director: Director): Promise<ConnectionsDocument> {
  const { sync } = await director.ipvs();
  if (sync === null) throw new Error('no sync daemon is configured');
  return sync.connections;
}

/** The messages are datagrams: the kernel may have lost some. */
async function has(director: Director, count: number): Promise<void> {
  for (let attempt = 0; attempt < 4; attempt++) {
    await tell(count);
    await pause(4);
    if ((await connectionsOf(director)).live === count) return;
  }
  throw new Error(`${director.name} has ${(await connectionsOf(director)).live} of ${count}`);
}

/** Seconds of processor time: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function processorOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** What the agents use of one processor while nothing asks them. */
async function sharesOf(...directors: readonly Director[]): Promise<number[]> {
  const before = directors.map(({ pid }) => processorOf(pid));
  await pause(QUIET_SECONDS);
  return directors.map(({ pid }, at) => (processorOf(pid) - (before[at] ?? 0)) / QUIET_SECONDS);
}

/** An emulated processor is slower while the host has other work: above the bar, a second measurement decides. */
async function leastShares(bar: number): Promise<number[]> {
  const first = await sharesOf(a, b);
  if (first.every((share) => share < bar)) return first;
  const second = await sharesOf(a, b);
  return first.map((share, at) => Math.min(share, second[at] ?? share));
}

function percent(shares: readonly number[]): string {
  return shares.map((share) => `${(share * 100).toFixed(1)} %`).join(' and ');
}

test('FR-N3 directors with 100,000 connections know each other, and what a move would lose', async () => {
  onTestFailed(() => console.log(a.log + b.log));
  a.start(configOf(150));
  await a.reached('MASTER');
  await pause(SETTLING_SECONDS);
  const small = await sharesOf(a);
  await has(a, ALL);
  await until('a counts its table', async () =>
    (await a.ipvs()).troubles.some((one) => one.includes('compare only how many each server has')),
  );
  b.start(configOf(100));
  await b.reached('BACKUP');
  await until('b is heard', async () => (await connectionsOf(a)).peers.length === 1);
  await has(b, ALL - LACKING);
  await until('a knows what b lacks', async () => {
    const [peer] = (await connectionsOf(a)).peers;
    return peer?.missing === LACKING && peer.live === ALL - LACKING;
  });
  expect((await connectionsOf(b)).caught_up).toBe(false);

  const large = await leastShares(Math.max(...small) + SHARE);
  for (let elapsed = 0; elapsed < OBSERVED_SECONDS; elapsed++) {
    await pause(1);
    const peers = [...(await connectionsOf(a)).peers, ...(await connectionsOf(b)).peers];
    expect(peers).toHaveLength(2);
    for (const { missing } of peers) expect(missing).toBe(LACKING);
  }
  console.log(
    `processor: ${percent(small)} with a small table, ${percent(large)} with the large one`,
  );
  for (const share of large) expect(share - Math.max(...small)).toBeLessThan(SHARE);

  await a.failover();
  await b.reached('MASTER');
  await until('b knows what it has lost', async () => {
    const { last } = (await connectionsOf(b)).moves;
    return last?.peers[0]?.missing === LACKING && last.live === ALL;
  });
  expect((await connectionsOf(a)).moves.last).toMatchObject({
    ...{ move: 'hand-over', live: ALL },
    peers: [{ name: 'b', missing_before: LACKING, missing: LACKING }],
  });
  for (const director of [a, b]) await director.stop();
});
