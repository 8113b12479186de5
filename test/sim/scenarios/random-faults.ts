/**
 * One run of the simulator from a seed: directors with random settings, faults in sequence and
 * overlapping, then a quiet period; at the end the directors must have converged.
 */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { preemptDelayOf } from '../../../src/protocol/engine/router/router-context.ts';
import { onSlowestClock } from '../host-clock.ts';
import { addressesFollowState } from '../invariants/addresses.ts';
import { groupsTogether } from '../invariants/groups-together.ts';
import { handOver } from '../invariants/hand-over.ts';
import { makeBeforeBreak } from '../invariants/make-before-break.ts';
import { announcesNewMac } from '../invariants/new-mac.ts';
import { oneMaster } from '../invariants/one-master.ts';
import { noMasterOnPort } from '../invariants/port.ts';
import { quietWhenSettled } from '../invariants/quiet.ts';
import { resumesInTime } from '../invariants/resumes-in-time.ts';
import { someMaster } from '../invariants/some-master.ts';
import { listensAfterStall } from '../invariants/stall.ts';
import { virtualMacOfMaster } from '../invariants/virtual-mac.ts';
import { Random } from '../random.ts';
import { World } from '../world.ts';
import { bootHost, FAULTS, heal } from './faults.ts';
import { HmacRollout } from './hmac.ts';
import { type Run, runOf } from './run.ts';
import { drawTopology } from './topology.ts';

/** A refused VIP is tried again after 5 s; a new IPv6 address is usable after one. */
const RETRY_TIME = 5_000_000;
const DETECTION_TIME = 1_000_000;

/** Bursts of announcements and their repetition, change messages, 20 times the reaction time. */
const AFTERMATH = 2_200_000;

export function run(seed: number, isTraced = false): Run {
  const random = new Random(seed);
  const drawn = drawTopology(random.fork());
  const rollout = HmacRollout.drawn(seed, drawn);
  const settings = rollout?.settings ?? drawn;
  const invariants = [
    ...(rollout === undefined ? [] : [rollout.overheard()]),
    oneMaster(),
    someMaster(),
    addressesFollowState(),
    handOver(),
    quietWhenSettled(settleTime),
    listensAfterStall(),
    makeBeforeBreak(),
    groupsTogether(),
    virtualMacOfMaster(),
    resumesInTime(),
    announcesNewMac(),
    noMasterOnPort(),
  ];
  const world = new World(random.integer(0, 2 ** 31), settings, invariants, isTraced);
  for (const one of settings) world.note(JSON.stringify(one));
  rollout?.begin(world);
  return runOf(seed, world, () => play(world, random, rollout));
}

function play(world: World, random: Random, rollout: HmacRollout | undefined): void {
  for (const host of world.hosts) {
    world.clock.after(random.integer(0, 50_000), () => {
      world.disturb(`${host.name} boots`);
      bootHost(host);
    });
  }
  const unit = slowestMasterDown(world);
  world.runFor(random.chance(0.5) ? unit : settleTime(world));
  for (let i = random.integer(2, 8); i > 0; i--) {
    const fault = random.pick(FAULTS);
    fault(world, random, random.integer(0, Math.round(unit * 2)));
    rollout?.disturb(world, Math.round(unit * 2));
    world.runFor(random.integer(0, Math.round(unit * 2.5)));
  }
  world.runFor(unit * 2);
  heal(world);
  world.runFor(settleTime(world) + unit);
  judge(world);
}

const settleTimes = new WeakMap<World, number>();

/** Time to converge after the last fault. */
export function settleTime(world: World): number {
  const known = settleTimes.get(world) ?? undisturbedSettleTime(world);
  settleTimes.set(world, known);
  return world.hasRefused ? known + RETRY_TIME : known;
}

function undisturbedSettleTime(world: World): number {
  let delay = 0;
  for (const { instances } of world.hosts.map((host) => host.settings)) {
    for (const one of instances) {
      const detection = one.family === 'ipv6' ? DETECTION_TIME : 0;
      const own =
        onSlowestClock(preemptDelayOf(one, true)) + detection + 2 * world.leaveTime(one, 1);
      delay = Math.max(delay, own);
    }
  }
  const isGrouped = world.hosts.some(({ settings }) => settings.syncGroups.length > 0);
  return delay + (isGrouped ? 6 : 3) * slowestMasterDown(world) + AFTERMATH;
}

function slowestMasterDown(world: World): number {
  let slowest = 0;
  for (const { settings } of world.hosts) {
    for (const one of settings.instances) {
      const interval = world.longestInterval(one);
      const time = onSlowestClock(masterDownInterval(one.version, 1, interval));
      slowest = Math.max(slowest, time);
    }
  }
  return slowest;
}

function judge(world: World): void {
  for (const { name } of world.hosts[0]?.settings.instances ?? []) {
    const rows = world.rows().filter(({ settings }) => settings.name === name);
    const masters = rows.filter(({ view }) => view.state === 'MASTER');
    const states = rows.map(({ host, view }) => `${host.name} ${view.state}`).join(', ');
    if (masters.length !== 1) world.violated('one MASTER at the end', `${name}: ${states}`);
    if (rows.length !== world.hosts.length) world.violated('all hosts are back', states);
  }
  for (const host of world.hosts) {
    const names = host.settings.instances.map((one) => one.name);
    const reported = JSON.stringify(names.map((name) => host.views.get(name)));
    const real = JSON.stringify(host.engine?.view());
    if (reported !== real) {
      world.violated('status is complete', `${reported} is not ${real}`);
    }
  }
}
