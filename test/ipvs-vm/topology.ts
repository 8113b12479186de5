/**
 * Two directors, two real servers for NAT and two for direct routing, a client, the director of
 * another cluster on the same segments, and applications behind the real servers, in namespaces:
 *
 *      client .200
 *         |
 *   ======+==============+=====================+=========== outside 203.0.113.0/24 (bridge)
 *      A .2  B .3      other .4          dr1 .21  dr2 .22      VIPs .100 (nat), .101 and .102 (dr), .103 (tun)
 *         |              |                     |
 *   ======+==============+==============+======+============ inside 192.0.2.0/24 (bridge)
 *                                  nat1 .11  nat2 .12          gateway VIP .1
 *                                  app1 .31  app2 .32
 *
 * and with IPv6 2001:db8:1::/64 outside, 2001:db8:2::/64 inside, with the same last numbers.
 */
import { execFileSync } from 'node:child_process';

export const NAT_VIP = '203.0.113.100';
export const DR_VIP = '203.0.113.101';
export const OTHER_VIP = '203.0.113.102';
export const TUN_VIP = '203.0.113.103';
export const NAT_VIP6 = '2001:db8:1::100';
export const DR_VIP6 = '2001:db8:1::101';
export const GATEWAY = '192.0.2.1';
export const GATEWAY6 = '2001:db8:2::1';
export const PORT = 80;
/** More ports of the servers. */
export const PORTS = { visited: 8080, marked: 8081, markedToo: 8082, gue: 6080 } as const;
/** Set by the directors' firewall on packets for the marked ports of `NAT_VIP`. */
export const MARK = 7;

export type DirectorName = 'a' | 'b' | 'other';
export type Host = DirectorName | 'client' | 'nat1' | 'nat2' | 'dr1' | 'dr2' | 'app1' | 'app2';

interface Place {
  readonly out?: string;
  readonly in?: string;
  /** Lines for `ip -batch`, after the ports exist. */
  readonly lines?: readonly string[];
  readonly sysctls?: readonly string[];
  /** Commands for nft. */
  readonly firewall?: string;
}

const DIRECTOR = {
  sysctls: [
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.all.send_redirects=0',
    'net.ipv6.conf.all.forwarding=1',
  ],
  firewall:
    'add table ip marks; ' +
    'add chain ip marks marks { type filter hook prerouting priority mangle; }; ' +
    `add rule ip marks marks ip daddr ${NAT_VIP} ` +
    `tcp dport { ${PORTS.marked}, ${PORTS.markedToo} } meta mark set ${MARK}`,
};
const BEHIND_NAT = {
  lines: [`route add default via ${GATEWAY}`, `route add default via ${GATEWAY6}`],
};
/** `rp_filter` is off, because decapsulated packets have the address of a client behind another link. */
const DIRECT = {
  lines: [
    ...[DR_VIP, OTHER_VIP, TUN_VIP].map((vip) => `addr add ${vip}/32 dev lo`),
    `addr add ${DR_VIP6}/128 dev lo nodad`,
    'link set tunl0 up',
    `fou add port ${PORTS.gue} gue`,
  ],
  sysctls: [
    'net.ipv4.conf.all.arp_ignore=1',
    'net.ipv4.conf.all.arp_announce=2',
    'net.ipv4.conf.all.rp_filter=0',
    'net.ipv4.conf.tunl0.rp_filter=0',
  ],
};

/** Source addresses of visits. */
const VISITORS = Array.from({ length: 8 }, (_, number) => `203.0.113.${201 + number}`);

const PLACES: Readonly<Record<Host, Place>> = {
  client: {
    out: '203.0.113.200',
    lines: VISITORS.map((address) => `addr add ${address}/24 dev out`),
  },
  a: { out: '203.0.113.2', in: '192.0.2.2', ...DIRECTOR },
  b: { out: '203.0.113.3', in: '192.0.2.3', ...DIRECTOR },
  other: { out: '203.0.113.4', in: '192.0.2.4', ...DIRECTOR },
  nat1: { in: '192.0.2.11', ...BEHIND_NAT },
  nat2: { in: '192.0.2.12', ...BEHIND_NAT },
  dr1: { out: '203.0.113.21', in: '192.0.2.21', ...DIRECT },
  dr2: { out: '203.0.113.22', in: '192.0.2.22', ...DIRECT },
  app1: { in: '192.0.2.31' },
  app2: { in: '192.0.2.32' },
};

