/**
 * Two directors, two real servers for NAT and two for direct routing, a client, and the director of
 * another cluster on the same segments, in namespaces:
 *
 *      client .200
 *         |
 *   ======+==============+=====================+=========== outside 203.0.113.0/24 (bridge)
 *      A .2  B .3      other .4          dr1 .21  dr2 .22      VIPs .100 (nat), .101 and .102 (dr)
 *         |              |
 *   ======+==============+==============+================== inside 192.0.2.0/24 (bridge)
 *                                  nat1 .11  nat2 .12          gateway VIP .1
 */
import { execFileSync } from 'node:child_process';

export const NAT_VIP = '203.0.113.100';
export const DR_VIP = '203.0.113.101';
export const OTHER_VIP = '203.0.113.102';
export const GATEWAY = '192.0.2.1';
export const PORT = 80;

export type DirectorName = 'a' | 'b' | 'other';
export type Host = DirectorName | 'client' | 'nat1' | 'nat2' | 'dr1' | 'dr2';

interface Place {
  readonly out?: string;
  readonly in?: string;
  /** Of `ip`, once the ports are there. */
  readonly lines?: readonly string[];
  readonly sysctls?: readonly string[];
}

const DIRECTOR = ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.send_redirects=0'];
const BEHIND_NAT = [`route add default via ${GATEWAY}`];
const DIRECT = {
  lines: [`addr add ${DR_VIP}/32 dev lo`, `addr add ${OTHER_VIP}/32 dev lo`],
  sysctls: ['net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'],
};

const PLACES: Readonly<Record<Host, Place>> = {
  client: { out: '203.0.113.200' },
  a: { out: '203.0.113.2', in: '192.0.2.2', sysctls: DIRECTOR },
  b: { out: '203.0.113.3', in: '192.0.2.3', sysctls: DIRECTOR },
  other: { out: '203.0.113.4', in: '192.0.2.4', sysctls: DIRECTOR },
  nat1: { in: '192.0.2.11', lines: BEHIND_NAT },
  nat2: { in: '192.0.2.12', lines: BEHIND_NAT },
  dr1: { out: '203.0.113.21', ...DIRECT },
  dr2: { out: '203.0.113.22', ...DIRECT },
};

export const SERVERS = {
  nat: ['192.0.2.11', '192.0.2.12'],
  dr: ['203.0.113.21', '203.0.113.22'],
} as const;

const SEGMENTS = ['out', 'in'] as const;

export const ALL = Object.keys(PLACES) as readonly Host[];

export function buildTopology(hosts: readonly Host[] = ALL): void {
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
      // It was never made.
    }
  }
}

/** With its cables in the switch. */
export function addHost(host: Host): void {
  const { lines = [], sysctls = [], ...addresses } = PLACES[host];
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
    ]),
    ...lines,
  ]);
  if (sysctls.length > 0) inside(host, 'sysctl', '-qw', ...sysctls);
}

/** Nothing is left of it, its connection table included; its programs have ended before. */
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
