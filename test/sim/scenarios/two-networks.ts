/**
 * One run from a seed of directors that have a second network between them: faults of either network, of
 * hosts and processes, forged and replayed datagrams; then a quiet period, and convergence.
 */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { type Family, ip, isLinkLocal } from '../../../src/net/address.ts';
import { type Duration, milliseconds, times } from '../../../src/net/time.ts';
import type {
  InstanceSettings,
  PeerLinkSettings,
  Settings,
} from '../../../src/protocol/engine/settings.ts';
import { instanceOf } from '../../conformance/rig.ts';
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { addressesFollowState } from '../invariants/addresses.ts';
import { makeBeforeBreak } from '../invariants/make-before-break.ts';
import { listensAfterStall } from '../invariants/stall.ts';
import {
  DETECTION_TIME,
  HANDSHAKE,
  oneOwnerWhileLinked,
  servedIfPossible,
} from '../invariants/two-networks.ts';
import { forged, peerAddress } from '../peer-network.ts';
import { Random } from '../random.ts';
import { CALM } from '../segment.ts';
import { World } from '../world.ts';
import type { Fault } from './fault.ts';
import { bootHost, bringLinkDown, heal, restartAfter } from './faults.ts';
import { failOver, maintain } from './operators.ts';
import { type Run, runOf } from './run.ts';
import { INTERFACE } from './topology.ts';

const FAULTS: readonly Fault[] = [
  cutOneWay,
  cutOneWay,
  isolatePort,
  isolatePort,
  isolateDirectors,
  filterVrrp,
  filterVrrp,
  impairSegment,
  cutPeerNetwork,
  cutPeerNetwork,
  cutPeersOneWay,
  impairPeerNetwork,
  attackPeerLink,
  attackPeerLink,
  bringLinkDown,
  switchOff,
  killProcess,
  pauseProcess,
  stopProcess,
  failOver,
  maintain,
];

export function runTwoNetworks(seed: number, isTraced = false): Run {
  const random = new Random(seed);
  const settings = drawLinked(random.fork());
  const invariants = [
    oneOwnerWhileLinked(),
    servedIfPossible(),
    addressesFollowState(),
    listensAfterStall(),
    makeBeforeBreak(),
  ];
  const world = new World(random.integer(0, 2 ** 31), settings, invariants, isTraced);
  for (const one of settings) world.note(JSON.stringify(one));
  return runOf(seed, world, () => play(world, random));
}

/** Two or three directors with one virtual router. */
export function drawDirectors(random: Random): Settings[] {
  const count = random.pick([2, 2, 3]);
  const advertisementInterval = milliseconds(random.pick([10, 100, 300, 1_000]));
  const heartbeat = milliseconds(random.pick([10, 50, 100]));
  const deadAfter = random.chance(0.5) ? { deadAfter: (heartbeat * 4) as Duration } : {};
  const equal = random.chance(0.2);
  const preempt = random.chance(0.7);
  const tracks = random.chance(0.3) ? { thirdHosts: [ip('192.0.2.1')] } : {};
  return Array.from({ length: count }, (_, number) => {
    const others = Array.from({ length: count }, (__, i) => i).filter((i) => i !== number);
    const instance = instanceOf({
      ...{ name: 'vr51', interface: INTERFACE, vrid: 51, advertisementInterval, preempt },
      priority: equal ? 100 : random.integer(1, 254),
      addresses: [{ address: ip('203.0.113.51'), prefixLength: 32, interface: INTERFACE }],
      ...tracks,
    });
    return {
      ...{ router: `host${number}`, linger: random.pick(['auto', 'off'] as const), syncGroups: [] },
      instances: [instance],
      peerLink: {
        ...{ source: peerAddress(number), port: 8_843, heartbeat, services: 0, ...deadAfter },
        directors: others.map((i) => ({ name: `host${i}`, address: peerAddress(i) })),
      },
    };
  });
}

/** A link that is much faster than VRRP costs most of the time of a run, and shows nothing more. */
const HEARTBEATS: Readonly<Record<number, readonly number[]>> = {
  10: [10, 50, 100],
  100: [10, 50, 100],
  300: [50, 100],
  1000: [100],
};

function drawLinked(random: Random): Settings[] {
  const directors = drawDirectors(random);
  const interval = random.pick([10, 10, 100, 100, 300, 1_000]);
  const heartbeat = milliseconds(random.pick(HEARTBEATS[interval] ?? [100]));
  return drawRouters(directors, random).map((one) => ({
    ...one,
    ...(one.peerLink === undefined ? {} : { peerLink: withHeartbeat(one.peerLink, heartbeat) }),
    instances: one.instances.map((instance) => ({
      ...instance,
      advertisementInterval: milliseconds(interval),
    })),
  }));
}

