/** What a director needs (https://www.linuxvirtualserver.org/, ip-sysctl.rst, ipvs-sysctl.rst). */
import { familyOf, type IpAddress } from '../../net/address.ts';
import {
  familiesOf,
  type HostFacts,
  hint,
  linkTowards,
  type PreparationInput,
  type Requirement,
  sysctlRequirement,
} from './requirement.ts';

const FORWARDING = {
  ipv4: 'net.ipv4.ip_forward',
  ipv6: 'net.ipv6.conf.all.forwarding',
} as const;

export function directorRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  const requirements = [ipvsRequirement(facts)];
  if (input.mode === 'nat') requirements.push(...natRequirements(input, facts));
  if (familiesOf(input).includes('ipv4')) requirements.push(...redirectRequirements(facts));
  if (input.mode === 'tun') requirements.push(sizeHint(input));
  return requirements;
}

/** The outer IPv4 header, and what lies between it and the packet (RFC 2784, RFC 768). */
const OVERHEAD = { ipip: 20, gre: 20 + 4, gue: 20 + 8 + 4 } as const;

function sizeHint({ tunnels }: PreparationInput): Requirement {
  const types = new Set(tunnels.map(({ type }) => type));
  const sizes = [...(types.size === 0 ? ['ipip' as const] : types)].map(
    (type) => `${OVERHEAD[type]} bytes of each packet (${type})`,
  );
  return hint(
    'MTU',
    `a tunnel takes ${sizes.join(', ')}: clients of large packets depend on ICMP ` +
      '"fragmentation needed" getting back to them, or on servers that offer a smaller MSS',
  );
}

function ipvsRequirement({ hasIpvs }: HostFacts): Requirement {
  return {
    subject: 'ip_vs',
    why: 'the load balancer of the kernel',
    wanted: 'loaded',
    found: hasIpvs ? 'loaded' : 'not loaded',
    state: hasIpvs ? 'met' : 'unmet',
    commands: [['modprobe', 'ip_vs']],
    persistent: undefined,
  };
}

function natRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  const forwarding = familiesOf(input).map((family) =>
    sysctlRequirement(facts, FORWARDING[family], '1', 'answers of the servers are routed by it'),
  );
  const shared = input.servers.filter((server) => sharesNetwork(input.vips, server, facts));
  return [...forwarding, ...shared.map((server) => snatHint(server))];
}

/**
 * All interfaces that there are: the kernel sends redirects when either `all` or the interface says so,
 * and a redirect sends clients past the balancer.
 */
function redirectRequirements(facts: HostFacts): Requirement[] {
  const names = facts.links.map(({ name }) => name).filter((name) => name !== 'lo');
  return ['all', 'default', ...names].map((name) =>
    sysctlRequirement(
      facts,
      `net.ipv4.conf.${name}.send_redirects`,
      '0',
      'a redirect would lead clients and servers past the director',
    ),
  );
}

/** A client of that network gets the answer from the server itself, and refuses it. */
function sharesNetwork(vips: readonly IpAddress[], server: IpAddress, facts: HostFacts): boolean {
  const link = linkTowards(facts, server);
  return vips.some(
    (vip) =>
      familyOf(vip) === familyOf(server) && link !== undefined && linkTowards(facts, vip) === link,
  );
}

function snatHint(server: IpAddress): Requirement {
  const family = familyOf(server) === 'ipv6' ? 'ip6' : 'ip';
  const table = `${family} ipvs_snat`;
  const hook = '{ type nat hook postrouting priority srcnat; }';
  return hint(
    `SNAT towards ${server}`,
    'it is on the network of the VIPs: to a client of that network it answers itself, and the ' +
      'client refuses that. Rewriting the source, too, leads the answer back; the server then sees ' +
      'the director for a client',
    [
      ['sysctl', '-w', 'net.ipv4.vs.conntrack=1'],
      ['nft', `add table ${table}`],
      ['nft', `add chain ${table} postrouting ${hook}`],
      ['nft', `add rule ${table} postrouting ${family} daddr ${server} masquerade`],
    ],
  );
}
