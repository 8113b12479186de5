/**
 * Packets and answers of the agent to a peer that shares no code with it. One agent with a virtual
 * router for each test; `peer/hand-made.ts` builds the expected packets from the RFCs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Capture } from '../../src/lab/packets/capture.ts';
import { type AgentInstance, type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { lacks } from './harness/requirements.ts';
import { type AdvertFields, advertMessage, advertPacket, readAdvert } from './peer/hand-made.ts';
import { type HeardAdvert, RawPeer } from './peer/raw-peer.ts';

const AGENT = '192.0.2.11';
const PEER = '192.0.2.12';
/** Lower than the agent's as a number, higher as a text. */
const LOWER = '192.0.2.9';

const INTERVAL = 100;
/** (256 - 100) / 256 of the interval. */
const SKEW = 60.937;
const MASTER_DOWN = 3 * INTERVAL + SKEW;
/** Delay that the kernel, the capture and a busy host may add. */
const SLACK = 25;
/** For what is done immediately. */
const AT_ONCE = 10;

let vrids = 0;

/** A virtual router of the agent, and what an advertisement for it looks like. */
class Router {
  readonly vrid = ++vrids;
  readonly name: string;
  readonly addresses = [`198.51.100.${this.vrid}`, `198.51.100.${100 + this.vrid}`];
  readonly more: Partial<AgentInstance>;

  constructor(name: string, more: Partial<AgentInstance> = {}) {
    this.name = name;
    this.more = more;
  }

  get instance(): AgentInstance {
    return {
      name: this.name,
      vrid: this.vrid,
      priority: 100,
      advertisement_interval: `${INTERVAL}ms`,
      addresses: this.addresses.map((address) => `${address}/32`),
      ...this.more,
    };
  }

  packet(fields: Partial<AdvertFields> = {}): Buffer {
    return advertPacket({ vrid: this.vrid, addresses: this.addresses, ...fields });
  }

  /** The expected advertisement of the agent. */
  message(fields: Partial<AdvertFields> = {}): Buffer {
    const { vrid, addresses } = this;
    return advertMessage({ vrid, addresses, priority: 100, source: AGENT, ...fields });
  }
}

const unicast = { source: AGENT, peers: [PEER] };
const password = 'secret12';
const speakers = {
  rfc9568: new Router('rfc9568', { checksum: 'rfc9568' }),
  pseudoHeader: new Router('pseudo-header', { checksum: 'pseudo_header' }),
  unicast: new Router('unicast', { checksum: 'rfc9568', unicast }),
  unicastPseudoHeader: new Router('unicast-pseudo-header', { checksum: 'pseudo_header', unicast }),
  version2: new Router('version-2', { version: 2, advertisement_interval: '1s' }),
  password: new Router('password', {
    ...{ version: 2, advertisement_interval: '1s', priority: 254 },
    authentication: { type: 'pass', password },
  }),
  owner: new Router('owner', {
    ...{ priority: 255, advertisement_interval: '40.95s', checksum: 'rfc9568' },
  }),
};

const backup = {
  resigned: new Router('resigned'),
  slowMaster: new Router('slow-master'),
  passive: new Router('passive', { preempt: false }),
  options: new Router('options'),
  equal: new Router('equal-backup'),
};

const master = {
  resignation: new Router('hears-resignation'),
  greater: new Router('hears-greater'),
  loser: new Router('hears-loser'),
  loserVersion2: new Router('hears-loser-version-2', { version: 2, advertisement_interval: '1s' }),
  equalGreater: new Router('equal-greater'),
  equalLower: new Router('equal-lower'),
  form: new Router('answers-in-form'),
  odd: new Router('hears-odd'),
};

const routers = [speakers, backup, master].flatMap((group) => Object.values<Router>(group));

