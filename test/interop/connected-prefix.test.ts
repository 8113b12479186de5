/**
 * VIPs with the prefix length of a subnet: whatever happens to the host's own addresses, a client
 * reaches both, and the VIP connects the prefix where no other address does.
 */
import { describe, expect, test } from 'vitest';
import { ipBatch, run } from '../../src/lab/command.ts';
import type { AgentInstance, AgentPeer } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { eventsOf, reaches, startOn, VIP } from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const RENUMBERED = ip('192.0.2.21');
const OTHER_VIP = ip('203.0.113.100');
const OTHER_CLIENT = ip('203.0.113.50');
const CONNECTED = '203.0.113.0/24 dev eth0 scope link src 203.0.113.100';
const DEFAULT = 'default via 203.0.113.50 dev eth0';

const VIP6 = ip('2001:db8:7::100');
const CONNECTED6 = '2001:db8:7::/64 dev eth0 metric 1024 pref medium';

/** Requests that are still unanswered when the prober ends. */
const UNANSWERED_MICROSECONDS = 100_000;

async function promoteSecondaries({ namespace }: LabHost, value: 0 | 1): Promise<void> {
  const keys = ['all', 'eth0'].map((name) => `net.ipv4.conf.${name}.promote_secondaries=${value}`);
  await run('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', ...keys]);
}

/** Unanswered requests for each of the addresses during an action. */
async function lostDuring(
  lab: Lab,
  addresses: readonly IpAddress[],
  act: () => Promise<void>,
): Promise<number[]> {
  const probers = await Promise.all(addresses.map((address) => Prober.start(lab, address, 10_000)));
  await sleep(700);
  await act();
  await sleep(1_500);
  const lost = addresses.map(async (address, at) => {
    const probes = probesIn((await probers[at]?.stop()) ?? [], address);
    const end = (probes.at(-1)?.sentAt ?? 0) - UNANSWERED_MICROSECONDS;
    const judged = probes.filter(({ sentAt }) => sentAt < end);
    expect(judged.length).toBeGreaterThan(30);
    return judged.filter(({ answeredAt }) => answeredAt === undefined).length;
  });
  return Promise.all(lost);
}

async function shown({ namespace }: LabHost, ...selector: string[]): Promise<string[]> {
  const text = await run('ip', ['-n', namespace, ...selector]);
  return text.split('\n').flatMap((line) => line.trim() || []);
}

/** Routes of vrrp-agent, in both families. */
async function ownRoutes(host: LabHost): Promise<string[]> {
  const four = await shown(host, 'route', 'show', 'proto', '112');
  return [...four, ...(await shown(host, '-6', 'route', 'show', 'proto', '112'))];
}

function hasRoutes(host: LabHost, expected: readonly string[]): Promise<boolean> {
  return waitFor(`${host.name} has the routes ${expected.join(', ')}`, async () => {
    return (await ownRoutes(host)).join() === expected.join();
  });
}

async function answers(lab: Lab, address: IpAddress): Promise<void> {
  const ping = ['netns', 'exec', lab.client.namespace, 'ping', '-c1', '-W1', address];
  await run('ip', ping);
}

async function masterAndBackup(
  lab: Lab,
  more: Partial<AgentInstance>,
): Promise<[AgentPeer, AgentPeer]> {
  const leader = await startOn(lab, 1, { priority: 150, ...more });
  const other = await startOn(lab, 2, more);
  await reaches(leader, 'MASTER');
  await reaches(other, 'BACKUP');
  return [leader, other];
}

describe.skipIf(lacks()).concurrent('a MASTER whose own address is renumbered', () => {
  test('with promote_secondaries=1 loses no request for the VIP and none for the host', () =>
    inLab(async (lab) => {
      const [leader] = await masterAndBackup(lab, { addresses: [`${VIP}/24`] });
      const { host } = leader;
      await promoteSecondaries(host, 1);
      await ipBatch([`addr add ${RENUMBERED}/24 dev eth0`], host.namespace);
      const lost = await lostDuring(lab, [VIP, RENUMBERED], () =>
        ipBatch([`addr del ${host.address}/24 dev eth0`], host.namespace),
      );
      expect(lost).toEqual([0, 0]);
      await holdsAlone(lab, host, VIP);
      expect(await leader.instance()).toMatchObject({ state: 'MASTER', faults: [] });
      expect(await shown(host, 'route', 'show', '192.0.2.0/24')).toEqual([
        expect.stringContaining(`proto kernel scope link src ${RENUMBERED}`),
      ]);
    }));

  test('with promote_secondaries=0 hands the VIP over and keeps what the operator adds next', () =>
    inLab(async (lab) => {
      const [leader, other] = await masterAndBackup(lab, { addresses: [`${VIP}/24`] });
      const { host } = leader;
      await promoteSecondaries(host, 0);
      await ipBatch([`addr add ${RENUMBERED}/24 dev eth0`], host.namespace);
      const lost = await lostDuring(lab, [VIP], () =>
        ipBatch([`addr del ${host.address}/24 dev eth0`], host.namespace),
      );
      expect(lost[0]).toBeLessThan(60);
      const said = `${host.address} resigned (priority 0)`;
      const heard = (await eventsOf(other)).map(({ message }) => message);
      expect(heard).toContainEqual(expect.stringContaining(said));
      // The kernel has removed the new address with its primary.
      await reaches(leader, 'FAULT', ['no-address']);
      await holdsAlone(lab, other.host, VIP);
      await ipBatch([`addr add ${RENUMBERED}/24 dev eth0`], host.namespace);
      await holdsAlone(lab, host, VIP);
      await answers(lab, RENUMBERED);
      await answers(lab, VIP);
    }));
});

