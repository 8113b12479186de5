/** Directors and their settings, drawn from a seed. */

import { type Family, type IpAddress, ip, mac } from '../../../src/net/address.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type {
  GarpSettings,
  InstanceSettings,
  Settings,
  SyncGroupSettings,
  UnicastSettings,
  VirtualAddress,
} from '../../../src/protocol/engine/settings.ts';
import { COMMAND_TIME } from '../host.ts';
import type { Random } from '../random.ts';

export const INTERFACE = 'eth0';

const GARP: GarpSettings = {
  repeat: 3,
  secondBurstAfter: milliseconds(500),
  refresh: 0 as Duration,
  form: 'both',
};

/** Settings that all directors share. */
interface SharedSettings {
  readonly name: string;
  readonly vrid: number;
  readonly family: Family;
  readonly version: 2 | 3;
  readonly intervals: readonly Duration[];
  readonly addresses: readonly VirtualAddress[];
  readonly isUnicast: boolean;
  readonly checksum: InstanceSettings['checksum'];
  readonly password: string | undefined;
}

/** The primary address of the host, with its prefix length. */
export function primaryAddress(number: number, family: Family): [IpAddress, number] {
  return family === 'ipv4' ? [ip(`192.0.2.${11 + number}`), 24] : [ip(`fe80::${11 + number}`), 64];
}

export function drawTopology(random: Random): Settings[] {
  const count = random.integer(2, 5);
  const shared = [drawSharedSettings(random, 51)];
  if (random.chance(0.3)) shared.push(drawSharedSettings(random, 52));
  const group = shared.length > 1 && random.chance(0.7) ? drawGroup(random, shared) : [];
  return Array.from({ length: count }, (_, number) => {
    const instances = shared.map((one) => drawInstance(random, one, number, count));
    return {
      router: `host${number}`,
      linger: random.pick(['auto', 'off'] as const),
      instances: group.length === 0 ? instances : instances.map(owningNothing),
      syncGroups: group,
    };
  });
}

/** The same on every director. */
function drawGroup(random: Random, members: readonly SharedSettings[]): SyncGroupSettings[] {
  const instances = members.map(({ name }) => name);
  return [{ name: 'group', instances, mode: random.pick(['all', 'any'] as const), track: [] }];
}

/** All members of a group own their addresses, or none. */
function owningNothing(instance: InstanceSettings): InstanceSettings {
  return { ...instance, priority: Math.min(instance.priority, 254) };
}

function drawSharedSettings(random: Random, vrid: number): SharedSettings {
  const version = random.chance(0.25) ? 2 : 3;
  const family = version === 3 && random.chance(0.4) ? 'ipv6' : 'ipv4';
  const interval =
    version === 2 ? seconds(1) : milliseconds(random.pick([10, 50, 100, 250, 500, 1_000]));
  const differ = version === 3 && random.chance(0.15);
  return {
    name: `vr${vrid}`,
    vrid,
    family,
    version,
    intervals: differ ? [interval, milliseconds(50), milliseconds(300)] : [interval],
    addresses: drawAddresses(random, family, vrid),
    isUnicast: random.chance(0.2),
    checksum: random.pick(['auto', 'auto', 'pseudo_header']),
    password: version === 2 && random.chance(0.3) ? 'secret12' : undefined,
  };
}

function drawAddresses(random: Random, family: Family, vrid: number): VirtualAddress[] {
  const drawn = random.integer(1, 4);
  // More than one turn of the loop may ask the kernel for.
  const count = family === 'ipv6' && drawn === 4 ? 30 : drawn;
  // In the subnet of the hosts, or in a separate one.
  const network = random.pick(['192.0.2', '203.0.113'] as const);
  const length = random.pick(family === 'ipv4' ? [24, 32] : [64, 128]);
  return Array.from({ length: count }, (_, i) => {
    if (family === 'ipv4') return virtual(`${network}.${vrid + i * 2}`, length);
    return i === 0 ? virtual(`fe80::${vrid}:1`, 64) : virtual(`2001:db8::${vrid}:${i}`, length);
  });
}

