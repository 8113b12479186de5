/**
 * What a director or a real server must be set to for a forwarding method of IPVS: each requirement
 * with its reason, the current value, and the commands that meet it. Sources:
 * https://www.linuxvirtualserver.org/, ip-sysctl.rst, ipvs-sysctl.rst.
 */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import {
  familiesOf,
  type HostFacts,
  hint,
  hostPrefix,
  linkTowards,
  type PreparationInput,
  type Requirement,
  sysctlRequirement,
} from './requirement.ts';

export function requirementsOf(input: PreparationInput, facts: HostFacts): Requirement[] {
  return input.role === 'director'
    ? directorRequirements(input, facts)
    : realServerRequirements(input, facts);
}

const FORWARDING = {
  ipv4: 'net.ipv4.ip_forward',
  ipv6: 'net.ipv6.conf.all.forwarding',
} as const;

function directorRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  const requirements = [ipvsRequirement(facts)];
  if (input.mode === 'nat') requirements.push(...natRequirements(input, facts));
  if (familiesOf(input).includes('ipv4')) requirements.push(...redirectRequirements(facts));
  if (input.mode === 'tun') requirements.push(sizeHint(input));
  return requirements;
}

/** Bytes of the outer IPv4 header, and of GRE (RFC 2784) or UDP (RFC 768) behind it. */
const OVERHEAD = { ipip: 20, gre: 20 + 4, gue: 20 + 8 + 4 } as const;

function sizeHint({ tunnels }: PreparationInput): Requirement {
  const types = new Set(tunnels.map(({ type }) => type));
  const sizes = [...(types.size === 0 ? ['ipip' as const] : types)].map(
    (type) => `${OVERHEAD[type]} bytes of each packet (${type})`,
  );
  return hint(
    'MTU',
    `a tunnel takes ${sizes.join(', ')}: clients that send large packets depend on ICMP ` +
      '"fragmentation needed" reaching them, or on servers that offer a smaller MSS',
  );
}

function ipvsRequirement({ hasIpvs }: HostFacts): Requirement {
  return {
    subject: 'ip_vs',
    why: 'the load balancer in the kernel',
    wanted: 'loaded',
    found: hasIpvs ? 'loaded' : 'not loaded',
    state: hasIpvs ? 'met' : 'unmet',
    commands: [['modprobe', 'ip_vs']],
    persistent: undefined,
  };
}

function natRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  const forwarding = familiesOf(input).map((family) =>
    sysctlRequirement(
      facts,
      FORWARDING[family],
      '1',
      'the director routes the answers of the servers',
    ),
  );
  const shared = input.servers.filter((server) => sharesNetwork(input.vips, server, facts));
  return [...forwarding, ...shared.map((server) => snatHint(server))];
}

/** Every interface, because the kernel sends redirects when either `all` or the interface allows it. */
function redirectRequirements(facts: HostFacts): Requirement[] {
  const names = facts.links.map(({ name }) => name).filter((name) => name !== 'lo');
  return ['all', 'default', ...names].map((name) =>
    sysctlRequirement(
      facts,
      `net.ipv4.conf.${name}.send_redirects`,
      '0',
      'a redirect would make clients and servers bypass the director',
    ),
  );
}

/** A client on that network gets the answer directly from the server, and refuses it. */
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
    'this server is on the network of the VIPs and answers a client on that network directly, which ' +
      'the client refuses. Rewriting the source as well brings the answer back to the director; the ' +
      'server then sees the director as the client',
    [
      ['sysctl', '-w', 'net.ipv4.vs.conntrack=1'],
      ['nft', `add table ${table}`],
      ['nft', `add chain ${table} postrouting ${hook}`],
      ['nft', `add rule ${table} postrouting ${family} daddr ${server} masquerade`],
    ],
  );
}

function realServerRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  switch (input.mode) {
    case 'nat':
      return [gatewayRequirement(input, facts)];
    case 'dr':
      return [...arpRequirements(input, facts), ...vipRequirements(input, facts)];
    case 'tun':
      return [
        ...arpRequirements(input, facts),
        ...tunnelRequirements(input, facts),
        ...vipRequirements(input, facts),
      ];
  }
}

/** Needed before a VIP is on `lo`: a server that answers ARP for a VIP takes it from the director. */
function arpRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  if (!familiesOf(input).includes('ipv4')) return [];
  const because = 'with the VIP on lo, only the director may answer for it';
  return [
    atLeast(facts, 'net.ipv4.conf.all.arp_ignore', '1', `${because}: no answer to ARP`),
    atLeast(
      facts,
      'net.ipv4.conf.all.arp_announce',
      '2',
      `${because}: no request with it as sender`,
    ),
  ];
}

/** The kernel uses the larger value of `all` and the interface (ip-sysctl.rst). */
function atLeast(facts: HostFacts, name: string, wanted: string, why: string): Requirement {
  const requirement = sysctlRequirement(facts, name, wanted, why);
  const isMore = Number(facts.sysctl(name) ?? 0) > Number(wanted);
  return isMore ? { ...requirement, state: 'met' } : requirement;
}

