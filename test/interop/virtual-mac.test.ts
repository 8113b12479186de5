/** Virtual MAC addresses: what hosts and switches see, and peers that use them, too. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { announcementsIn } from '../../src/lab/packets/capture.ts';
import { startFrr } from '../../src/lab/peers/frr.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import {
  type AgentInstance,
  AgentPeer,
  agentConfig,
  agentFile,
  startAgent,
} from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probeReport, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import {
  advertisementSource,
  virtualAddress,
  virtualAddresses6,
} from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import { familyOf, type IpAddress } from '../../src/net/address.ts';
import { readPcap } from '../../src/wire/capture/pcap.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';
import { electionCrashAndReturn } from './harness/stories.ts';

const INTERVAL_MILLISECONDS = 200;
const MACS = { ipv4: '00:00:5e:00:01:37', ipv6: '00:00:5e:00:02:37' } as const;
const FOUR = [virtualAddress(0)] as const;
const SIX = virtualAddresses6(2);

const labs = useLabs();

function agentAt(
  lab: Lab,
  director: 1 | 2,
  priority: number,
  addresses: readonly IpAddress[],
  more: Partial<AgentInstance> = {},
) {
  const instance = {
    priority,
    advertisement_interval: `${INTERVAL_MILLISECONDS}ms`,
    addresses,
    virtual_mac: true,
    ...more,
  };
  const start = (host: Contestant['host']) => startAgent(lab, host, { instances: [instance] });
  return new Contestant(lab.director(director), start);
}

/** Source address of the MASTER as the agent sees it. */
async function masterFor({ peer }: Contestant): Promise<string | undefined> {
  if (!(peer instanceof AgentPeer)) throw new Error('this is no agent');
  return (await peer.instance()).master?.address;
}

/** MAC address in the client's neighbor table. */
async function neighbor(lab: Lab, address: IpAddress): Promise<string | undefined> {
  const text = await run('ip', ['-n', lab.client.namespace, 'neighbor', 'show', address]);
  return / lladdr (\S+)/.exec(text)?.[1];
}

/** Switch port of the MAC address. */
async function portOf(lab: Lab, mac: string): Promise<string | undefined> {
  const text = await run('bridge', ['-n', lab.layout.switchNamespace, 'fdb', 'show']);
  const line = text.split('\n').find((one) => one.startsWith(mac) && !one.includes('permanent'));
  return / dev (\S+)/.exec(` ${line ?? ''}`)?.[1];
}

function versionOf(address: IpAddress): 4 | 6 {
  return familyOf(address) === 'ipv4' ? 4 : 6;
}

describe.skipIf(lacks('bridge'))('two agents with virtual MAC addresses', () => {
  test.each([
    ['ipv4', FOUR],
    ['ipv6', SIX],
  ] as const)(
    'M-02 M-03 M-04 turn the switch over %s; hosts keep what they know',
    async (...of) => {
      const [family, addresses] = of;
      const lab = await labs.up();
      const [address = FOUR[0]] = addresses.slice(-1);
      const better = agentAt(lab, 1, 150, addresses);
      const worse = agentAt(lab, 2, 100, addresses);
      const duel = new Duel(lab, address);
      await duel.start(better);
      await duel.isMaster(better);
      await duel.start(worse);
      await expect
        .poll(() => masterFor(worse), { timeout: 10_000 })
        .toBe(advertisementSource(better.host, address));
      expect(await neighbor(lab, address)).toBe(MACS[family]);
      expect(await portOf(lab, MACS[family])).toBe('lb1');

      const prober = await Prober.start(lab, address);
      await sleep(300);
      await better.peer.stop();
      await duel.isMaster(worse);
      const frames = await prober.stop();
      const { lost } = probeReport(probesIn(frames, address));
      expect(lost, 'requests lost, one a millisecond').toBeLessThan(50);
      expect(await neighbor(lab, address)).toBe(MACS[family]);
      expect(await portOf(lab, MACS[family])).toBe('lb2');
      expect(new Set(announcementsIn(frames).map(({ mac }) => mac))).toEqual(
        new Set([MACS[family]]),
      );
    },
  );

  test('F-B4 are silent as BACKUP: no frame from the virtual MAC leaves', async () => {
    const lab = await labs.up();
    const [address = FOUR[0]] = SIX.slice(-1);
    const better = agentAt(lab, 1, 150, SIX);
    const worse = agentAt(lab, 2, 100, SIX);
    const duel = new Duel(lab, address);
    await duel.start(worse);
    await duel.isMaster(worse);
    await duel.start(better);
    await duel.isMaster(better);
    const file = lab.path('port.pcap');
    const filter = ['-Q', 'in', '-Z', 'root', '-w', file, `ether src ${MACS.ipv6}`];
    const options = { label: 'port', log: true } as const;
    const capture = await lab.spawn('switch', 'tcpdump', ['-i', 'lb2', '-U', ...filter], options);
    await sleep(2_000);
    capture.signal('SIGINT');
    await capture.ended;
    const read = readPcap(readFileSync(file));
    expect(read.ok ? read.value : read.error).toEqual([]);
    const link = ['-brief', 'link', 'show', 'vr6-55-eth0'];
    expect(await lab.run(worse.host, 'ip', link)).toContain('DOWN');
    expect(await portOf(lab, MACS.ipv6)).toBe('lb1');
  });

  test('M-08 no address follows from the virtual MAC', async () => {
    const lab = await labs.up();
    const [address = FOUR[0]] = SIX.slice(-1);
    const agent = agentAt(lab, 1, 150, SIX);
    const duel = new Duel(lab, address);
    await duel.start(agent);
    await duel.isMaster(agent);
    const held = await lab.addresses(lab.director(1));
    const onLink = held.filter(({ interfaceName }) => interfaceName === 'vr6-55-eth0');
    expect(onLink.map((one) => one.address).sort()).toEqual([...SIX].sort());
  });
});

