/** Faults of a director or its segment. Each fault ends after some time; `heal` ends them all. */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { addressBits, familyOf, ip } from '../../../src/net/address.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import { CALM } from '../segment.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';
import { FIELD_FAULTS } from './field-faults.ts';
import { forgedPacket } from './forgery.ts';
import { failOver, maintain, overridePriority, releaseAll } from './operators.ts';
import { INTERFACE, primaryAddress } from './topology.ts';

/** How often a director that is still stopping is checked before its restart. */
const STOP_TIME = 50_000;

export const FAULTS: readonly Fault[] = [
  pauseHost,
  pauseHost,
  crashHost,
  crashHost,
  killBriefly,
  killBriefly,
  stopHost,
  stopHost,
  bringLinkDown,
  recreateLink,
  removePrimaryAddress,
  renumber,
  removeVirtualAddress,
  addVirtualAddress,
  loseVirtualLink,
  loseMonitorMessages,
  refuseAddresses,
  impairSegment,
  cutOneWay,
  partition,
  echoPackets,
  attack,
  failOver,
  failOver,
  maintain,
  overridePriority,
  ...FIELD_FAULTS,
];

/** A host after its machine has booted. */
export function bootHost(host: Host): void {
  host.kernel.createLink(INTERFACE);
  addPrimaryAddresses(host);
  host.start();
}

/** Ends all faults, and starts what was stopped. */
export function heal(world: World): void {
  world.disturb('everything is healed');
  world.segment.heal();
  for (const host of world.hosts) {
    host.kernel.refuses = 'nothing';
    host.resume();
    host.kernel.releasePort(INTERFACE);
    if (!host.kernel.isRunning(INTERFACE)) host.kernel.removeLink(INTERFACE);
    if (!host.kernel.isRunning(INTERFACE)) host.kernel.createLink(INTERFACE);
    addPrimaryAddresses(host);
    restartAfter(world, host, 0);
  }
  releaseAll(world);
}

export function addPrimaryAddresses(host: Host): void {
  for (const { family } of host.settings.instances) {
    host.kernel.addAddress(INTERFACE, ...primaryAddress(host.number, family));
  }
}

function pauseHost(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  world.disturb(`${host.name} is stopped for ${duration} us`);
  host.pause();
  const loses = random.chance(0.3);
  if (loses) host.sockets.isDeaf = true;
  world.clock.after(duration, () => {
    host.sockets.isDeaf = false;
    if (!host.isPaused) return;
    world.disturb(`${host.name} continues${loses ? ', packets sent meanwhile are lost' : ''}`);
    host.resume();
  });
}

function crashHost(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isStarted) return;
  const cleansUp = random.chance(0.5);
  world.disturb(`${host.name} is killed${cleansUp ? '' : ', its VIPs stay'}`);
  host.crash(cleansUp);
  restartAfter(world, host, duration);
}

/** SIGKILL to the agent of a MASTER, if there is one, and another start: in time, or a little too late. */
function killBriefly(world: World, random: Random): void {
  const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
  const { host, settings } = random.pick(masters.length > 0 ? masters : world.rows());
  const limit = shortestMasterDownInterval(settings.version, settings.advertisementInterval);
  const duration = Math.round((limit * random.integer(0, 120)) / 100);
  world.disturb(`${host.name} is killed, and starts again after ${duration} us`);
  host.crash(false);
  restartAfter(world, host, duration);
}

function stopHost(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  world.disturbMildly(`${host.name} is asked to stop`);
  host.shutdown();
  restartAfter(world, host, duration);
}

export function restartAfter(world: World, host: Host, duration: number): void {
  world.clock.after(duration, () => {
    if (host.isStopping) restartAfter(world, host, STOP_TIME);
    else if (!host.isStarted) {
      world.disturb(`${host.name} starts`);
      host.start();
    }
  });
}

/** The host notices that its cable is pulled. */
export function bringLinkDown(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  world.disturb(`${host.name} loses its link`);
  host.kernel.setRunning(INTERFACE, false);
  world.clock.after(duration, () => {
    world.disturb(`${host.name} has its link again`);
    host.kernel.setRunning(INTERFACE, true);
    addPrimaryAddresses(host);
  });
}

function recreateLink(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  world.disturb(`${host.name} loses its interface`);
  host.kernel.removeLink(INTERFACE);
  world.clock.after(random.chance(0.3) ? 0 : duration, () => {
    world.disturb(`${host.name} has a new interface`);
    if (host.kernel.isRunning(INTERFACE)) return;
    host.kernel.removeLink(INTERFACE);
    host.kernel.createLink(INTERFACE);
    addPrimaryAddresses(host);
  });
}

function removePrimaryAddress(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  const { family } = random.pick(host.settings.instances);
  world.disturb(`${host.name} loses its own address`);
  host.kernel.removeAddress(INTERFACE, ...primaryAddress(host.number, family));
  world.clock.after(duration, () => {
    world.disturb(`${host.name} has its own address again`);
    addPrimaryAddresses(host);
  });
}