function vipRequirements({ vips }: PreparationInput, { links }: HostFacts): Requirement[] {
  if (vips.length === 0) {
    return [hint('VIPs', 'every VIP must be on lo: name the VIPs with --vip or --config')];
  }
  return vips.map((vip) => {
    const holders = links.filter((link) => link.addresses.some(({ address }) => address === vip));
    const elsewhere = holders.find(({ name }) => name !== 'lo' && !isTunnel(name));
    const found = holders.map(({ name }) => `on ${name}`).join(', ') || 'nowhere';
    const remove = elsewhere && ['ip', 'address', 'del', hostPrefix(vip), 'dev', elsewhere.name];
    const add = ['ip', 'address', 'add', hostPrefix(vip), 'dev', 'lo'];
    return {
      subject: vip,
      why: 'packets arrive with the VIP as destination',
      wanted: 'on lo',
      found,
      state: holders.length > 0 && elsewhere === undefined ? 'met' : 'unmet',
      commands: [...(remove === undefined ? [] : [remove]), ...(holders.length > 1 ? [] : [add])],
      persistent: undefined,
    };
  });
}

/** Module and device that decapsulate a tunnel; gue is ipip within UDP. */
const DEVICES = {
  ipv4: { ipip: ['ipip', 'tunl0'], gre: ['ip_gre', 'gre0'] },
  ipv6: { ipip: ['ip6_tunnel', 'ip6tnl0'], gre: ['ip6_gre', 'ip6gre0'] },
} as const;

function tunnelRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  const kinds = new Set(input.tunnels.map(({ type }) => (type === 'gre' ? 'gre' : 'ipip')));
  if (kinds.size === 0) kinds.add('ipip');
  const devices = familiesOf(input).flatMap((family) =>
    [...kinds].map((kind) => ({
      family,
      module: DEVICES[family][kind][0],
      device: DEVICES[family][kind][1],
    })),
  );
  const ports = new Set(input.tunnels.flatMap(({ type, port }) => (type === 'gue' ? [port] : [])));
  const decapsulation = [...ports].map((port) => decapsulationHint(port));
  return [...decapsulation, ...devices.flatMap((device) => deviceRequirements(device, facts))];
}

/** ip-fou(8). */
function decapsulationHint(port: number): Requirement {
  return hint(
    `gue on UDP port ${port}`,
    'packets arrive in UDP; whether the kernel decapsulates them is not checked: see `ip fou show`',
    [
      ['modprobe', 'fou'],
      ['ip', 'fou', 'add', 'port', String(port), 'gue'],
    ],
  );
}

interface Device {
  readonly family: Family;
  readonly module: string;
  readonly device: string;
}

function deviceRequirements({ family, module, device }: Device, facts: HostFacts): Requirement[] {
  const isUp = facts.links.some(({ name, isUp: up }) => name === device && up);
  const tunnel: Requirement = {
    subject: device,
    why: 'packets arrive in a tunnel',
    wanted: 'up',
    found: isUp ? 'up' : facts.links.some(({ name }) => name === device) ? 'down' : 'missing',
    state: isUp ? 'met' : 'unmet',
    commands: [
      ['modprobe', module],
      ['ip', 'link', 'set', device, 'up'],
    ],
    persistent: undefined,
  };
  if (family === 'ipv6') return [tunnel];
  const why =
    'decapsulated packets have the address of a client that is not routed through the tunnel';
  return [
    tunnel,
    sysctlRequirement(facts, 'net.ipv4.conf.all.rp_filter', '0', why),
    sysctlRequirement(facts, `net.ipv4.conf.${device}.rp_filter`, '0', why),
  ];
}

const TUNNELS: ReadonlySet<string> = new Set(['tunl0', 'ip6tnl0', 'gre0', 'ip6gre0']);

function isTunnel(name: string): boolean {
  return TUNNELS.has(name);
}

function gatewayRequirement({ gateways, vips }: PreparationInput, facts: HostFacts): Requirement {
  const wanted = gateways.length > 0 ? gateways : vips;
  const why = 'answers must pass through the director, which sets the VIP as their source';
  if (wanted.length === 0) {
    return hint(
      'default route',
      `${why}: the route must lead to an address that moves with the VIPs (--gateway or --config)`,
    );
  }
  const isMet = facts.gateways.some((gateway) => wanted.includes(gateway));
  const families = (one: IpAddress) => (familyOf(one) === 'ipv6' ? ['-6'] : []);
  const [only, ...others] = wanted;
  const isUnambiguous = only !== undefined && others.length === 0;
  return {
    subject: 'default route',
    why,
    wanted: `via ${wanted.join(' or ')}`,
    found: facts.gateways.length === 0 ? 'none' : `via ${facts.gateways.join(', ')}`,
    state: isMet ? 'met' : 'unmet',
    commands: isUnambiguous
      ? [['ip', ...families(only), 'route', 'replace', 'default', 'via', only]]
      : [],
    persistent: undefined,
  };
}
