/**
 * Every refusal of the RFC checklist, from a peer that shares no code with the agent. Each packet
 * has priority 200 and one error: if accepted, it would depose the agent. The packets arrive before,
 * while and after the agent becomes MASTER, faster than advertisements.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InstanceDocument } from '../../src/control/protocol.ts';
import { Capture } from '../../src/lab/packets/capture.ts';
import { type AgentInstance, agentSocket, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { lacks } from './harness/requirements.ts';
import { type AdvertFields, advertPacket, readAdvert } from './peer/hand-made.ts';
import { RawPeer } from './peer/raw-peer.ts';

const AGENT = '192.0.2.11';
const PEER = '192.0.2.12';
const STRANGER = '192.0.2.77';

/** Packets of each kind that are counted, and the time between two. */
const PACKETS = 60;
const EVERY = 50;

interface Refusal {
  readonly what: string;
  readonly counter: keyof InstanceDocument['counters'];
  readonly router?: Partial<AgentInstance>;
  readonly packet: Partial<AdvertFields>;
}

const version2 = { version: 2, advertisement_interval: '1s' } as const;
const unicast = { unicast: { source: AGENT, peers: [PEER] } };
const authentication = { type: 'pass', password: 'secret12' } as const;

function withByte(at: number, value: number) {
  return (message: Buffer) => {
    message[at] = value;
    return message;
  };
}

const REFUSALS: readonly Refusal[] = [
  { what: 'R-01 TTL 254', counter: 'ip-ttl-errors', packet: { ttl: 254 } },
  { what: 'R-01 TTL 1', counter: 'ip-ttl-errors', packet: { ttl: 1 } },
  { what: 'R-02 version 2', counter: 'version-errors', packet: { version: 2 } },
  { what: 'R-02 version 4', counter: 'version-errors', packet: { version: 4 } },
  {
    what: 'R-02 version 3 to a router of version 2',
    counter: 'version-errors',
    router: version2,
    packet: {},
  },
  { what: 'R-03 type 2', counter: 'invalid-type-pkts-rcvd', packet: { type: 2 } },
  {
    what: 'R-04 truncated within its address',
    counter: 'packet-length-errors',
    packet: { spoil: (message) => message.subarray(0, -2) },
  },
  {
    what: 'R-04 fewer addresses than it says',
    counter: 'packet-length-errors',
    packet: { count: 2 },
  },
  {
    what: 'R-04 of two bytes',
    counter: 'packet-length-errors',
    packet: { spoil: (message) => message.subarray(0, 2) },
  },
  {
    what: 'R-04 with bytes after its end',
    counter: 'packet-length-errors',
    packet: { spoil: (message) => Buffer.concat([message, Buffer.alloc(4)]) },
  },
  {
    what: 'R-04 of version 2, without its authentication data',
    counter: 'packet-length-errors',
    router: version2,
    packet: { version: 2, spoil: (message) => message.subarray(0, -8) },
  },
  {
    what: 'R-05 one bit wrong',
    counter: 'checksum-errors',
    packet: { spoil: (message) => withByte(2, 201)(message) },
  },
  {
    what: 'R-05 of version 2, one bit wrong',
    counter: 'checksum-errors',
    router: version2,
    packet: { version: 2, spoil: withByte(2, 201) },
  },
  {
    what: 'R-05 an unexpected pseudo-header in the checksum',
    counter: 'checksum-errors',
    router: { checksum: 'rfc9568' },
    packet: { checksum: 'pseudo-header' },
  },
  {
    what: 'R-05 a missing pseudo-header in the checksum',
    counter: 'checksum-errors',
    router: { checksum: 'pseudo_header' },
    packet: { checksum: 'message' },
  },
  {
    what: 'R-07 any advertisement, to an owner of version 2',
    counter: 'owner-conflicts',
    router: { ...version2, priority: 255 },
    packet: { version: 2, priority: 255 },
  },
  { what: 'R-08 no address', counter: 'address-list-errors', packet: { addresses: [] } },
  {
    what: 'R-09 another interval, in version 2',
    counter: 'interval-errors',
    router: version2,
    packet: { version: 2, interval: 2 },
  },
  { what: 'R-10 interval 0', counter: 'interval-errors', packet: { interval: 0 } },
  {
    what: 'R-13 no password',
    counter: 'auth-type-mismatches',
    router: { ...version2, authentication },
    packet: { version: 2 },
  },
  {
    what: 'R-13 an unexpected password',
    counter: 'auth-type-mismatches',
    router: version2,
    packet: { version: 2, password: 'secret12' },
  },
  {
    what: 'R-13 the wrong password',
    counter: 'auth-failures',
    router: { ...version2, authentication },
    packet: { version: 2, password: 'secret13' },
  },
  {
    what: 'R-17 a stranger to a unicast router',
    counter: 'unknown-peers',
    router: unicast,
    packet: { source: STRANGER, destination: AGENT },
  },
  {
    what: 'R-17 TTL 254 from a unicast peer',
    counter: 'ip-ttl-errors',
    router: unicast,
    packet: { destination: AGENT, ttl: 254 },
  },
  {
    what: 'R-18 multicast to a unicast router',
    counter: 'delivery-mismatches',
    router: unicast,
    packet: {},
  },
  {
    what: 'R-18 unicast to a multicast router',
    counter: 'delivery-mismatches',
    packet: { destination: AGENT },
  },
];

const FOREIGN_VRID = 200;

