/** What administrators, hypervisors and other clusters do to a director. Each ends after some time. */
import { addressBits, familyOf, ip, isLinkLocal, mac } from '../../../src/net/address.ts';
import { centiseconds, type Duration } from '../../../src/net/time.ts';
import { PROTOCOL_VRRP } from '../../../src/net/vrrp.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../src/wire/ip.ts';
import { encodeAdvertisement } from '../../../src/wire/vrrp/advertisement.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import { CALM } from '../segment.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';
import { INTERFACE } from './topology.ts';

const BRIDGE = 'br0';
const LOOPBACK = 'lo';
const HOUR = 3_600_000_000;

export const FIELD_FAULTS: readonly Fault[] = [
  changeMac,
  becomePort,
  addToLoopback,
  claimAddress,
  meetForeignRouter,
  leapClock,
];

function changeMac(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  const address = mac(`02:00:5e:20:00:${random.integer(16, 255).toString(16)}`);
  world.disturb(`${host.name} has the MAC address ${address}`);
  host.changeMac(INTERFACE, address);
}

/** A bridge cannot have a port that is the parent of a macvlan link (EBUSY). */
function becomePort(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (host.settings.instances.some(({ virtualMac }) => virtualMac !== undefined)) return;
  world.disturb(`the interface of ${host.name} becomes a port of a bridge`);
  putIntoBridge(host);
  world.clock.after(duration, () => {
    world.disturb(`the interface of ${host.name} is no port any more`);
    host.kernel.releasePort(INTERFACE);
  });
}

export function putIntoBridge({ kernel }: Host): void {
  kernel.setPortOf(INTERFACE, kernel.indexOf(BRIDGE) ?? kernel.createLink(BRIDGE));
}

/** As directors of LVS-DR have it. A link-local address on `lo` is another one than on the link. */
function addToLoopback(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  const vip = random.pick(random.pick(host.settings.instances).addresses);
  if (isLinkLocal(vip.address)) return;
  const { kernel } = host;
  if (kernel.indexOf(LOOPBACK) === undefined) kernel.createLink(LOOPBACK);
  const where = [LOOPBACK, vip.address, addressBits(familyOf(vip.address))] as const;
  if (kernel.has(...where)) return;
  world.disturb(`${vip.address} is added to ${LOOPBACK} of ${host.name}`);
  kernel.addAddress(...where);
  world.clock.after(duration, () => {
    world.disturb(`${vip.address} is removed from ${LOOPBACK} of ${host.name}`);
    if (!kernel.has(...where)) {
      world.violated('what others add stays', `${host.name} has removed ${vip.address}`);
    }
    kernel.removeAddress(...where);
  });
}

/** A host that does not take part in VRRP answers for a VIP: the policy is to report it. */
function claimAddress(world: World, random: Random): void {
  const { address } = random.pick(
    random.pick(random.pick(world.hosts).settings.instances).addresses,
  );
  world.disturb(`a foreign host claims ${address}`);
  for (const { kernel, claims } of world.hosts) {
    for (const { attributes } of [...kernel.links()]) {
      claims.arrive({ index: attributes.index, address, mac: mac('02:00:5e:30:00:01') });
    }
  }
}

/** A router of another cluster with the same VRID, of a higher or lower priority than the directors. */
function meetForeignRouter(world: World, random: Random, duration: number): void {
  const settings = random.pick(random.pick(world.hosts).settings.instances);
  const priority = random.pick([1, 100, 255]);
  world.disturb(`a foreign router of priority ${priority} uses VRID ${settings.vrid}`);
  const presence = { ...CALM };
  world.segment.impairments = presence;
  const packet = foreignPacket(settings, priority);
  const send = () => {
    if (world.segment.impairments !== presence) return;
    world.segment.transmit(world.foreignPort, packet);
    world.clock.after(settings.advertisementInterval, send);
  };
  send();
  world.clock.after(duration, () => {
    if (world.segment.impairments !== presence) return;
    world.disturb('the foreign router is gone');
    world.segment.impairments = CALM;
  });
}

/** As of a peer, but with another address. Its interval is that of the directors in whole centiseconds. */
export function foreignPacket(
  { vrid, version, family, advertisementInterval, authentication }: InstanceSettings,
  priority: number,
): Uint8Array {
  const [source, destination, address] =
    family === 'ipv4'
      ? ([ip('192.0.2.200'), ip('224.0.0.18'), ip('198.51.100.1')] as const)
      : ([ip('fe80::200'), ip('ff02::12'), ip('fe80::200:1')] as const);
  const interval: Duration =
    version === 2
      ? advertisementInterval
      : centiseconds(Math.max(1, Math.round(advertisementInterval / 10_000)));
  const message = encodeAdvertisement(
    { vrid, version, priority, interval, addresses: [address], authentication },
    { source, destination },
    'rfc9568',
  );
  const shared = { source, destination, trafficClass: 0xc0 };
  return family === 'ipv4'
    ? encodeIpv4Packet({ ...shared, ttl: 255, protocol: PROTOCOL_VRRP }, message)
    : encodeIpv6Packet({ ...shared, hopLimit: 255, nextHeader: PROTOCOL_VRRP }, message);
}

/** By less than an interval, or by hours. */
function leapClock(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  const ahead = random.integer(1_000, random.pick([50_000, 5_000_000, 48 * HOUR]));
  world.disturb(`the clock of ${host.name} leaps ahead by ${ahead} us`);
  host.leap(ahead);
}
