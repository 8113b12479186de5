/** The kernel's service table and daemons, compared with the output of ipvsadm. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import type { ServiceSettings } from '../../src/config/ipvs-settings.ts';
import { IpvsLog } from '../../src/ipvs/keep/ipvs-log.ts';
import { ServiceKeeper } from '../../src/ipvs/keep/service-keeper.ts';
import { IpvsClient } from '../../src/ipvs/kernel/ipvs-client.ts';
import { ip } from '../../src/net/address.ts';
import type { Server } from '../../src/net/ipvs.ts';
import { Director } from './director.ts';
import { endAll, until } from './processes.ts';
import { buildTopology, inside, tearDownTopology } from './topology.ts';

const SERVICES = [
  { name: 'nat', address: '203.0.113.100:80', scheduler: 'rr', servers: ['192.0.2.11'] },
  {
    name: 'hashed',
    address: '203.0.113.100:443',
    scheduler: 'mh',
    flags: ['mh-port', 'mh-fallback'],
    forwarding: 'dr',
    persistence: { timeout: '5m', netmask: 24 },
    servers: [
      { address: '203.0.113.21', weight: 3 },
      { address: '203.0.113.22', weight: 0, upper_threshold: 100, lower_threshold: 50 },
    ],
  },
  {
    name: 'names',
    address: '203.0.113.100:53',
    protocol: 'udp',
    one_packet: true,
    servers: ['192.0.2.11', '192.0.2.12:5353'],
  },
  {
    name: 'six',
    address: '[2001:db8::100]:80',
    scheduler: 'sh',
    servers: ['[2001:db8::11]:8080'],
  },
  {
    name: 'marked',
    fwmark: 7,
    scheduler: 'wrr',
    forwarding: 'tun',
    servers: [
      { address: '198.51.100.11:0', tunnel: { type: 'gue', port: 6080 } },
      { address: '198.51.100.12:0' },
    ],
  },
] as const;

function configOf(services: readonly object[]): object {
  return {
    instances: [
      { name: 'web', interface: 'out', vrid: 55, priority: 150, addresses: ['203.0.113.100'] },
    ],
    ipvs: { sync: { interface: 'in', port: 8900, ttl: 3 }, services },
  };
}

const director = new Director('a');

beforeAll(async () => {
  tearDownTopology();
  buildTopology(['a']);
  director.start(configOf(SERVICES));
  await director.reached('MASTER');
});

afterAll(async () => {
  await endAll();
  tearDownTopology();
});

function ipvsadm(...options: string[]): string[] {
  const lines = inside('a', 'ipvsadm', ...options).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

describe('compared with ipvsadm', () => {
  test('ipvs save prints the same table, with the thresholds that ipvsadm 1.2.1 omits', () => {
    onTestFailed(() => console.log(director.log));
    const ours = director.command('ipvs', 'save').trim().split('\n');
    expect(ours).toHaveLength(SERVICES.length + 8);
    const withoutThresholds = ours.map((line) => line.replace(/ -x \d+ -y \d+$/, ''));
    expect(ours).not.toEqual(withoutThresholds);
    expect([...withoutThresholds].sort()).toEqual(ipvsadm('-S', '-n').sort());
  });

  test('ipvs show has the same services, weights, counts and daemons', async () => {
    onTestFailed(() => console.log(director.log));
    const { services } = await director.ipvs();
    const rows = services.flatMap((service) =>
      service.servers.map(
        ({ weight, active, inactive }) => `${service.scheduler} ${weight} ${active} ${inactive}`,
      ),
    );
    let scheduler = '';
    const kernelRows = ipvsadm('-L', '-n').flatMap((line) => {
      const words = line.split(/\s+/);
      if (/^(TCP|UDP|SCTP|FWM)$/.test(words[0] ?? '')) scheduler = words[2] ?? '';
      return words[0] === '->' && words[1] !== 'RemoteAddress:Port'
        ? [`${scheduler} ${words.slice(3).join(' ')}`]
        : [];
    });
    expect(rows.sort()).toEqual(kernelRows.sort());
    // A daemon of the former state may still be ending.
    await until('ipvs show has the daemons of ipvsadm', async () => {
      const { sync } = await director.ipvs();
      const daemons = (sync?.daemons ?? []).map(
        ({ role, interface: link, sync_id: id, maxlen, group, port, ttl }) =>
          `${role} sync daemon (mcast=${link}, syncid=${id}, maxlen=${maxlen}, group=${group}, port=${port}, ttl=${ttl})`,
      );
      expect(daemons).not.toEqual([]);
      expect(daemons).toEqual(ipvsadm('-L', '-n', '--daemon'));
      return true;
    });
  });

  test('a service added by hand survives a reload, which writes only what has changed', async () => {
    onTestFailed(() => console.log(director.log));
    inside('a', 'ipvsadm', '-A', '-t', '198.51.100.1:8080', '-s', 'rr');
    inside('a', 'ipvsadm', '-a', '-t', '198.51.100.1:8080', '-r', '192.0.2.12', '-m', '-w', '9');
    const before = ipvsadm('-S', '-n');
    const { writes } = (await director.ipvs()).counters;
    const [first, ...others] = SERVICES;
    const weighted = { ...first, servers: [{ address: '192.0.2.11', weight: 5 }] };
    await director.reload(configOf([weighted, ...others]));
    const line = '-a -t 203.0.113.100:80 -r 192.0.2.11:80 -m -w';
    expect(ipvsadm('-S', '-n')).toEqual(
      before.map((one) => (one === `${line} 1` ? `${line} 5` : one)),
    );
    expect((await director.ipvs()).counters.writes).toBe(writes + 1);
    await director.reload(configOf(others));
    expect(ipvsadm('-S', '-n').join('\n')).toContain('198.51.100.1:8080');
    expect(ipvsadm('-S', '-n').join('\n')).not.toContain('203.0.113.100:80 ');
  });

  test('a stop leaves what was added by hand, and nothing else', async () => {
    expect(await director.stop()).toBe(0);
    expect(ipvsadm('-S', '-n')).toEqual([
      '-A -t 198.51.100.1:8080 -s rr',
      '-a -t 198.51.100.1:8080 -r 192.0.2.12:8080 -m -w 9',
    ]);
    expect(ipvsadm('-L', '-n', '--daemon')).toEqual([]);
  });
});

describe('a large table', () => {
  const SIZE = { services: 1_000, servers: 10 };

  /** The emulation takes some ten times as long as a real machine. */
  const SECONDS = 120;

  function settings(): ServiceSettings[] {
    return Array.from({ length: SIZE.services }, (_, position) => ({
      name: `service-${position}`,
      service: {
        key: {
          kind: 'address',
          family: 'ipv4',
          protocol: 'tcp',
          address: ip('203.0.113.100'),
          port: 10_000 + position,
        },
        scheduler: 'wlc',
        schedulerFlags: 0,
        onePacket: false,
        persistence: undefined,
      },
      servers: Array.from(
        { length: SIZE.servers },
        (_, host): Server => ({
          address: ip(`192.0.2.${host + 10}`),
          port: 80,
          forwarding: 'nat',
          weight: 1,
          upperThreshold: 0,
          lowerThreshold: 0,
          tunnel: undefined,
        }),
      ),
      require: undefined,
      health: {
        checks: {},
        weights: {},
        onFailure: 'quiesce',
        fallback: undefined,
        minimum: undefined,
      },
    }));
  }

  test('of 1,000 services with 10 servers each is written once, and never again', async () => {
    const client = IpvsClient.open();
    const keeper = new ServiceKeeper({
      client,
      log: new IpvsLog(pino({ level: 'silent' })),
      owned: [],
      remember: async () => {},
    });
    const seconds = async (work: () => Promise<void>) => {
      const began = performance.now();
      await work();
      return (performance.now() - began) / 1_000;
    };
    const wanted = settings();
    const filled = await seconds(() => keeper.want(wanted, false));
    expect(keeper.refused).toEqual(new Set());
    expect(keeper.writes).toBe(SIZE.services * (1 + SIZE.servers));
    const checked = await seconds(() => keeper.check());
    expect(keeper.writes).toBe(SIZE.services * (1 + SIZE.servers));
    console.log(`from empty: ${filled.toFixed(1)} s; no change: ${checked.toFixed(1)} s`);
    expect(filled).toBeLessThan(SECONDS);
    await keeper.removeAll();
    expect(client.services()).toEqual([]);
    client.close();
  });
});