/** Every other router has a route and a rule, too. */
function drawRouting({ family, vrid }: SharedSettings): Pick<InstanceSettings, 'routes' | 'rules'> {
  if (vrid % 2 === 0) return { routes: [], rules: [] };
  const destination = { address: ip(family === 'ipv4' ? '0.0.0.0' : '::'), length: 0 };
  const route = {
    kind: 'route',
    family,
    destination,
    via: undefined,
    interface: INTERFACE,
    source: undefined,
    metric: 5,
    table: vrid,
    onlink: false,
    mtu: undefined,
  } as const;
  const rule = {
    kind: 'rule',
    family,
    from: undefined,
    to: undefined,
    incoming: INTERFACE,
    outgoing: undefined,
    priority: 1_000 + vrid,
    table: vrid,
  } as const;
  return { routes: [route], rules: [rule] };
}

function virtual(address: string, prefixLength: number): VirtualAddress {
  return { address: ip(address), prefixLength, interface: INTERFACE };
}

function drawInstance(
  random: Random,
  one: SharedSettings,
  number: number,
  count: number,
): InstanceSettings {
  const [source] = primaryAddress(number, one.family);
  const priority = drawPriority(random, number);
  return {
    name: one.name,
    interface: INTERFACE,
    family: one.family,
    vrid: one.vrid,
    version: one.version,
    priority,
    advertisementInterval: random.pick(one.intervals),
    extraAddresses: [],
    ...drawRouting(one),
    preempt: random.chance(0.7),
    preemptDelay: random.chance(0.2) ? milliseconds(random.integer(100, 3_000)) : (0 as Duration),
    ...(random.chance(0.1) ? { preemptWhenSynced: milliseconds(random.integer(100, 3_000)) } : {}),
    accept: true,
    checksum: one.checksum,
    authentication:
      one.password === undefined ? { type: 'none' } : { type: 'pass', password: one.password },
    unicast: one.isUnicast ? unicastTo(number, count, one.family) : undefined,
    sourceAddress: random.chance(0.3) ? source : undefined,
    garp: GARP,
    neighborAdvertisement: { router: 'auto' },
    track: [],
    ...(priority < 255 && random.chance(0.2) ? { beforeMaster: drawBeforeMaster(random) } : {}),
    ...virtualMacPart(one, random.chance(0.3)),
    ...(random.chance(0.7) ? { lease: seconds(random.pick([2, 4])) } : {}),
  };
}

function drawBeforeMaster(random: Random): NonNullable<InstanceSettings['beforeMaster']> {
  if (random.chance(0.3)) {
    // An attempt that is aborted is followed by one that is not, as the command has time enough.
    return { deadline: (2 * COMMAND_TIME) as Duration, onFailure: 'abort' };
  }
  return { deadline: milliseconds(random.integer(10, 500)), onFailure: 'proceed' };
}

/** One director may use it while another does not. */
function virtualMacPart(
  { vrid, family, addresses }: SharedSettings,
  isWanted: boolean,
): Pick<InstanceSettings, 'addresses' | 'virtualMac'> {
  if (!isWanted) return { addresses, virtualMac: undefined };
  const name = `vr-${vrid}`;
  const form = family === 'ipv4' ? '01' : '02';
  return {
    addresses: addresses.map((one) => ({ ...one, interface: name })),
    virtualMac: { interface: name, mac: mac(`00:00:5e:00:${form}:${vrid.toString(16)}`) },
  };
}

/** Rarely an address owner, at most one; equal priorities often enough. */
function drawPriority(random: Random, number: number): number {
  if (number === 0 && random.chance(0.15)) return 255;
  return random.chance(0.3) ? 100 : random.integer(1, 254);
}

function unicastTo(number: number, count: number, family: Family): UnicastSettings {
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== number);
  const peers = others.map((i) => ({ address: primaryAddress(i, family)[0], minimumTtl: 255 }));
  return { source: undefined, peers };
}