describe.skipIf(lacks())('a peer made of raw-socket', () => {
  let lab: Lab;
  let peer: RawPeer;
  let agent: AgentPeer;

  beforeAll(async () => {
    lab = await Lab.up({ prefix: `r${process.pid.toString(36)}` });
    const [host, peerHost] = [lab.director(1), lab.director(2)];
    const owned = speakers.owner.addresses.map((address) => `${address}/32`);
    for (const address of owned) {
      await lab.run(host, 'ip', ['address', 'add', address, 'dev', HOST_INTERFACE]);
    }
    peer = await RawPeer.start(peerHost);
    for (const router of Object.values(backup)) {
      const priority = router === backup.equal ? 100 : router === backup.passive ? 50 : 200;
      peer.repeat(router.name, router.packet({ priority }), INTERVAL);
    }
    agent = await startAgent(lab, host, { instances: routers.map(({ instance }) => instance) });
    const leading = [...Object.values(speakers), ...Object.values(master)];
    await Promise.all(leading.map((router) => reaches(router, 'MASTER')));
  });

  afterAll(() => lab.down());

  function reaches(router: Router, state: string): Promise<true> {
    return waitFor(
      `${router.name} ${state}`,
      async () => (await agent.state(router.name)) === state,
    );
  }

  /** Advertisements for the router on the agent's interface, both directions, while something is done. */
  async function onTheWire(router: Router, act: () => Promise<void>): Promise<HeardAdvert[]> {
    const capture = await Capture.start(lab, {
      host: lab.director(1),
      label: router.name,
      filter: `ip proto 112 and ip[21] = ${router.vrid}`,
    });
    await act();
    return (await capture.stop()).map(({ at, bytes }) => {
      const packet = Buffer.from(bytes.subarray(14));
      return { at: at / 1_000, packet, ...readAdvert(packet) };
    });
  }

  describe('hears the MASTER advertise, byte for byte,', () => {
    const said: readonly [string, Router, Partial<AdvertFields>][] = [
      ['version 3 with the checksum of RFC 9568', speakers.rfc9568, {}],
      [
        'version 3 with a pseudo-header in the checksum',
        speakers.pseudoHeader,
        { checksum: 'pseudo-header' },
      ],
      ['version 3 to a unicast peer', speakers.unicast, { destination: PEER }],
      [
        'version 3 to a unicast peer, its address in the pseudo-header',
        speakers.unicastPseudoHeader,
        { destination: PEER, checksum: 'pseudo-header' },
      ],
      ['version 2', speakers.version2, { version: 2 }],
      ['version 2 with a password', speakers.password, { version: 2, priority: 254, password }],
      [
        'version 3 as owner, with an interval of 12 bits',
        speakers.owner,
        { priority: 255, interval: 4095 },
      ],
    ];

    test.each(said)('%s', async (_, router, fields) => {
      const advert = await waitFor('an advertisement', () => peer.heardOf(router.vrid).at(-1));
      expect(advert.message.toString('hex')).toBe(router.message(fields).toString('hex'));
      expect(advert).toMatchObject({
        ...{ headerLength: 20, tos: 0xc0, ttl: 255, protocol: 112, headerChecksum: 0 },
        ...{ totalLength: advert.packet.length, source: AGENT },
        destination: fields.destination ?? '224.0.0.18',
      });
    });
  });

  describe('is MASTER, and the agent', () => {
    test('takes over Skew_Time after its priority 0 (F-B8)', async () => {
      const router = backup.resigned;
      const wire = await onTheWire(router, async () => {
        await sleep(INTERVAL * 2);
        peer.silence(router.name);
        peer.send(router.packet({ priority: 0 }));
        await reaches(router, 'MASTER');
      });
      const resigned = wire.findLast(({ source }) => source === PEER);
      const takenOver = wire.find(({ source }) => source === AGENT);
      expect(resigned?.priority).toBe(0);
      expectBetween(gap(resigned, takenOver), SKEW, SKEW + SLACK);
    });

    test('adopts its longer interval (F-B9)', async () => {
      const router = backup.slowMaster;
      const interval = 300;
      const wire = await onTheWire(router, async () => {
        peer.silence(router.name);
        peer.repeat(router.name, router.packet({ interval: interval / 10 }), interval);
        await sleep(interval * 4);
        peer.silence(router.name);
        await reaches(router, 'MASTER');
      });
      const last = wire.findLast(({ source }) => source === PEER);
      const takenOver = wire.find(({ source }) => source === AGENT);
      const masterDown = 3 * interval + (156 / 256) * interval;
      expectBetween(gap(last, takenOver), masterDown, masterDown + SLACK);
      expect((await agent.instance(router.name)).counters['interval-errors']).toBeGreaterThan(0);
    });

    test.each([
      ['of the same priority (F-B11)', backup.equal],
      ['of a lower priority that must not be preempted', backup.passive],
      ['with options in its IPv4 header (R-19)', backup.options],
    ])('follows one %s', async (_, router) => {
      if (router === backup.options) {
        peer.silence(router.name);
        const routerAlert = Buffer.from([0x94, 0x04, 0, 0]);
        peer.repeat(router.name, router.packet({ options: routerAlert }), INTERVAL);
      }
      const said = () => `the peer was silent for up to ${peer.longestGap} ms`;
      // A peer that was delayed becomes MASTER again.
      if (peer.longestGap > MASTER_DOWN) peer.send(router.packet({ priority: 200 }));
      await sleep(INTERVAL);
      const wire = await onTheWire(router, () => sleep(MASTER_DOWN * 2));
      expect(wire.filter(({ source }) => source === AGENT).length, said()).toBe(0);
      const row = await agent.instance(router.name);
      expect(row).toMatchObject({ state: 'BACKUP', master: { address: PEER } });
    });
  });

  describe('claims to be MASTER too, and the agent', () => {
    test('answers priority 0 immediately and restarts its interval (F-A10)', async () => {
      const router = master.resignation;
      const wire = await onTheWire(router, async () => {
        await betweenTwoAdverts(router);
        peer.send(router.packet({ priority: 0 }));
        await sleep(INTERVAL * 2);
      });
      const heard = wire.findIndex(({ source }) => source === PEER);
      const [asked, answer, next] = wire.slice(heard);
      expectBetween(gap(asked, answer), 0, AT_ONCE);
      expectBetween(gap(answer, next), INTERVAL - AT_ONCE, INTERVAL + SLACK);
      expect(await agent.state(router.name)).toBe('MASTER');
    });

    test.each([
      ['a higher priority', master.greater, 150],
      ['the same priority and a greater address', master.equalGreater, 100],
    ])('yields to %s and comes back when it falls silent (F-A11)', async (_, router, priority) => {
      const wire = await onTheWire(router, async () => {
        peer.send(router.packet({ priority }));
        await sleep(MASTER_DOWN * 2);
      });
      const asked = wire.findIndex(({ source }) => source === PEER);
      const after = wire.slice(asked + 1);
      // The advertisement that tells the winner to announce the addresses again.
      expectBetween(gap(wire[asked], after[0]), 0, AT_ONCE);
      expectBetween(gap(wire[asked], after[1]), MASTER_DOWN, MASTER_DOWN + SLACK);
      const { last_transition: last } = await agent.instance(router.name);
      expect(last).toMatchObject({ from: 'BACKUP', to: 'MASTER', event: 'master-timeout' });
    });

    test.each([
      ['a lower priority', master.loser, { priority: 50 }],
      [
        'the same priority and a lower address',
        master.equalLower,
        { priority: 100, source: LOWER },
      ],
    ])('answers %s immediately and keeps to its grid (F-A12, F-A13)', async (_, router, fields) => {
      const wire = await onTheWire(router, async () => {
        await sleep(INTERVAL);
        await betweenTwoAdverts(router);
        peer.send(router.packet(fields));
        await sleep(INTERVAL * 2);
      });
      const heard = wire.findIndex(({ source }) => source !== AGENT);
      expectBetween(gap(wire[heard], wire[heard + 1]), 0, AT_ONCE);
      const grid = gap(wire[heard - 1], wire[heard + 2]);
      expectBetween(grid, INTERVAL - AT_ONCE, INTERVAL + AT_ONCE);
      expect(await agent.state(router.name)).toBe('MASTER');
    });

    test('does not answer a lower priority in version 2', async () => {
      const router = master.loserVersion2;
      const wire = await onTheWire(router, async () => {
        await betweenTwoAdverts(router);
        peer.send(router.packet({ version: 2, priority: 50 }));
        await sleep(500);
      });
      const heard = wire.findIndex(({ source }) => source === PEER);
      for (const advert of wire.slice(heard + 1)) {
        expect(gap(wire[heard], advert)).toBeGreaterThan(AT_ONCE);
      }
      expect(await agent.state(router.name)).toBe('MASTER');
    });

    test.each(['pseudo-header', 'message', 'pseudo-header'] as const)(
      'answers in the form of checksum it is spoken to: %s (C-06)',
      async (checksum) => {
        const router = master.form;
        const wire = await onTheWire(router, async () => {
          // One packet in the other form may be a copy for other hosts.
          for (let time = 0; time < 2; time++) {
            await betweenTwoAdverts(router);
            peer.send(router.packet({ priority: 50, checksum }));
          }
          await sleep(INTERVAL * 2);
        });
        const heard = wire.findLastIndex(({ source }) => source === PEER);
        const after = wire.slice(heard + 1).map(({ message }) => message.toString('hex'));
        expect(after.length).toBeGreaterThan(1);
        expect(new Set(after)).toEqual(new Set([router.message({ checksum }).toString('hex')]));
      },
    );
  });

  test('causes a warning if it is odd but valid (R-09, R-11, R-15, R-16)', async () => {
    const { odd } = master;
    peer.send(
      odd.packet({ source: LOWER, priority: 100, interval: 20, addresses: ['198.51.100.1'] }),
    );
    peer.send(speakers.owner.packet({ source: LOWER, priority: 255, interval: 4095 }));
    await expect
      .poll(async () => (await agent.instance(odd.name)).counters)
      .toMatchObject({ 'interval-errors': 1, 'address-list-errors': 1, 'priority-conflicts': 1 });
    await expect
      .poll(async () => (await agent.instance(speakers.owner.name)).counters['owner-conflicts'])
      .toBe(1);
    expect(await agent.state(speakers.owner.name)).toBe('MASTER');
  });

  /** An answer within the spacing of two advertisements cannot be distinguished from the next one. */
  async function betweenTwoAdverts(router: Router): Promise<void> {
    const known = peer.heardOf(router.vrid).length;
    await waitFor('the next advertisement', () => peer.heardOf(router.vrid).length > known, {
      everyMilliseconds: 2,
    });
    await sleep(INTERVAL / 3);
  }
});

/** In milliseconds; a missing packet is infinitely late. */
function gap(from: HeardAdvert | undefined, to: HeardAdvert | undefined): number {
  return from === undefined || to === undefined ? Number.POSITIVE_INFINITY : to.at - from.at;
}

function expectBetween(value: number, least: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(least - 1);
  expect(value).toBeLessThanOrEqual(most);
}