describe.skipIf(lacks()).concurrent('a VIP that is the only address of its subnet', () => {
  test('connects the prefix while it is there, and a default route by a gateway in it', () =>
    inLab(async (lab) => {
      await ipBatch([`addr add ${OTHER_CLIENT}/24 dev eth0`], lab.client.namespace);
      const routes = [{ destination: 'default', via: OTHER_CLIENT }];
      const agent = await startOn(lab, 1, { addresses: [`${OTHER_VIP}/24`], routes });
      const { host } = agent;
      await reaches(agent, 'MASTER');
      await hasRoutes(host, [DEFAULT, CONNECTED]);
      await answers(lab, OTHER_VIP);
      expect((await eventsOf(agent)).filter(({ kind }) => kind === 'route-failed')).toEqual([]);
      expect(await agent.instance()).toMatchObject({ addresses: [`${OTHER_VIP}/24`] });

      const lost = await lostDuring(lab, [OTHER_VIP], async () => {
        await ipBatch(['addr add 203.0.113.11/24 dev eth0'], host.namespace);
        await hasRoutes(host, [DEFAULT]);
        await ipBatch(['route del 203.0.113.0/24 proto kernel'], host.namespace);
        await ipBatch(['route add 203.0.113.0/24 dev eth0 proto static'], host.namespace);
      });
      expect(lost).toEqual([0]);
      await ipBatch(['addr del 203.0.113.11/24 dev eth0'], host.namespace);
      await hasRoutes(host, [DEFAULT, CONNECTED]);
      await ipBatch(['route del 203.0.113.0/24 dev eth0 proto 112'], host.namespace);
      await hasRoutes(host, [DEFAULT, CONNECTED]);

      agent.signal('SIGTERM');
      await hasRoutes(host, []);
      expect(await shown(host, 'route', 'show', 'proto', 'static')).toEqual([
        '203.0.113.0/24 dev eth0 scope link',
      ]);
    }, 1));

  test('connects an IPv6 prefix beside nothing but a link-local address', () =>
    inLab(async (lab) => {
      await ipBatch(['addr add 2001:db8:7::50/64 dev eth0 nodad'], lab.client.namespace);
      const addresses = ['fe80::55:1/64', `${VIP6}/64`];
      const agent = await startOn(lab, 1, { addresses });
      const { host } = agent;
      await reaches(agent, 'MASTER');
      await hasRoutes(host, [CONNECTED6]);
      await answers(lab, VIP6);
      await ipBatch(['addr add 2001:db8:7::11/64 dev eth0 nodad'], host.namespace);
      await hasRoutes(host, []);
      await answers(lab, VIP6);
      await ipBatch(['addr del 2001:db8:7::11/64 dev eth0'], host.namespace);
      await hasRoutes(host, [CONNECTED6]);
      await answers(lab, VIP6);
      agent.signal('SIGTERM');
      await hasRoutes(host, []);
    }, 1));
});

describe.skipIf(lacks()).concurrent('a MASTER whose routes another program flushes', () => {
  test('keeps the host and its VIP reachable, and leaves the prefix to a new route', () =>
    inLab(async (lab) => {
      const agent = await startOn(lab, 1, { addresses: [`${VIP}/24`] });
      const { host } = agent;
      await reaches(agent, 'MASTER');
      await answers(lab, VIP);
      await ipBatch(['route flush dev eth0'], host.namespace);
      await hasRoutes(host, ['192.0.2.0/24 dev eth0 scope link metric 2048']);
      await answers(lab, VIP);
      await answers(lab, host.address);
      const restored = (await eventsOf(agent)).filter(({ kind }) => kind === 'route-restored');
      expect(restored).toEqual([
        expect.objectContaining({ route: 'route 192.0.2.0/24 dev eth0', count: 1 }),
      ]);
      await ipBatch([`route add 192.0.2.0/24 dev eth0 src ${host.address}`], host.namespace);
      await hasRoutes(host, []);
      await answers(lab, VIP);
      agent.signal('SIGTERM');
      expect(await shown(host, 'route', 'show', '192.0.2.0/24')).toHaveLength(1);
    }, 1));
});
