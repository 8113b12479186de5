/** What of this host has to fit to that of the other directors: kernel, IPVS, ARP and forwarding. */
import { readdirSync } from 'node:fs';
import { arch, release } from 'node:os';
import { readStart } from '../../files/regular-file.ts';
import { readSysctl } from './host-facts.ts';

export interface DirectorFacts {
  readonly kernel: string;
  readonly architecture: string;
  /** Parameters of the module ip_vs; empty if it is not loaded. */
  readonly ip_vs: Readonly<Record<string, string>>;
  readonly sysctl: Readonly<Record<string, string>>;
  /** Settings of the interface of each instance, by the name of the instance. */
  readonly interfaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const MODULE_PARAMETERS = '/sys/module/ip_vs/parameters';
const IPVS_SYSCTLS = '/proc/sys/net/ipv4/vs';

const SYSCTLS = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.arp_ignore',
  'net.ipv4.conf.all.arp_announce',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.ip_nonlocal_bind',
  'net.ipv4.vs.conntrack',
  'net.ipv6.conf.all.forwarding',
];

const OF_INTERFACE = [
  ...['ipv4.forwarding', 'ipv4.arp_ignore', 'ipv4.arp_announce', 'ipv4.rp_filter'],
  ...['ipv4.send_redirects', 'ipv6.forwarding', 'ipv6.accept_ra'],
];

/** `links`: the interface of each instance, by the name of the instance. */
export function readDirectorFacts(links: ReadonlyMap<string, string>): DirectorFacts {
  const ipvs = namesIn(IPVS_SYSCTLS).map((name) => `net.ipv4.vs.${name}`);
  return {
    kernel: release(),
    architecture: arch(),
    ip_vs: Object.fromEntries(
      namesIn(MODULE_PARAMETERS).flatMap((name) => valueAt(`${MODULE_PARAMETERS}/${name}`, name)),
    ),
    sysctl: sysctls([...new Set([...SYSCTLS, ...ipvs])].map((name) => [name, name])),
    interfaces: Object.fromEntries(
      [...links].map(([instance, link]) => [instance, settingsOf(link)]),
    ),
  };
}

function settingsOf(link: string): Readonly<Record<string, string>> {
  return sysctls(
    OF_INTERFACE.map((name) => {
      const [family = '', key = ''] = name.split('.');
      return [name, `net.${family}.conf.${link}.${key}`];
    }),
  );
}

/** Those that this kernel has: pairs of the name to show and the name of the kernel. */
function sysctls(names: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap(([shown, name]) => {
      const value = readSysctl(name);
      return value === undefined ? [] : [[shown, value]];
    }),
  );
}

function valueAt(path: string, name: string): [string, string][] {
  try {
    return [[name, readStart(path, 4_096).toString('utf8').trim()]];
  } catch {
    return [];
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
