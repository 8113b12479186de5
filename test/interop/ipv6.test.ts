/** IPv6 with keepalived, with FRRouting on its macvlan, and checked by tshark. */
import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { Capture } from '../../src/lab/packets/capture.ts';
import { startFrr } from '../../src/lab/peers/frr.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { virtualAddresses6 } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';
import { electionCrashAndReturn, equalsMeet, plannedStop } from './harness/stories.ts';

const INTERVAL_MILLISECONDS = 200;
const ADDRESSES = virtualAddresses6(2);
const [, ADDRESS = ADDRESSES[0]] = ADDRESSES;

const labs = useLabs();

interface Priorities {
  readonly agent: number;
  readonly other: number;
}

async function pairWith(other: 'keepalived' | 'vrrpd', priorities: Priorities, agentAt: 1 | 2 = 1) {
  const lab = await labs.up();
  if (ADDRESS === undefined) throw new Error('a router needs an address');
  const instance = {
    priority: priorities.agent,
    advertisement_interval: `${INTERVAL_MILLISECONDS}ms`,
    addresses: ADDRESSES,
  };
  const options = { addresses: ADDRESSES, priority: priorities.other };
  const startOther = {
    keepalived: (host: Contestant['host']) =>
      startKeepalived(lab, host, { ...options, intervalSeconds: INTERVAL_MILLISECONDS / 1_000 }),
    vrrpd: (host: Contestant['host']) =>
      startFrr(lab, host, { ...options, intervalMilliseconds: INTERVAL_MILLISECONDS }),
  }[other];
  return {
    duel: new Duel(lab, ADDRESS),
    agent: new Contestant(lab.director(agentAt), (host) =>
      startAgent(lab, host, { instances: [instance] }),
    ),
    other: new Contestant(lab.director(agentAt === 1 ? 2 : 1), startOther),
  };
}

describe.skipIf(lacks('keepalived'))('with keepalived over IPv6', () => {
  test('keepalived takes over from the agent, and yields to it again', async () => {
    const { duel, agent, other } = await pairWith('keepalived', { agent: 150, other: 100 });
    await electionCrashAndReturn(duel, agent, other, INTERVAL_MILLISECONDS);
  });

  test('the agent takes over from keepalived, and yields to it again', async () => {
    const { duel, agent, other } = await pairWith('keepalived', { agent: 100, other: 150 });
    await electionCrashAndReturn(duel, other, agent, INTERVAL_MILLISECONDS);
  });

  test('keepalived takes over after Skew_Time when the agent is stopped', async () => {
    const { duel, agent, other } = await pairWith('keepalived', { agent: 150, other: 100 });
    await plannedStop(duel, agent, other, INTERVAL_MILLISECONDS);
  });

  test('the agent takes over after Skew_Time when keepalived is stopped', async () => {
    const { duel, agent, other } = await pairWith('keepalived', { agent: 100, other: 150 });
    await plannedStop(duel, other, agent, INTERVAL_MILLISECONDS);
  });

  test('with equal priorities, the higher address stays MASTER', async () => {
    const { duel, agent, other } = await pairWith('keepalived', { agent: 100, other: 100 }, 2);
    await equalsMeet(duel, other, agent);
  });
});

describe.skipIf(lacks('vrrpd', 'zebra', 'vtysh'))('with FRRouting over IPv6', () => {
  test('vrrpd takes over from the agent, and yields to it again', async () => {
    const { duel, agent, other } = await pairWith('vrrpd', { agent: 150, other: 100 });
    await electionCrashAndReturn(duel, agent, other, INTERVAL_MILLISECONDS);
  });

  test('the agent takes over from vrrpd, and yields to it again', async () => {
    const { duel, agent, other } = await pairWith('vrrpd', { agent: 100, other: 150 });
    await electionCrashAndReturn(duel, other, agent, INTERVAL_MILLISECONDS);
  });
});

describe.skipIf(lacks('tshark'))('tshark', () => {
  test.each([2, 100])('has no complaint about a life with %i addresses', async (count) => {
    const lab = await labs.up();
    const host = lab.director(1);
    const filter = 'ip6 proto 112 or ip6 proto 44 or icmp6';
    const capture = await Capture.start(lab, { host, filter, label: 'life6' });
    const file = lab.path('life6.pcap');
    const addresses = virtualAddresses6(count);
    const instance = { advertisement_interval: '100ms', addresses };
    const more = { stop: { linger: 'off' } };
    const agent = await startAgent(lab, host, { instances: [instance], more });
    await expect.poll(() => agent.state(), { timeout: 5_000 }).toBe('MASTER');
    await sleep(500);
    await agent.stop();
    await capture.stop();
    const select = async (what: string) => {
      const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'vrrp.prio'];
      const text = await run('tshark', ['-n', '-r', file, '-Y', what, ...fields]);
      return text.split('\n').filter((line) => line !== '');
    };
    const good = 'vrrp.checksum.status == 1 and ipv6.src == fe80::11 and ipv6.hlim == 255';
    const adverts = await select('vrrp');
    expect(adverts.length).toBeGreaterThan(4);
    expect(adverts.at(-1)).toMatch(/\t0$/);
    expect(await select(`vrrp and ${good} and vrrp.addr_count == ${count}`)).toEqual(adverts);
    expect((await select('icmpv6.type == 136 and icmpv6.nd.na.flag.o == 1')).length).toBe(
      (await select('icmpv6.type == 136')).length,
    );
    const sent = '(vrrp or icmpv6.type == 136)';
    const complaint =
      '(_ws.expert.severity >= warning or _ws.malformed or vrrp.checksum.status == 0)';
    expect(await select(`${sent} and ${complaint}`)).toEqual([]);
  });
});
