/** Two agents that have a second network between them, and a host that forges and repeats their datagrams. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import type { DirectorDocument } from '../../src/control/protocol.ts';
import type { AgentInstance, AgentPeer } from '../../src/lab/peers/vrrp-agent.ts';
import { agentFile } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { parseIp } from '../../src/net/address.ts';
import { Signature } from '../../src/protocol/thread/peer-link/signature.ts';
import { encodeDatagram, type PeerDatagram } from '../../src/wire/peer-link/datagram.ts';
import { eventsOf, reaches, startOn } from '../interop/harness/agent-story.ts';
import { inLab } from '../interop/harness/own-lab.ts';
import { ip } from '../kernel/support.ts';
import { DatagramFlood } from './datagram-flood.ts';

const OLD = 'ab'.repeat(32);
const NEW = 'cd'.repeat(32);
const LINK = 'peer0';

function addressOf(director: number, family = 4): string {
  return family === 4 ? `198.51.100.13${director}` : `2001:db8:99::13${director}`;
}

/** The second network: a veth pair from director to director. */
function addLink(lab: Lab): void {
  const [first, second] = [lab.director(1).namespace, lab.director(2).namespace];
  ip('-n', first, 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', LINK, 'netns', second);
  for (const number of [1, 2]) {
    const { namespace } = lab.director(number);
    ip('-n', namespace, 'address', 'add', `${addressOf(number)}/24`, 'dev', LINK);
    ip('-n', namespace, 'address', 'add', `${addressOf(number, 6)}/64`, 'dev', LINK, 'nodad');
    ip('-n', namespace, 'link', 'set', LINK, 'up');
  }
}

interface Keys {
  readonly key?: string;
  readonly keys?: Readonly<Record<string, string>>;
  readonly active_key?: number;
}

function peerLink(director: number, keys: Keys = { key: `hex:${OLD}` }, family = 4) {
  const other = 3 - director;
  return {
    source: addressOf(director, family),
    heartbeat: '100ms',
    directors: [{ name: `lb${other}`, address: addressOf(other, family) }],
    ...keys,
  };
}

async function pair(lab: Lab, more: Partial<AgentInstance> = {}, family = 4) {
  addLink(lab);
  const start = (director: number, priority: number) =>
    startOn(
      lab,
      director,
      { priority, ...more },
      { peer_link: peerLink(director, undefined, family) },
    );
  const [lb1, lb2] = await Promise.all([start(1, 150), start(2, 100)]);
  await reaches(lb1, 'MASTER');
  await isUp(lb1);
  await isUp(lb2);
  return { lb1, lb2 };
}

async function peerOf(agent: AgentPeer): Promise<DirectorDocument> {
  const { directors } = await new ControlClient({ socket: agent.socket }).peers();
  const [director] = directors;
  if (director === undefined) throw new Error(`${agent.host.name} has no peer`);
  return director;
}

function isUp(agent: AgentPeer, state: DirectorDocument['state'] = 'up') {
  return waitFor(`the peer of ${agent.host.name} is ${state}`, async () => {
    const peer = await peerOf(agent);
    return peer.state === state && peer;
  });
}

/** Kinds of the events about peers, in order. */
async function peerEvents(agent: AgentPeer): Promise<string[]> {
  const events = await eventsOf(agent);
  return events.flatMap((event) => {
    if (event.kind === 'peer-refused') return [`${event.kind} ${event.reason}`];
    return event.kind.startsWith('peer-') ? [event.kind] : [];
  });
}

/** Reloads an agent with another `peer_link`. */
async function relink(lab: Lab, agent: AgentPeer, director: number, keys: Keys): Promise<void> {
  const file = agentFile(lab, agent.host);
  const link = JSON.stringify({ peer_link: peerLink(director, keys) }).slice(1, -1);
  const rest = readFileSync(file, 'utf8').replace(/^("?peer_link"?:.*\n(?: .*\n)*)/m, '');
  writeFileSync(file, `${link.replace('"peer_link":', 'peer_link: ')}\n${rest}`);
  await new ControlClient({ socket: agent.socket }).reload({ dryRun: false });
}

async function refused(agent: AgentPeer, reason: string): Promise<number> {
  const { counters } = await new ControlClient({ socket: agent.socket }).status();
  return Object.entries(counters).find(([name]) => name === `peer-${reason}-refused`)?.[1] ?? 0;
}

const BOOT = 'ee'.repeat(8);

/** A datagram of lb2, signed with the key, as one that was recorded or forged. */
function signed(key: string, more: Partial<PeerDatagram> = {}): Uint8Array {
  const datagram: PeerDatagram = {
    ...{ boot: BOOT, sequence: 1, sentAt: 0, wall: 0, echo: null, heartbeat: 5_000_000 },
    ...{ part: 1, parts: 1, name: 'lb2', version: 'forged', services: 0, table: null },
    statements: [
      {
        ...{ name: 'web', interface: 'eth0', family: 'ipv4', vrid: 55, state: 'MASTER' },
        ...{
          priority: 254,
          canServe: 'yes',
          source: null,
          misses: false,
          resigningTo: 'lb1',
          faults: [],
          digests: [],
        },
      },
    ],
    ...more,
  };
  const signature = new Signature({
    activeKey: 1,
    keys: [{ id: 1, bytes: Buffer.from(key, 'hex') }],
  });
  const bytes = encodeDatagram(datagram, 1);
  signature.sign(bytes);
  return bytes;
}

/** Sends as lb2, whose source address it has. */
function floodFrom(lab: Lab, datagrams: readonly Uint8Array[]): DatagramFlood {
  const [source, target] = [parseIp(addressOf(2)), parseIp(addressOf(1))];
  if (source === undefined || target === undefined) throw new Error('no addresses');
  return new DatagramFlood(
    lab.director(2).namespace,
    source,
    { address: target, port: 8843 },
    datagrams,
  );
}

test.each([4, 6])('directors see each other over IPv%s, and when the network is cut', (family) =>
  inLab(async (lab) => {
    const { lb1, lb2 } = await pair(lab, {}, family);
    const seen = await waitFor('lb1 has compared the configuration', async () => {
      const peer = await peerOf(lb1);
      return peer.configuration === 'same' && peer;
    });
    expect(seen).toMatchObject({ name: 'lb2', state: 'up', differs: [] });
    expect(seen.instances).toMatchObject([{ name: 'web', state: 'BACKUP', priority: 100 }]);
    expect(seen.rtt_ms).toBeLessThan(100);
    expect(Math.abs(seen.clock_offset_ms ?? 1e9)).toBeLessThan(100);
    ip('-n', lab.director(2).namespace, 'link', 'set', LINK, 'down');
    await isUp(lb1, 'down');
    await isUp(lb2, 'down');
    expect(await lb1.state()).toBe('MASTER');
    expect(await lb2.state()).toBe('BACKUP');
    ip('-n', lab.director(2).namespace, 'link', 'set', LINK, 'up');
    // An address of IPv6 goes with its link.
    if (family === 6) {
      ip(
        '-n',
        lab.director(2).namespace,
        'address',
        'replace',
        `${addressOf(2, 6)}/64`,
        'dev',
        LINK,
        'nodad',
      );
    }
    await isUp(lb1);
    await isUp(lb2);
    expect(await peerEvents(lb1)).toEqual(['peer-up', 'peer-down', 'peer-up']);
  }),
);

test('keys change without the loss of a director, and a wrong key is said once', () =>
  inLab(async (lab) => {
    const { lb1, lb2 } = await pair(lab);
    const both = { 1: `hex:${OLD}`, 2: `hex:${NEW}` };
    const steps: readonly Keys[] = [
      { keys: both, active_key: 1 },
      { keys: both, active_key: 2 },
      { keys: { 2: `hex:${NEW}` }, active_key: 2 },
    ];
    for (const keys of steps) {
      await relink(lab, lb1, 1, keys);
      await relink(lab, lb2, 2, keys);
      await sleep(500);
    }
    expect(await peerEvents(lb1)).toEqual(['peer-up']);
    expect(await peerEvents(lb2)).toEqual(['peer-up']);
    expect(await refused(lb1, 'key')).toBe(0);
    expect(await refused(lb1, 'authentication')).toBe(0);

    await relink(lab, lb2, 2, { keys: { 2: `hex:${OLD}` }, active_key: 2 });
    await isUp(lb1, 'down');
    await sleep(1_500);
    expect(await refused(lb1, 'authentication')).toBeGreaterThan(10);
    expect(await peerEvents(lb1)).toEqual(['peer-up', 'peer-refused authentication', 'peer-down']);
    const client = new ControlClient({ socket: lb1.socket });
    expect(JSON.stringify([await client.config(), await client.status()])).not.toContain(NEW);
  }));

test('a process that takes over is not noticed; one that starts again is named', () =>
  inLab(async (lab) => {
    const { lb1, lb2 } = await pair(lab);
    const client = new ControlClient({ socket: lb2.socket });
    const { pid } = await client.status();
    const config = agentFile(lab, lb2.host);
    const args = [builtProgram('src/cli/main.js'), 'run', '--takeover', '--config', config];
    const next = await lab.spawn(lb2.host, process.execPath, args, { label: 'next', log: true });
    await waitFor('the next process answers', async () => {
      const status = await client.status().catch(() => undefined);
      return status !== undefined && status.pid !== pid;
    });
    await isUp(lb2);
    await sleep(1_000);
    expect(await peerEvents(lb1)).toEqual(['peer-up']);

    next.signal('SIGKILL');
    await isUp(lb1, 'down');
    // Recorded from processes that are gone: signed with the key, and never believed.
    const recorded = [signed(OLD), signed(OLD, { sequence: 2, wall: 1e15 })];
    const flood = floodFrom(lab, recorded);
    await flood.run({ perSecond: 100, milliseconds: 1_000 });
    expect((await peerOf(lb1)).state).toBe('down');
    await startOn(lab, 2, { priority: 100 }, { peer_link: peerLink(2) });
    await Promise.all([isUp(lb1), flood.run({ perSecond: 100, milliseconds: 2_000 })]);
    flood.close();
    const peer = await isUp(lb1);
    expect(peer.version).not.toBe('forged');
    const events = (await eventsOf(lb1)).filter(({ kind }) => kind === 'peer-up');
    expect(events.at(-1)).toMatchObject({ restarted: true });
  }));

test('a flood of forged and repeated datagrams changes nothing', () =>
  inLab(async (lab) => {
    const { lb1, lb2 } = await pair(lab, { advertisement_interval: '10ms' });
    const before = (await lb1.instance()).counters['advertisement-sent'];
    const forged = Array.from({ length: 16 }, (_, at) =>
      signed(NEW, { sequence: 2 ** 50 + at, boot: BOOT }),
    );
    const flood = floodFrom(lab, [
      ...forged,
      signed(OLD),
      new Uint8Array(64),
      new Uint8Array(1_400),
    ]);
    const from = performance.now();
    await flood.run({ perSecond: 20_000, milliseconds: 5_000 });
    const seconds = (performance.now() - from) / 1_000;
    flood.close();
    const { counters, state } = await lb1.instance();
    expect(state).toBe('MASTER');
    expect(await lb2.state()).toBe('BACKUP');
    expect(await peerEvents(lb2)).toEqual(['peer-up']);
    const events = await peerEvents(lb1);
    // Once for each reason.
    expect(new Set(events).size).toBe(events.length);
    expect(events).not.toContain('peer-down');
    expect(counters['advertisement-sent'] - before).toBeGreaterThan(0.9 * 100 * seconds);
    expect(await refused(lb1, 'unproven')).toBeGreaterThan(20_000);
    expect(await refused(lb1, 'authentication')).toBeGreaterThan(100);
    expect(await refused(lb1, 'length')).toBeGreaterThan(1_000);
    expect(await refused(lb1, 'replay')).toBeGreaterThan(1_000);
  }));

test('a director whose address has changed is named, and others are counted', () =>
  inLab(async (lab) => {
    const { lb1 } = await pair(lab);
    ip('-n', lab.director(2).namespace, 'address', 'add', '198.51.100.222/24', 'dev', LINK);
    const [source, target] = [parseIp('198.51.100.222'), parseIp(addressOf(1))];
    if (source === undefined || target === undefined) throw new Error('no addresses');
    const flood = new DatagramFlood(
      ...([lab.director(2).namespace, source, { address: target, port: 8843 }] as const),
      [signed(OLD)],
    );
    await flood.run({ perSecond: 1_000, milliseconds: 2_000 });
    flood.close();
    await waitFor('the kernel has counted', async () => (await refused(lb1, 'source')) > 1_900);
    const event = (await eventsOf(lb1)).find(({ kind }) => kind === 'peer-refused');
    expect(event).toMatchObject({ peer: 'lb2', address: '198.51.100.222', reason: 'source' });
  }));