describe.skipIf(lacks())('an instance whose virtual MAC is switched on and off', () => {
  const instances = (virtualMac: boolean) => [
    { addresses: FOUR, virtual_mac: virtualMac },
    { name: 'six', addresses: SIX, virtual_mac: virtualMac },
  ];
  const optionsOf = (virtualMac: boolean) => ({
    more: { defaults: { advertisement_interval: '100ms', lease: 'off' } },
    instances: instances(virtualMac),
  });

  async function serves(lab: Lab, isVirtual: boolean): Promise<void> {
    const place = (address: IpAddress) => (isVirtual ? `vr${versionOf(address)}-55-eth0` : 'eth0');
    const wanted = [...FOUR, ...SIX].map((address) => `${address} ${place(address)}`);
    const held = async () => {
      const all = await lab.addresses(lab.director(1));
      const texts = all.map((one) => `${one.address} ${one.interfaceName}`);
      return texts.filter((text) => [...FOUR, ...SIX].some((one) => text.startsWith(`${one} `)));
    };
    await expect
      .poll(async () => (await held()).sort(), { timeout: 20_000 })
      .toEqual(wanted.sort());
  }

  test('has each address in one place, after a reload and after a crash', async () => {
    const lab = await labs.up();
    const host = lab.director(1);
    const first = await startAgent(lab, host, optionsOf(false));
    await serves(lab, false);
    for (const isVirtual of [true, false]) {
      writeFileSync(agentFile(lab, host), agentConfig(lab, host, optionsOf(isVirtual)));
      first.signal('SIGHUP');
      await serves(lab, isVirtual);
    }
    await first.kill();
    const second = await startAgent(lab, host, optionsOf(true));
    await serves(lab, true);
    await second.kill();
    await startAgent(lab, host, optionsOf(false));
    await serves(lab, false);
  });
});

describe.skipIf(lacks('keepalived'))('with keepalived and its use_vmac', () => {
  test('takes over from it in version 2, and yields to it again', async () => {
    const lab = await labs.up();
    const agent = agentAt(lab, 1, 100, FOUR, { version: 2, advertisement_interval: '1s' });
    const options = { addresses: FOUR, version: 2, priority: 150, virtualMac: true } as const;
    const keepalived = new Contestant(lab.director(2), (host) =>
      startKeepalived(lab, host, options),
    );
    await electionCrashAndReturn(new Duel(lab, FOUR[0]), keepalived, agent, 1_000);
  });

  test.each([
    ['IPv4', FOUR],
    ['IPv6', SIX],
  ] as const)('each takes over from the other over %s', async (_, addresses) => {
    for (const priorities of [
      { agent: 150, keepalived: 100 },
      { agent: 100, keepalived: 150 },
    ]) {
      const lab = await labs.up();
      const [address = FOUR[0]] = addresses.slice(-1);
      const agent = agentAt(lab, 1, priorities.agent, addresses);
      const keepalived = new Contestant(lab.director(2), (host) =>
        startKeepalived(lab, host, {
          addresses,
          priority: priorities.keepalived,
          intervalSeconds: INTERVAL_MILLISECONDS / 1_000,
          virtualMac: true,
        }),
      );
      const [better, worse] = priorities.agent > 100 ? [agent, keepalived] : [keepalived, agent];
      const duel = new Duel(lab, address);
      await electionCrashAndReturn(duel, better, worse, INTERVAL_MILLISECONDS);
    }
  });
});

describe.skipIf(lacks('vrrpd', 'zebra', 'vtysh'))('with FRRouting on its macvlan', () => {
  test.each([
    ['the agent', FOUR, { agent: 150, frr: 100 }],
    ['vrrpd', FOUR, { agent: 100, frr: 150 }],
    ['over IPv6 vrrpd', SIX, { agent: 100, frr: 150 }],
  ])('the other takes over from %s, and yields to it again', async (_, addresses, priorities) => {
    const lab = await labs.up();
    const [address = FOUR[0]] = addresses.slice(-1);
    const agent = agentAt(lab, 1, priorities.agent, addresses);
    const frr = new Contestant(lab.director(2), (host) =>
      startFrr(lab, host, {
        addresses,
        priority: priorities.frr,
        intervalMilliseconds: INTERVAL_MILLISECONDS,
      }),
    );
    const [better, worse] = priorities.agent > 100 ? [agent, frr] : [frr, agent];
    await electionCrashAndReturn(new Duel(lab, address), better, worse, INTERVAL_MILLISECONDS);
  });
});