export const SERVERS = {
  nat: ['192.0.2.11', '192.0.2.12'],
  dr: ['203.0.113.21', '203.0.113.22'],
  nat6: ['[2001:db8:2::11]', '[2001:db8:2::12]'],
  dr6: ['[2001:db8:1::21]', '[2001:db8:1::22]'],
  tun: [
    { address: '203.0.113.21', tunnel: { type: 'ipip' } },
    { address: '203.0.113.22', tunnel: { type: 'gue', port: PORTS.gue } },
  ],
} as const;

const SEGMENTS = ['out', 'in'] as const;

const ALL = Object.keys(PLACES) as readonly Host[];

/** By default without applications. */
export function buildTopology(
  hosts: readonly Host[] = ALL.filter((host) => !host.startsWith('app')),
): void {
  // These modules create tunl0 in every namespace.
  run(['modprobe', '-a', 'ipip', 'fou']);
  ip('netns', 'add', 'switch');
  batch(
    'switch',
    SEGMENTS.flatMap((segment) => [`link add ${segment} type bridge`, `link set ${segment} up`]),
  );
  for (const host of hosts) addHost(host);
}

export function tearDownTopology(): void {
  for (const host of [...ALL, 'switch']) {
    try {
      ip('netns', 'del', host);
    } catch {
      // It does not exist.
    }
  }
}

/** Adds a host and plugs its cables into the switch. */
export function addHost(host: Host): void {
  const { lines = [], sysctls = [], firewall, ...addresses } = PLACES[host];
  ip('netns', 'add', host);
  const ports = SEGMENTS.flatMap((segment) => {
    const address = addresses[segment];
    return address === undefined ? [] : [{ segment, address }];
  });
  batch(
    'switch',
    ports.flatMap(({ segment }) => [
      `link add ${host}-${segment} type veth peer name ${segment} netns ${host}`,
      `link set ${host}-${segment} master ${segment} up`,
    ]),
  );
  batch(host, [
    'link set lo up',
    ...ports.flatMap(({ segment, address }) => [
      `link set ${segment} up`,
      `addr add ${address}/24 dev ${segment}`,
      `addr add ${ipv6Of(segment, address)}/64 dev ${segment} nodad`,
    ]),
    ...lines,
  ]);
  if (sysctls.length > 0) inside(host, 'sysctl', '-qw', ...sysctls);
  if (firewall !== undefined) inside(host, 'nft', firewall);
}

function ipv6Of(segment: (typeof SEGMENTS)[number], address: string): string {
  return `2001:db8:${segment === 'out' ? 1 : 2}::${address.split('.')[3]}`;
}

/** Removes a host with its connection table; its programs must have ended. */
export function removeHost(host: DirectorName): void {
  batch(
    'switch',
    SEGMENTS.map((segment) => `link del ${host}-${segment}`),
  );
  ip('netns', 'del', host);
}

/** Pulls or puts back both cables of a director. */
export function plug(director: DirectorName, state: 'up' | 'down'): void {
  batch(
    'switch',
    SEGMENTS.map((segment) => `link set ${director}-${segment} ${state}`),
  );
}

/** Kills every program on the host. */
export function killAll(host: Host): void {
  const pids = ip('netns', 'pids', host)
    .split('\n')
    .filter((pid) => pid !== '');
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
}

export function ip(...args: string[]): string {
  return run(['ip', ...args]);
}

export function inside(host: Host, ...argv: string[]): string {
  return run(['ip', 'netns', 'exec', host, ...argv]);
}

function batch(namespace: string, lines: readonly string[]): void {
  run(['ip', '-n', namespace, '-batch', '-'], `${lines.join('\n')}\n`);
}

function run([program, ...args]: readonly [string, ...string[]], input = ''): string {
  return execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}