/**
 * Replaces the primary address for some time. Not with unicast: its peers accept a director by the
 * address in their own configuration.
 */
function renumber(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  const { family } = random.pick(host.settings.instances);
  if (family === 'ipv6' || host.settings.instances.some(({ unicast }) => unicast)) return;
  const other = ip(`${random.pick(['192.0.2', '203.0.113'] as const)}.${21 + host.number}`);
  host.kernel.promotesSecondaries = random.chance(0.5);
  world.disturb(`${host.name} is renumbered to ${other}`);
  host.kernel.addAddress(INTERFACE, other, 24);
  host.kernel.removeAddress(INTERFACE, ...primaryAddress(host.number, family));
  world.clock.after(duration, () => {
    world.disturb(`${host.name} is renumbered back`);
    addPrimaryAddresses(host);
    host.kernel.removeAddress(INTERFACE, other, 24);
    addPrimaryAddresses(host);
  });
}

function removeVirtualAddress(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  const vip = random.pick(random.pick(host.settings.instances).addresses);
  world.disturb(`${vip.address} is removed from ${host.name}`);
  host.kernel.undoings++;
  host.kernel.removeAddress(vip.interface, vip.address, addressBits(familyOf(vip.address)));
  const [route] = host.kernel.routing.keys();
  if (route !== undefined) host.kernel.removeRouting(route);
}

/** Not on the address owner, which keeps foreign addresses. */
function addVirtualAddress(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  const instance = random.pick(host.settings.instances);
  if (instance.priority === 255) return;
  const vip = random.pick(instance.addresses);
  const ours = random.chance(0.5);
  world.disturb(`${vip.address} is added to ${host.name} ${ours ? 'with' : 'without'} the mark`);
  host.kernel.undoings++;
  host.kernel.addAddress(vip.interface, vip.address, vip.prefixLength, ours);
}

function loseVirtualLink(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  const name = random.pick(host.settings.instances).virtualMac?.interface;
  if (name === undefined) return;
  const isRemoved = random.chance(0.5);
  world.disturb(`${name} of ${host.name} is ${isRemoved ? 'removed' : 'set down'}`);
  host.kernel.undoings++;
  if (isRemoved) host.kernel.removeLink(name);
  else host.kernel.setDown(name);
}

function loseMonitorMessages(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  world.disturb(`${host.name} loses change messages`);
  host.kernel.overrun();
}

function refuseAddresses(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  const operation = random.pick(['add', 'remove'] as const);
  world.disturb(`the kernel of ${host.name} refuses to ${operation} addresses`);
  host.kernel.refuses = operation;
  world.clock.after(duration, () => {
    world.disturb(`the kernel of ${host.name} accepts requests again`);
    host.kernel.refuses = 'nothing';
  });
}

function impairSegment(world: World, random: Random, duration: number): void {
  const upTo = (most: number) => (random.chance(0.5) ? random.unit() * most : 0);
  const impairments = {
    delay: CALM.delay,
    jitter: random.chance(0.5) ? random.integer(500, 20_000) : CALM.jitter,
    loss: upTo(0.6),
    duplication: upTo(0.5),
    reordering: upTo(0.3),
    corruption: upTo(0.5),
  };
  world.disturb(`the segment is impaired: ${JSON.stringify(impairments)}`);
  world.segment.impairments = impairments;
  healSegmentAfter(world, duration);
}

function cutOneWay(world: World, random: Random, duration: number): void {
  const [from, to] = [random.pick(world.hosts), random.pick(world.hosts)];
  world.disturb(`nothing passes from ${from.name} to ${to.name}`);
  world.segment.cut(from.number, to.number);
  healSegmentAfter(world, duration);
}

function partition(world: World, random: Random, duration: number): void {
  const sides = world.hosts.map(() => random.chance(0.5));
  world.disturb(`the segment is split: ${sides.map(Number).join('')}`);
  for (const from of world.hosts) {
    for (const to of world.hosts) {
      if (sides[from.number] !== sides[to.number]) world.segment.cut(from.number, to.number);
    }
  }
  healSegmentAfter(world, duration);
}

function echoPackets(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  world.disturb(`${host.name} hears itself`);
  world.segment.echo(host.number);
  healSegmentAfter(world, duration);
}

function healSegmentAfter(world: World, duration: number): void {
  world.clock.after(duration, () => {
    world.disturb('the segment is whole');
    world.segment.heal();
  });
}

function attack(world: World, random: Random): void {
  const host = random.pick(world.hosts);
  const settings = random.pick(host.settings.instances);
  world.note(`** ${host.name} gets forged packets`);
  for (let i = random.integer(1, 20); i > 0; i--) {
    world.segment.inject(host.number, forgedPacket(random, settings));
  }
}