/** The router of each director over IPv4 or IPv6, and sometimes a second one, alone or in a sync group. */
export function drawRouters(directors: readonly Settings[], random: Random): Settings[] {
  const families = random.pick<readonly Family[]>([
    ...[['ipv4'], ['ipv4'], ['ipv6'], ['ipv6']],
    ...[
      ['ipv4', 'ipv4'],
      ['ipv4', 'ipv6'],
      ['ipv6', 'ipv6'],
    ],
  ] as const);
  const mode = random.pick(['all', 'any'] as const);
  const isGrouped = families.length > 1 && random.chance(0.7);
  const isInOrder = random.chance(0.5);
  return directors.map((one): Settings => {
    const [first] = one.instances;
    if (first === undefined) throw new Error('a director needs an instance');
    const instances = families.map((family, at) => ({
      ...first,
      ...instanceParts(family, 51 + at, first),
      ...(at > 0 && !isInOrder ? { priority: random.integer(1, 254) } : {}),
    }));
    const names = instances.map(({ name }) => name);
    return {
      ...one,
      instances,
      syncGroups: isGrouped ? [{ name: 'group', instances: names, mode, track: [] }] : [],
    };
  });
}

function instanceParts(
  family: Family,
  vrid: number,
  { thirdHosts = [] }: InstanceSettings,
): Partial<InstanceSettings> {
  const vips = family === 'ipv4' ? [`203.0.113.${vrid}`] : [`fe80::${vrid}:1`, `2001:db8::${vrid}`];
  const length = family === 'ipv4' ? 32 : 128;
  return {
    ...{ name: `vr${vrid}`, vrid, family },
    addresses: vips.map((one) => ({
      address: ip(one),
      prefixLength: isLinkLocal(ip(one)) ? 64 : length,
      interface: INTERFACE,
    })),
    ...(thirdHosts.length > 0 ? { thirdHosts: [ip(GATEWAYS[family])] } : {}),
  };
}

const GATEWAYS = { ipv4: '192.0.2.1', ipv6: 'fe80::1' } as const;

/** `dead_after` is four heartbeats where there is one. */
export function withHeartbeat(link: PeerLinkSettings, heartbeat: Duration): PeerLinkSettings {
  const { deadAfter, ...rest } = link;
  return {
    ...{ ...rest, heartbeat },
    ...(deadAfter === undefined ? {} : { deadAfter: times(heartbeat, 4) }),
  };
}

function play(world: World, random: Random): void {
  for (const host of world.hosts) {
    host.kernel.defaultGateways = world.thirdHost?.addresses;
    world.clock.after(random.integer(0, 50_000), () => {
      world.disturb(`${host.name} boots`);
      bootHost(host);
    });
  }
  const unit = slowest(world);
  world.runFor(settleTime(world));
  for (let i = random.integer(2, 6); i > 0; i--) {
    const fault = random.pick(FAULTS);
    fault(world, random, random.integer(0, Math.round(unit * 4)));
    world.runFor(random.integer(0, Math.round(unit * 4)));
  }
  world.runFor(unit * 2);
  healAll(world);
  world.runFor(settleTime(world) + unit);
  judge(world);
}

function slowest(world: World): number {
  const times = world.hosts.flatMap(({ settings }) =>
    settings.instances.map(({ version, advertisementInterval }) =>
      onSlowestClock(masterDownInterval(version, 1, advertisementInterval)),
    ),
  );
  return Math.max(...times);
}

function settleTime(world: World): number {
  const isGrouped = world.hosts.some(({ settings }) => settings.syncGroups.length > 0);
  return HANDSHAKE + DETECTION_TIME + (isGrouped ? 8 : 4) * slowest(world);
}

function healAll(world: World): void {
  world.peers?.heal();
  for (const host of world.hosts) host.isOff = false;
  heal(world);
}

function judge(world: World): void {
  for (const { name } of world.hosts[0]?.settings.instances ?? []) {
    const rows = world.rows().filter(({ settings }) => settings.name === name);
    const states = `${name}: ${rows.map(({ host, view }) => `${host.name} ${view.state}`).join(', ')}`;
    const masters = rows.filter(({ view }) => view.state === 'MASTER');
    if (masters.length !== 1) world.violated('one MASTER at the end', states);
    if (rows.length !== world.hosts.length) world.violated('all hosts are back', states);
    const lost = rows.filter(({ view }) => view.pathLoss !== undefined);
    if (lost.length > 0) world.violated('no path is lost at the end', states);
  }
  const grouped = world.rows().filter((row) => world.membersOf(row).length > 1);
  const owners = new Set(
    grouped.flatMap(({ host, view }) => (view.state === 'MASTER' ? [host.name] : [])),
  );
  if (owners.size > 1) world.violated('one director has the group', [...owners].join(', '));
}

/** The segment is whole again, with all other faults of it. */
function healSegmentAfter(world: World, duration: number): void {
  world.clock.after(duration, () => {
    world.disturb('the segment is whole');
    world.segment.heal();
  });
}

