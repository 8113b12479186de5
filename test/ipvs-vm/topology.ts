/**
 * Two directors, two real servers for NAT and two for direct routing, and a client, in namespaces:
 *
 *      client .200
 *         |
 *   ======+====================+=========== outside 203.0.113.0/24 (bridge)
 *      A .2  B .3           dr1 .21  dr2 .22      VIPs .100 (nat) and .101 (dr)
 *         |
 *   ======+====================+=========== inside 192.0.2.0/24 (bridge), gateway VIP .1
 *                           nat1 .11  nat2 .12
 */
import { execFileSync } from 'node:child_process';

export const NAT_VIP = '203.0.113.100';
export const DR_VIP = '203.0.113.101';
export const GATEWAY = '192.0.2.1';
export const PORT = 80;

const OUTSIDE = { client: '203.0.113.200', a: '203.0.113.2', b: '203.0.113.3' } as const;
const INSIDE = { a: '192.0.2.2', b: '192.0.2.3', nat1: '192.0.2.11', nat2: '192.0.2.12' } as const;
const DIRECT = { dr1: '203.0.113.21', dr2: '203.0.113.22' } as const;

export const SERVERS = { nat: [INSIDE.nat1, INSIDE.nat2], dr: [DIRECT.dr1, DIRECT.dr2] } as const;

const HOSTS = ['client', 'a', 'b', 'nat1', 'nat2', 'dr1', 'dr2', 'switch'] as const;
export type Host = (typeof HOSTS)[number];

export function buildTopology(): void {
  const lines = HOSTS.map((host) => `netns add ${host}`);
  lines.push(
    '-n switch link add out type bridge',
    '-n switch link add in type bridge',
    '-n switch link set out up',
    '-n switch link set in up',
  );
  for (const host of HOSTS) lines.push(`-n ${host} link set lo up`);
  for (const [host, address] of Object.entries({ ...OUTSIDE, ...DIRECT })) {
    lines.push(...port(host, 'out', address));
  }
  for (const [host, address] of Object.entries(INSIDE)) lines.push(...port(host, 'in', address));
  for (const host of ['nat1', 'nat2']) lines.push(`-n ${host} route add default via ${GATEWAY}`);
  for (const host of ['dr1', 'dr2']) lines.push(`-n ${host} addr add ${DR_VIP}/32 dev lo`);
  for (const line of lines) ip(...line.split(' '));
  for (const host of ['a', 'b'] as const) {
    sysctl(host, 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.send_redirects=0');
  }
  for (const host of ['dr1', 'dr2'] as const) {
    sysctl(host, 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2');
  }
}

export function tearDownTopology(): void {
  for (const host of HOSTS) {
    try {
      ip('netns', 'del', host);
    } catch {
      // It was never made.
    }
  }
}

/** Pulls or puts back both cables of a director. */
export function plug(director: 'a' | 'b', state: 'up' | 'down'): void {
  for (const segment of ['out', 'in']) {
    ip('-n', 'switch', 'link', 'set', `${director}-${segment}`, state);
  }
}

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function inside(host: Host, ...argv: string[]): string {
  return ip('netns', 'exec', host, ...argv);
}

export function sysctl(host: Host, ...settings: string[]): void {
  inside(host, 'sysctl', '-qw', ...settings);
}

function port(host: string, segment: string, address: string): string[] {
  return [
    `-n switch link add ${host}-${segment} type veth peer name ${segment} netns ${host}`,
    `-n switch link set ${host}-${segment} master ${segment} up`,
    `-n ${host} link set ${segment} up`,
    `-n ${host} addr add ${address}/24 dev ${segment}`,
  ];
}
