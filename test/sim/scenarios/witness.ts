/**
 * One run from a seed of directors with a witness, of one virtual router or two, over IPv4, IPv6 or both, alone or
 * in a sync group: cuts of every subset of the directors and etcd, on both networks or one of them, in one direction or both, freezes, crashes,
 * planned moves, reloads, and an etcd that is far away, slow, loses and repeats answers, restarts and changes its
 * leader; then a quiet period, in which all see each other again.
 */
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type { Settings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { HANDSHAKE } from '../invariants/two-networks.ts';
import { oneOwner, servedWithWitness } from '../invariants/witness.ts';
import { Random } from '../random.ts';
import { CALM } from '../segment.ts';
import { World } from '../world.ts';
import type { Fault } from './fault.ts';
import { bootHost, heal, restartAfter } from './faults.ts';
import { failOver, maintain } from './operators.ts';
import { type Run, runOf } from './run.ts';
import { drawDirectors, drawRouters, withHeartbeat } from './two-networks.ts';

const FAULTS: readonly Fault[] = [
  ...[cutBoth, cutBoth, cutBoth, cutBoth, cutPeers, cutPeers, cutPeersOneWay, losePeers],
  ...[cutAnything, cutAnything, lengthenTtl],
  ...[cutWitness, cutWitness, stopWitness, loseLeader, slowWitness, loseWitness],
  ...[freeze, freeze, kill, switchOff, stop, failOver, failOver, maintain],
];

export function runWitness(seed: number, isTraced = false): Run {
  const random = new Random(seed);
  const settings = drawWithWitness(random.fork());
  const invariants = (settings[0]?.instances ?? []).flatMap(({ name, addresses }) =>
    addresses.flatMap(({ address }) => [
      oneOwner({ instance: name, address }),
      servedWithWitness({ instance: name, address }),
    ]),
  );
  const world = new World(random.integer(0, 2 ** 31), settings, invariants, isTraced);
  for (const one of settings) world.note(JSON.stringify(one));
  return runOf(seed, world, () => play(world, random));
}

function drawWithWitness(random: Random): Settings[] {
  const ttl = seconds(random.pick([2, 2, 2, 3, 5]));
  const advertisementInterval = milliseconds(random.pick([200, 300, 1_000]));
  const heartbeat = milliseconds(random.pick([100, 200, 250]));
  return drawRouters(drawDirectors(random), random).map((one) => ({
    ...one,
    witness: { ttl, onLoss: 'release' as const },
    ...(one.peerLink === undefined ? {} : { peerLink: withHeartbeat(one.peerLink, heartbeat) }),
    instances: one.instances.map((instance) => ({
      ...instance,
      ...{ witness: true, advertisementInterval },
      priority: Math.min(instance.priority, 254),
    })),
  }));
}

function play(world: World, random: Random): void {
  for (const host of world.hosts) {
    host.kernel.defaultGateways = world.thirdHost?.addresses;
    host.kernel.expiresLate = milliseconds(250);
    world.clock.after(random.integer(0, 50_000), () => {
      world.disturb(`${host.name} boots`);
      bootHost(host);
    });
  }
  const unit = world.hosts[0]?.settings.witness?.ttl ?? 0;
  for (const { name } of world.hosts) {
    // One way, so that an answer takes up to a fifth of the ttl: all that an attempt may take is a quarter.
    world.etcd?.place(name, random.pick([0, 0, unit / 40, unit / 11]));
  }
  world.runFor(2 * unit + HANDSHAKE);
  for (let i = random.integer(1, 4); i > 0; i--) {
    const fault = random.pick(FAULTS);
    fault(world, random, random.integer(0, 3 * unit));
    world.runFor(random.integer(0, random.pick([50_000, unit, 3 * unit])));
  }
  world.runFor(2 * unit + HANDSHAKE);
  healAll(world);
  world.runFor(2 * longestTtl(world) + 6 * HANDSHAKE);
  judge(world);
}

function longestTtl({ hosts }: World): number {
  return Math.max(...hosts.map(({ settings }) => settings.witness?.ttl ?? 0));
}

function healAll(world: World): void {
  world.peers?.heal();
  world.etcd?.heal();
  for (const host of world.hosts) host.isOff = false;
  heal(world);
  const ttl = longestTtl(world) as Duration;
  for (const host of world.hosts) setTtl(host, ttl);
}

function setTtl(host: Host, ttl: Duration): void {
  const { witness } = host.settings;
  if (witness === undefined || witness.ttl === ttl) return;
  host.reload({ ...host.settings, witness: { ...witness, ttl } });
}

function judge(world: World): void {
  const rows = world.rows();
  const states = rows
    .map(({ host, view }) => `${host.name} ${view.name} ${view.state} ${view.witness?.right}`)
    .join(', ');
  const masters = rows.filter(({ view }) => view.state === 'MASTER');
  const instances = world.hosts[0]?.settings.instances ?? [];
  const served = new Set(masters.map(({ view }) => view.name));
  if (masters.length !== instances.length || served.size !== instances.length) {
    world.violated('one MASTER at the end', states);
  }
  const isGrouped = world.hosts.some(({ settings }) => settings.syncGroups.length > 0);
  if (isGrouped && new Set(masters.map(({ host }) => host)).size !== 1) {
    world.violated('one MASTER of all members at the end', states);
  }
  if (rows.length !== instances.length * world.hosts.length)
    world.violated('all hosts are back', states);
  if (masters.some(({ view }) => view.witness?.right !== 'peers' || view.witness.holds)) {
    world.violated('the witness is not asked at the end', states);
  }
}

function after(world: World, duration: number, what: string, end: () => void): void {
  world.clock.after(duration, () => {
    world.disturb(what);
    end();
  });
}

/** Both networks fall apart in the same two parts, and etcd is on one side, or on neither. */
function cutBoth(world: World, random: Random, duration: number): void {
  const part = world.hosts.filter(() => random.chance(0.5));
  const side = random.pick(['these', 'others', 'all', 'none'] as const);
  world.disturb(`cut: ${part.map(({ name }) => name).join(', ') || 'none'}; etcd with ${side}`);
  for (const one of world.hosts) {
    const isInPart = part.includes(one);
    for (const other of world.hosts) {
      if (isInPart === part.includes(other)) continue;
      world.segment.cut(one.number, other.number);
      world.peers?.cut(one.number, other.number);
    }
    const reaches =
      side === 'all' || (side === 'these' ? isInPart : side === 'others' && !isInPart);
    if (!reaches) world.etcd?.cut(one.name);
  }
  after(world, duration, 'the networks are whole', () => {
    world.segment.heal();
    world.peers?.heal();
    world.etcd?.heal();
  });
}

function cutPeers(world: World, _random: Random, duration: number): void {
  world.disturb('the peer network is down');
  for (const one of world.hosts) {
    for (const other of world.hosts) world.peers?.cut(one.number, other.number);
  }
  after(world, duration, 'the peer network is whole', () => world.peers?.heal());
}

function cutPeersOneWay(world: World, random: Random, duration: number): void {
  const [from, to] = [random.pick(world.hosts), random.pick(world.hosts)];
  world.disturb(`nothing passes from ${from.name} to ${to.name} on any network`);
  world.peers?.cut(from.number, to.number);
  world.segment.cut(from.number, to.number);
  after(world, duration, 'the networks are whole', () => {
    world.peers?.heal();
    world.segment.heal();
  });
}

/** Each direction of each way by itself, and each director's way to etcd. */
function cutAnything(world: World, random: Random, duration: number): void {
  const share = random.pick([0.2, 0.5, 0.8]);
  const cut: string[] = [];
  for (const one of world.hosts) {
    for (const other of world.hosts) {
      if (one === other) continue;
      if (random.chance(share)) {
        world.segment.cut(one.number, other.number);
        cut.push(`${one.number}-${other.number}`);
      }
      if (random.chance(share)) {
        world.peers?.cut(one.number, other.number);
        cut.push(`${one.number}=${other.number}`);
      }
    }
    if (!random.chance(share)) continue;
    world.etcd?.cut(one.name);
    cut.push(`${one.number}-etcd`);
  }
  world.disturb(`cut: ${cut.join(', ') || 'nothing'}`);
  after(world, duration, 'the networks are whole', () => {
    world.segment.heal();
    world.peers?.heal();
    world.etcd?.heal();
  });
}

/** On some of the directors: the others count the shorter one. */
function lengthenTtl(world: World, random: Random): void {
  for (const host of world.hosts) {
    const { witness } = host.settings;
    if (!host.isAlive || witness === undefined || random.chance(0.3)) continue;
    const ttl = (witness.ttl + seconds(random.integer(1, 3))) as Duration;
    world.disturb(`${host.name} has a ttl of ${ttl} us`);
    setTtl(host, ttl);
  }
}

function losePeers(world: World, random: Random, duration: number): void {
  if (world.peers === undefined) return;
  world.disturb('the peer network loses, repeats and reorders datagrams');
  world.peers.impairments = {
    ...CALM,
    ...{ jitter: 20_000, loss: random.unit() * 0.7, duplication: 0.3, reordering: 0.2 },
  };
  after(world, duration, 'the peer network is whole', () => world.peers?.heal());
}

function cutWitness(world: World, random: Random, duration: number): void {
  for (const { name } of world.hosts) {
    if (!random.chance(0.6)) continue;
    world.disturb(`${name} does not reach etcd`);
    world.etcd?.cut(name);
  }
  after(world, duration, 'etcd is reached', () => world.etcd?.heal());
}

function stopWitness(world: World, _random: Random, duration: number): void {
  world.disturb('etcd is stopped');
  world.etcd?.stop();
  after(world, duration, 'etcd is started', () => world.etcd?.start());
}

function loseLeader(world: World, random: Random): void {
  world.disturb('etcd has no leader');
  world.etcd?.stop();
  after(world, random.integer(100_000, 2_000_000), 'etcd has a leader', () => world.etcd?.start());
}

function slowWitness(world: World, _random: Random, duration: number): void {
  world.disturb('etcd is slow');
  world.etcd?.slowDown();
  after(world, duration, 'etcd is fast', () => world.etcd?.heal());
}

function loseWitness(world: World, random: Random, duration: number): void {
  if (world.etcd === undefined) return;
  world.disturb('answers of etcd are lost and repeated');
  world.etcd.impairment = { delay: 300_000, loss: random.unit() * 0.6, duplication: 0.5 };
  after(world, duration, 'etcd answers once', () => world.etcd?.heal());
}

function freeze(world: World, random: Random, duration: number): void {
  const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
  const host =
    masters.length > 0 && random.chance(0.7) ? masters[0]?.host : random.pick(world.hosts);
  if (host === undefined || !host.isAlive) return;
  world.disturb(`${host.name} is frozen for ${duration} us`);
  host.pause();
  after(world, duration, `${host.name} continues`, () => host.resume());
}

function kill(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isStarted) return;
  world.disturb(`${host.name} is killed`);
  host.crash(random.chance(0.3));
  restartAfter(world, host, random.chance(0.5) ? random.integer(0, 300_000) : duration);
}

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

function stop(world: World, random: Random, duration: number): void {
  const host = random.pick(world.hosts);
  if (!host.isAlive) return;
  world.disturb(`${host.name} is asked to stop`);
  host.shutdown();
  restartAfter(world, host, duration);
}