function healPeersAfter(world: World, duration: number): void {
  world.clock.after(duration, () => {
    world.disturb('the peer network is whole');
    world.peers?.heal();
  });
}

/** Every port of the segment: the directors and the gateway. */
function portsOf({ hosts, thirdHost }: World): number[] {
  return [
    ...hosts.map(({ number }) => number),
    ...(thirdHost === undefined ? [] : [thirdHost.number]),
  ];
}

function cutOneWay(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  const outwards = random.chance(0.5);
  world.disturb(`${outwards ? 'nothing from' : 'nothing to'} ${host.name} passes on the segment`);
  for (const port of portsOf(world)) {
    if (outwards) world.segment.cut(host.number, port);
    else world.segment.cut(port, host.number);
  }
  healSegmentAfter(world, duration);
}

/** The cable of the switch: the host does not notice. */
function isolatePort(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  world.disturb(`${host.name} is cut off from the segment`);
  isolate(world, host);
  healSegmentAfter(world, duration);
}

function isolate(world: World, host: Host): void {
  for (const port of portsOf(world)) {
    world.segment.cut(host.number, port);
    world.segment.cut(port, host.number);
  }
}

/** Port isolation: each director reaches the gateway, and no other director. */
function isolateDirectors(world: World, _random: Random, duration: number): void {
  world.disturb('the directors are isolated from each other');
  for (const one of world.hosts) {
    for (const other of world.hosts) {
      if (one !== other) world.segment.cut(one.number, other.number);
    }
  }
  healSegmentAfter(world, duration);
}

function filterVrrp(world: World, random: Random, duration: number): void {
  const oneWay = random.chance(0.3) ? random.pick(world.hosts) : undefined;
  world.disturb(`VRRP is blocked ${oneWay === undefined ? 'everywhere' : `from ${oneWay.name}`}`);
  for (const from of world.hosts) {
    if (oneWay !== undefined && from !== oneWay) continue;
    for (const to of world.hosts) world.segment.filter(from.number, to.number);
  }
  healSegmentAfter(world, duration);
}

function impairSegment(world: World, random: Random, duration: number): void {
  world.disturb('the segment loses packets');
  world.segment.impairments = { ...CALM, jitter: 5_000, loss: random.unit() * 0.5 };
  healSegmentAfter(world, duration);
}

function cutPeerNetwork(world: World, _random: Random, duration: number): void {
  world.disturb('the peer network is down');
  for (const one of world.hosts) {
    for (const other of world.hosts) world.peers?.cut(one.number, other.number);
  }
  healPeersAfter(world, duration);
}

function cutPeersOneWay(world: World, random: Random, duration: number): void {
  const [from, to] = [random.pick(world.hosts), random.pick(world.hosts)];
  world.disturb(`nothing passes from ${from.name} to ${to.name} on the peer network`);
  world.peers?.cut(from.number, to.number);
  healPeersAfter(world, duration);
}

function impairPeerNetwork(world: World, random: Random, duration: number): void {
  if (world.peers === undefined) return;
  world.disturb('the peer network loses, repeats and reorders datagrams');
  world.peers.impairments = {
    ...CALM,
    ...{ jitter: 20_000, loss: random.unit() * 0.6, duplication: 0.3, reordering: 0.2 },
    corruption: 0.2,
  };
  healPeersAfter(world, duration);
}

/** Recorded datagrams, changed or not, from the address of any director. */
function attackPeerLink(world: World, random: Random): void {
  const { peers, hosts } = world;
  if (peers === undefined || peers.recorded.length === 0) return;
  const host = random.pick(hosts);
  world.note(`** ${host.name} gets forged and replayed datagrams`);
  for (let i = random.integer(1, 50); i > 0; i--) {
    const { from, bytes } = random.pick(peers.recorded);
    host.deliverFromPeer(random.chance(0.8) ? from : random.integer(0, 9), forged(random, bytes));
  }
}

/** The machine has no power: nothing of it is heard on either network. */
function switchOff(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isStarted) return;
  world.disturb(`${host.name} is switched off`);
  host.crash(true);
  host.isOff = true;
  world.clock.after(duration, () => {
    host.isOff = false;
  });
  restartAfter(world, host, duration);
}

function killProcess(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isStarted) return;
  world.disturb(`${host.name} is killed`);
  host.crash(random.chance(0.5));
  restartAfter(world, host, duration);
}

function pauseProcess(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  world.disturb(`${host.name} is stopped for ${duration} us`);
  host.pause();
  world.clock.after(duration, () => {
    if (!host.isPaused) return;
    world.disturb(`${host.name} continues`);
    host.resume();
  });
}

function stopProcess(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  world.disturbMildly(`${host.name} is asked to stop`);
  host.shutdown();
  restartAfter(world, host, duration);
}
