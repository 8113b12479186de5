/** The agent's packets, as tshark and a client see them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { advertisementsIn, announcementsIn, Capture } from '../../src/lab/packets/capture.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

/** Tolerance of the interval, with some milliseconds for a busy host. */
const INTERVAL = 100;
const SLACK = 20;

type Fields = Readonly<Record<string, unknown>>;

interface Dissected {
  readonly _source: { readonly layers: Readonly<Record<string, Fields>> };
}

/** tshark's decoding of a capture; `wholeMessage`: the checksum of version 3 as in RFC 9568. */
async function dissect(file: string, filter: string, wholeMessage: boolean): Promise<Dissected[]> {
  const preferences = [
    ...['-o', `vrrp.v3_checksum_as_in_v2:${wholeMessage ? 'TRUE' : 'FALSE'}`],
    ...['-o', 'ip.check_checksum:TRUE'],
  ];
  const output = ['-T', 'json', '--no-duplicate-keys'];
  const text = await run('tshark', ['-r', file, '-Y', filter, ...preferences, ...output]);
  return JSON.parse(text) as Dissected[];
}

const UNICAST = { unicast: { source: '192.0.2.11', peers: ['192.0.2.12'] } };
const VERSION_2 = { version: 2, advertisement_interval: '1s' } as const;

/** VRID and configuration. */
const SPEAKERS = [
  { vrid: 1, checksum: 'rfc9568' },
  { vrid: 2, checksum: 'pseudo_header' },
  { vrid: 3, checksum: 'rfc9568', ...UNICAST },
  { vrid: 4, checksum: 'pseudo_header', ...UNICAST },
  { vrid: 5, ...VERSION_2 },
  { vrid: 6, ...VERSION_2, authentication: { type: 'pass', password: 'secret12' } },
] as const;

const CHECKSUM_GOOD = '1';

describe.skipIf(lacks('tshark'))('tshark', () => {
  let lab: Lab;
  let file: string;

  beforeAll(async () => {
    lab = await Lab.up({ prefix: `w${process.pid.toString(36)}` });
    const host = lab.director(1);
    const capture = await Capture.start(lab, { host, filter: 'proto 112 or arp', label: 'life' });
    file = lab.path('life.pcap');
    const instances = SPEAKERS.map((speaker) => ({
      name: `router-${speaker.vrid}`,
      advertisement_interval: `${INTERVAL}ms`,
      addresses: [`198.51.100.${speaker.vrid}/32`, `198.51.100.${100 + speaker.vrid}/32`],
      ...speaker,
    }));
    const agent = await startAgent(lab, host, { instances, more: { stop: { linger: 'off' } } });
    await waitFor('six MASTERs', async () => {
      const states = await Promise.all(instances.map(({ name }) => agent.state(name)));
      return states.every((state) => state === 'MASTER');
    });
    await sleep(1_500);
    await agent.stop();
    await capture.stop();
  });

  afterAll(() => lab.down());

  test.each([
    ['with the checksum of RFC 9568', true, 'vrrp.virt_rtr_id in {1,3}'],
    ['with a pseudo-header in the checksum', false, 'vrrp.virt_rtr_id in {2,4}'],
    ['of version 2', false, 'vrrp.virt_rtr_id in {5,6}'],
    ['of ARP', false, 'arp'],
  ])('has no complaint about what is sent %s', async (_, wholeMessage, filter) => {
    expect((await dissect(file, filter, wholeMessage)).length).toBeGreaterThan(0);
    const complaint = '(_ws.expert or _ws.malformed or vrrp.checksum.status == 0)';
    expect(await dissect(file, `${filter} and ${complaint}`, wholeMessage)).toEqual([]);
  });

  test.each([
    [1, '224.0.0.18', true],
    [2, '224.0.0.18', false],
    [3, '192.0.2.12', true],
    [4, '192.0.2.12', false],
  ])('reads version 3 of VRID %i to %s', async (vrid, destination, wholeMessage) => {
    const [first] = await dissect(file, `vrrp.virt_rtr_id == ${vrid}`, wholeMessage);
    expect(first?._source.layers['ip']).toMatchObject({
      'ip.ttl': '255',
      'ip.dsfield': '0xc0',
      'ip.proto': '112',
      'ip.src': '192.0.2.11',
      'ip.dst': destination,
    });
    expect(first?._source.layers['vrrp']).toMatchObject({
      'vrrp.typever_tree': { 'vrrp.version': '3', 'vrrp.type': '1' },
      'vrrp.prio': '100',
      'vrrp.addr_count': '2',
      'vrrp.short_adver_int': '10',
      'vrrp.checksum.status': CHECKSUM_GOOD,
      'vrrp.ip_addr': [`198.51.100.${vrid}`, `198.51.100.${100 + vrid}`],
    });
  });

  test.each([
    [5, { 'vrrp.auth_type': '0' }],
    [6, { 'vrrp.auth_type': '1', 'vrrp.auth_string': 'secret12' }],
  ])('reads version 2 of VRID %i', async (vrid, authentication) => {
    const [first] = await dissect(file, `vrrp.virt_rtr_id == ${vrid}`, false);
    expect(first?._source.layers['vrrp']).toMatchObject({
      'vrrp.typever_tree': { 'vrrp.version': '2', 'vrrp.type': '1' },
      'vrrp.adver_int': '1',
      'vrrp.checksum.status': CHECKSUM_GOOD,
      ...authentication,
    });
  });

  test('reads five gratuitous requests and five gratuitous replies for each address', async () => {
    for (const { vrid } of SPEAKERS) {
      const filter = `arp.src.proto_ipv4 == 198.51.100.${100 + vrid} and arp.isgratuitous == 1`;
      const operations = (await dissect(file, filter, false)).map(
        ({ _source: { layers } }) => layers['arp']?.['arp.opcode'],
      );
      expect(operations).toEqual(Array.from({ length: 5 }, () => ['1', '2']).flat());
    }
  });

  test('sees priority 0 once from each MASTER that is stopped, and nothing after it', async () => {
    for (const { vrid } of SPEAKERS) {
      const adverts = await dissect(file, `vrrp.virt_rtr_id == ${vrid}`, vrid % 2 === 1);
      const priorities = adverts.map(({ _source: { layers } }) => layers['vrrp']?.['vrrp.prio']);
      expect(priorities.filter((priority) => priority === '0')).toHaveLength(1);
      expect(priorities.at(-1)).toBe('0');
    }
  });
});

