/** What a real server needs, by the way that packets come to it. */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import {
  familiesOf,
  type HostFacts,
  hint,
  hostPrefix,
  type PreparationInput,
  type Requirement,
  sysctlRequirement,
} from './requirement.ts';

export function realServerRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
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

/** Before the VIPs are there: a server that answers ARP for them takes them from the director. */
function arpRequirements(input: PreparationInput, facts: HostFacts): Requirement[] {
  if (!familiesOf(input).includes('ipv4')) return [];
  const because = 'with the VIP on lo, only the director may answer for it';
  return [
    atLeast(facts, 'net.ipv4.conf.all.arp_ignore', '1', `${because}: no answer to ARP`),
    atLeast(facts, 'net.ipv4.conf.all.arp_announce', '2', `${because}: no question in its name`),
  ];
}

/** The larger value of `all` and the interface counts (ip-sysctl.rst). */
function atLeast(facts: HostFacts, name: string, wanted: string, why: string): Requirement {
  const requirement = sysctlRequirement(facts, name, wanted, why);
  const isMore = Number(facts.sysctl(name) ?? 0) > Number(wanted);
  return isMore ? { ...requirement, state: 'met' } : requirement;
}

function vipRequirements({ vips }: PreparationInput, { links }: HostFacts): Requirement[] {
  if (vips.length === 0) {
    return [hint('VIPs', 'every VIP must be on lo: name them with --vip, or with --config')];
  }
  return vips.map((vip) => {
    const holders = links.filter((link) => link.addresses.some(({ address }) => address === vip));
    const elsewhere = holders.find(({ name }) => name !== 'lo' && !isTunnel(name));
    const found = holders.map(({ name }) => `on ${name}`).join(', ') || 'nowhere';
    const remove = elsewhere && ['ip', 'address', 'del', hostPrefix(vip), 'dev', elsewhere.name];
    const add = ['ip', 'address', 'add', hostPrefix(vip), 'dev', 'lo'];
    return {
      subject: vip,
      why: 'packets to the VIP arrive here as they are',
      wanted: 'on lo',
      found,
      state: holders.length > 0 && elsewhere === undefined ? 'met' : 'unmet',
      commands: [...(remove === undefined ? [] : [remove]), ...(holders.length > 1 ? [] : [add])],
      persistent: undefined,
    };
  });
}

/** Module and device that take packets out of a tunnel; those of gue are ipip within UDP. */
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
  const unwrapping = [...ports].map((port) => unwrappingHint(port));
  return [...unwrapping, ...devices.flatMap((device) => deviceRequirements(device, facts))];
}

/** ip-fou(8). */
function unwrappingHint(port: number): Requirement {
  return hint(
    `gue on UDP port ${port}`,
    'packets arrive in UDP, and whether the kernel unwraps them is not looked at: `ip fou show` says so',
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
  const why = 'what comes out of the tunnel has the address of a client whose way is another one';
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
  const why = 'answers must pass the director, which gives them the VIP for their source';
  if (wanted.length === 0) {
    return hint(
      'default route',
      `${why}: it must lead to an address that moves with the VIPs (--gateway, or --config)`,
    );
  }
  const isMet = facts.gateways.some((gateway) => wanted.includes(gateway));
  const families = (one: IpAddress) => (familyOf(one) === 'ipv6' ? ['-6'] : []);
  const [only, ...others] = wanted;
  const isClear = only !== undefined && others.length === 0;
  return {
    subject: 'default route',
    why,
    wanted: `via ${wanted.join(' or ')}`,
    found: facts.gateways.length === 0 ? 'none' : `via ${facts.gateways.join(', ')}`,
    state: isMet ? 'met' : 'unmet',
    commands: isClear
      ? [['ip', ...families(only), 'route', 'replace', 'default', 'via', only]]
      : [],
    persistent: undefined,
  };
}