/** All counters of refused packets. */
const REFUSAL_COUNTER = /-errors$|-mismatches$|-failures$|-conflicts$|unknown-peers|invalid-type/;

const cases = REFUSALS.map((refusal, position) => {
  const vrid = position + 1;
  const name = `router-${vrid}`;
  const vip = `198.51.100.${vrid}`;
  const packet = advertPacket({ vrid, addresses: [vip], ...refusal.packet });
  const instance: AgentInstance = {
    ...{ name, vrid, addresses: [`${vip}/32`], advertisement_interval: '100ms' },
    ...refusal.router,
  };
  const interval = instance.version === 2 ? 1_000 : 100;
  return { ...refusal, name, vrid, vip, packet, instance, interval };
});

interface Transition {
  readonly kind: string;
  readonly instance: string;
  readonly to: string;
  readonly at: string;
}

interface Picture {
  readonly instances: readonly InstanceDocument[];
  readonly counters: InstanceDocument['counters'];
}

describe.skipIf(lacks())('an advertisement that is refused', () => {
  let lab: Lab;
  let transitions: readonly Transition[];
  let before: Picture;
  let after: Picture;
  /** When each router advertised, in milliseconds. */
  const grids = new Map<number, number[]>();

  beforeAll(async () => {
    lab = await Lab.up({ prefix: `x${process.pid.toString(36)}` });
    const host = lab.director(1);
    for (const { instance, vip } of cases) {
      if (instance.priority !== 255) continue;
      await lab.run(host, 'ip', ['address', 'add', `${vip}/32`, 'dev', HOST_INTERFACE]);
    }
    const peer = await RawPeer.start(lab.director(2));
    for (const { name, packet } of cases) peer.repeat(name, packet, EVERY);
    const agent = await startAgent(lab, host, { instances: cases.map(({ instance }) => instance) });
    const leads = async (name: string) => (await agent.state(name)) === 'MASTER';
    for (const { name } of cases) await waitFor(`${name} is MASTER`, () => leads(name));
    for (const { name } of cases) peer.silence(name);
    await sleep(EVERY * 2);

    transitions = (await ask<{ events: Transition[] }>('events')).events;
    before = await ask<Picture>('status');
    const capture = await Capture.start(lab, { host, filter: `ip proto 112 and src ${AGENT}` });
    for (let round = 0; round < PACKETS; round++) {
      for (const { packet } of cases) peer.send(packet);
      peer.send(advertPacket({ vrid: FOREIGN_VRID, addresses: ['198.51.100.200'] }));
      await sleep(EVERY);
    }
    await sleep(EVERY * 2);
    after = await ask<Picture>('status');
    for (const { at, bytes } of await capture.stop()) {
      const { vrid } = readAdvert(Buffer.from(bytes.subarray(14)));
      grids.set(vrid, [...(grids.get(vrid) ?? []), at / 1_000]);
    }
  });

  afterAll(() => lab.down());

  /** Status as operators read it. */
  async function ask<Document>(command: 'status' | 'events'): Promise<Document> {
    const socket = agentSocket(lab, lab.director(1));
    const program = [builtProgram('src/cli/main.js'), command, '--json', '--socket', socket];
    return JSON.parse(await lab.run(lab.director(1), process.execPath, program)) as Document;
  }

  /** From BACKUP to MASTER, in milliseconds. */
  function timeAsBackup(name: string): number {
    const reached = (state: string) =>
      transitions.find(
        (one) => one.instance === name && one.kind === 'transition' && one.to === state,
      );
    const [backup, master] = [reached('BACKUP'), reached('MASTER')];
    return Date.parse(master?.at ?? '') - Date.parse(backup?.at ?? '');
  }

  function find(picture: Picture, name: string): InstanceDocument {
    const found = picture.instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`status shows no ${name}`);
    return found;
  }

  describe.each(cases)('for $what', ({ name, counter, instance, interval, vrid }) => {
    test(`is counted under ${counter}, each time, and under nothing else`, () => {
      const [then, now] = [find(before, name).counters, find(after, name).counters];
      const counted = Object.entries(now)
        .filter(([key]) => REFUSAL_COUNTER.test(key))
        .map(([key, value]) => [key, value - then[key as typeof counter]] as const)
        .filter(([, value]) => value !== 0);
      expect(counted).toEqual([[counter, PACKETS]]);
      expect(now['advertisement-rcvd']).toBe(0);
    });

    test('does not delay or end the MASTER state', () => {
      const { state, since, counters } = find(after, name);
      expect({ state, since }).toEqual({ state: 'MASTER', since: find(before, name).since });
      expect(counters['master-transitions']).toBe(1);
      if (instance.priority === 255) return;
      const masterDown = 3 * interval + (156 / 256) * interval;
      // An event has the time of the end of its loop turn, and the first turn takes long.
      expect(Math.abs(timeAsBackup(name) - masterDown)).toBeLessThan(200);
    });

    test('does not move advertisements off their grid', () => {
      const times = grids.get(vrid) ?? [];
      const [first = 0] = times;
      expect(times.length).toBeGreaterThanOrEqual(Math.floor((PACKETS * EVERY) / interval));
      const offGrid = times.filter((at, tick) => Math.abs(at - first - tick * interval) > 25);
      expect(offGrid).toEqual([]);
    });
  });

  test('R-06 for a foreign VRID does not even reach the agent', () => {
    const { 'vrid-errors': then } = before.counters;
    expect(after.counters['vrid-errors']).toBe(then);
  });
});