describe.skipIf(lacks())('on the wire', () => {
  const vip = virtualAddress(0);

  /** The VIP answers, and the client sends a request every millisecond. */
  async function pairUnderProbe(lab: Lab) {
    const start = (number: 1 | 2, priority: number) =>
      startAgent(lab, lab.director(number), {
        instances: [
          { priority, addresses: [`${vip}/32`], advertisement_interval: `${INTERVAL}ms` },
        ],
      });
    await start(2, 100);
    const leader = await start(1, 150);
    await holdsAlone(lab, lab.director(1), vip);
    const prober = await Prober.start(lab, vip);
    await waitFor('answers', () => prober.probes().some(({ answeredAt }) => answeredAt));
    return { leader, prober };
  }

  test('a take-over is an advertisement, then announcements of an address that answers', () =>
    inLab(async (lab) => {
      const { leader, prober } = await pairUnderProbe(lab);
      const { host } = leader;
      const successor = lab.director(2);
      await lab.cut(host);
      await leader.kill();
      await holdsAlone(lab, successor, vip);
      await sleep(5_500);
      const frames = await prober.stop();

      const advert = advertisementsIn(frames).find(({ source }) => source === successor.address);
      const advertised = (advert?.at ?? Number.NaN) / 1_000;
      const announced = announcementsIn(frames)
        .map(({ address, at }) => ({ address, at: at / 1_000 }))
        .filter(({ address, at }) => address === vip && at >= advertised)
        .map(({ at }) => at);
      const [start = Number.NaN] = announced;
      expect(start - advertised).toBeLessThan(SLACK);

      // The address is present before its first announcement: clients that use it get an answer.
      const asked = probesIn(frames, vip).map(({ sentAt, answeredAt }) => ({
        sent: sentAt / 1_000,
        isAnswered: answeredAt !== undefined,
      }));
      const after = asked.filter(({ sent }) => sent > start && sent < start + 2_000);
      expect(after.length).toBeGreaterThan(100);
      expect(after.filter(({ isAnswered }) => !isAnswered)).toEqual([]);

      const rounds = [0, 20, 40, 60, 80];
      const expected = [...rounds, ...rounds.map((round) => 5_000 + round)];
      expect(announced).toHaveLength(expected.length * 2);
      expected.forEach((round, position) => {
        const [request = Number.NaN, reply = Number.NaN] = announced.slice(position * 2);
        expect(Math.abs(request - start - round)).toBeLessThan(SLACK);
        expect(reply - request).toBeLessThan(5);
      });
    }));

  test('a stopped MASTER resigns, serves until its successor advertises, and releases its VIPs', () =>
    inLab(async (lab) => {
      const { leader, prober } = await pairUnderProbe(lab);
      await leader.stop();
      await holdsAlone(lab, lab.director(2), vip);
      await sleep(INTERVAL);
      const frames = await prober.stop();

      const adverts = advertisementsIn(frames);
      const resigned = adverts.filter(({ advertisement }) => advertisement.priority === 0);
      expect(resigned.map(({ source }) => source)).toEqual([leader.host.address]);
      const [{ at: resignedAt } = { at: Number.NaN }] = resigned;
      const successor = adverts.find(({ source }) => source === lab.director(2).address);
      const succeededAt = successor?.at ?? Number.NaN;
      // Skew_Time of priority 100.
      expect((succeededAt - resignedAt) / 1_000).toBeGreaterThan(55);
      const meanwhile = probesIn(frames, vip).filter(
        ({ sentAt }) => sentAt > resignedAt && sentAt < succeededAt,
      );
      expect(meanwhile.length).toBeGreaterThan(20);
      expect(meanwhile.filter(({ answeredAt }) => answeredAt === undefined)).toEqual([]);
      const left = (await lab.addresses(leader.host)).map(({ address }) => address);
      expect(left).toEqual([leader.host.address, expect.stringMatching(/^fe80:/)]);
    }));
});
