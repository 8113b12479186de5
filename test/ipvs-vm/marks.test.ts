/** At which port of a real server the packets of a firewall mark arrive with `nat`. */
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { Director } from './director.ts';
import { endAll, Lines, script, start, until } from './processes.ts';
import {
  buildTopology,
  GATEWAY,
  GATEWAY6,
  inside,
  MARK,
  NAT_VIP,
  NAT_VIP6,
  PORTS,
  SERVERS,
  tearDownTopology,
} from './topology.ts';

/** Of the server alone: no packet of a client has it. */
const OWN_PORT = 8079;

const a = new Director('a');

function configOf(port: number, persistence?: object): object {
  const service = { fwmark: MARK, scheduler: 'rr', ...(persistence && { persistence }) };
  return {
    defaults: { interface: 'out', priority: 150 },
    instances: [
      {
        ...{ name: 'web', vrid: 55, addresses: [NAT_VIP] },
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
      },
      {
        ...{ name: 'web6', vrid: 55, addresses: ['fe80::55', NAT_VIP6] },
        extra_addresses: [{ address: `${GATEWAY6}/64`, interface: 'in' }],
      },
    ],
    ipvs: {
      services: [
        { name: 'four', ...service, servers: [`${SERVERS.nat[0]}:${port}`] },
        { name: 'six', ...service, family: 'ipv6', servers: [`${SERVERS.nat6[0]}:${port}`] },
      ],
    },
  };
}

/** Of the clients: two of IPv4, one of IPv6. */
const KEPT = [PORTS.marked, PORTS.markedToo, PORTS.marked];

/** The port of the server that a client reaches. */
function reached(address: string, port: number): number {
  const line = `exec 3<>/dev/tcp/${address}/${port} && echo >&3 && head -n 1 <&3`;
  return Number(inside('client', 'timeout', '30', 'bash', '-c', line).split('#')[0]);
}

beforeAll(async () => {
  tearDownTopology();
  buildTopology(['client', 'a', 'nat1']);
  const rule =
    'add table ip6 marks; add chain ip6 marks marks { type filter hook prerouting priority mangle; }; ' +
    `add rule ip6 marks marks ip6 daddr ${NAT_VIP6} tcp dport ${PORTS.marked} meta mark set ${MARK}`;
  inside('a', 'nft', rule);
  for (const port of [OWN_PORT, PORTS.marked, PORTS.markedToo]) {
    const argv = ['node', script('echo-server.mjs'), String(port), `tcp:${port}`];
    await new Lines(start('nat1', argv)).next();
  }
  a.start(configOf(OWN_PORT));
  await until('both instances are MASTER', () => a.command('status').includes('2 MASTER'));
});

afterAll(async () => {
  await endAll();
  tearDownTopology();
});

test.each([
  ['the port of the server', OWN_PORT, undefined, [OWN_PORT, OWN_PORT, OWN_PORT]],
  ['its own port if the server has none', 0, undefined, KEPT],
  ['its own port if it is persistent, whatever port the server has', OWN_PORT, {}, KEPT],
])('FR-M a client of a mark reaches %s', async (_, port, persistence, ports) => {
  onTestFailed(() => console.log(a.log));
  await a.reload(configOf(port, persistence));
  expect([
    reached(NAT_VIP, PORTS.marked),
    reached(NAT_VIP, PORTS.markedToo),
    reached(NAT_VIP6, PORTS.marked),
  ]).toEqual(ports);
});
