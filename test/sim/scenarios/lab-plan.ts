/** Runs a plan of `lab soak` in the simulator: the same seed gives the same steps. */
import { loadConfig } from '../../../src/config/load.ts';
import { agentText } from '../../../src/lab/peers/vrrp-agent.ts';
import type { Action } from '../../../src/lab/scenario/steps.ts';
import { describeAction } from '../../../src/lab/scenario/steps.ts';
import { SOAK_ADDRESS } from '../../../src/lab/soak/disturbances.ts';
import { type Plan, stepsOf } from '../../../src/lab/soak/plan.ts';
import { SOAK_INTERVAL } from '../../../src/lab/soak/scenario.ts';
import { type IpAddress, ip, mac } from '../../../src/net/address.ts';
import type { Settings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { addressesFollowState } from '../invariants/addresses.ts';
import { announcesNewMac } from '../invariants/new-mac.ts';
import { oneMaster } from '../invariants/one-master.ts';
import { noMasterOnPort } from '../invariants/port.ts';
import { someMaster } from '../invariants/some-master.ts';
import { listensAfterStall } from '../invariants/stall.ts';
import { CALM } from '../segment.ts';
import { Violation, World } from '../world.ts';
import { addPrimaryAddresses, bootHost, heal, restartAfter } from './faults.ts';
import { foreignPacket, putIntoBridge } from './field-faults.ts';
import { INTERFACE, primaryAddress } from './topology.ts';

const LOOPBACK = 'lo';

type ForeignRouter = Extract<Action, { readonly kind: 'foreign_router' }>;

/** Undefined: all rules held. */
export function runPlan(plan: Plan): string | undefined {
  const invariants = [
    ...[oneMaster(), someMaster(), addressesFollowState(), listensAfterStall()],
    ...[announcesNewMac(), noMasterOnPort()],
  ];
  const settings = plan.nodes.map(({ name, priority }) => settingsOf(name, priority, plan));
  const world = new World(plan.seed, settings, invariants, false);
  const start = world.clock.now;
  try {
    for (const host of world.hosts) bootHost(host);
    world.disturb('all boot');
    for (const { at, action } of stepsOf(plan)) {
      world.runFor(start + at - world.clock.now);
      world.disturb(describeAction(action));
      perform(world, action);
    }
    world.runFor(start + plan.duration - world.clock.now);
    heal(world);
    world.runFor(plan.duration);
    const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
    return masters.length === 1 ? undefined : `${masters.length} MASTERs at the end`;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

function settingsOf(router: string, priority: number, { preempt, prefixLength }: Plan): Settings {
  const instance = {
    ...{ priority, preempt, advertisement_interval: SOAK_INTERVAL },
    addresses: [`${SOAK_ADDRESS}/${prefixLength}`],
  };
  const loaded = loadConfig(agentText({ instances: [instance] }), { hostName: router });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('; '));
  return loaded.value.settings;
}

function perform(world: World, action: Action): void {
  if (action.kind === 'partition') {
    const sides = [action.from, action.to].map((names) => names.map((name) => named(world, name)));
    for (const a of sides[0] ?? []) {
      for (const b of sides[1] ?? []) {
        world.segment.cut(a.number, b.number);
        if (!action.isOneWay) world.segment.cut(b.number, a.number);
      }
    }
    return;
  }
  if (action.kind === 'heal') world.segment.heal();
  if (action.kind === 'foreign_router') meetForeignRouter(world, action);
  if ('node' in action) disturb(world, named(world, action.node), action);
}

/** `lb1` is the host with the number 0. */
function named(world: World, name: string): Host {
  const host = world.hosts[Number(name.slice(2)) - 1];
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

/** Its end is a disturbance, too. */
function meetForeignRouter(world: World, { priority, lasts }: ForeignRouter): void {
  const [settings] = world.hosts[0]?.settings.instances ?? [];
  if (settings === undefined) return;
  const presence = { ...CALM };
  world.segment.impairments = presence;
  const end = world.clock.now + lasts;
  const send = () => {
    if (world.segment.impairments !== presence) return;
    if (world.clock.now >= end) {
      world.disturb('the foreign router is gone');
      world.segment.impairments = CALM;
      return;
    }
    world.segment.transmit(world.foreignPort, foreignPacket(settings, priority));
    world.clock.after(settings.advertisementInterval, send);
  };
  send();
}

function disturb(world: World, host: Host, action: Action): void {
  const { kind } = action;
  switch (kind) {
    case 'crash':
      host.kernel.setRunning(INTERFACE, false);
      if (host.isStarted) host.crash(true);
      return;
    case 'boot':
      host.kernel.setRunning(INTERFACE, true);
      addPrimaryAddresses(host);
      restartAfter(world, host, 0);
      return;
    case 'kill':
      if (host.isStarted) host.crash(false);
      return;
    case 'stop':
      if (host.isAlive) host.shutdown();
      return;
    case 'start':
      restartAfter(world, host, 0);
      return;
    case 'hang':
    case 'freeze':
      // A frozen machine loses the packets that are sent to it.
      host.sockets.isDeaf = kind === 'freeze';
      if (host.isAlive) host.pause();
      return;
    case 'thaw':
      host.sockets.isDeaf = false;
      if (host.isPaused) host.resume();
      return;
    case 'link_down':
      host.kernel.setRunning(INTERFACE, false);
      return;
    case 'link_up':
      host.kernel.setRunning(INTERFACE, true);
      addPrimaryAddresses(host);
      return;
    case 'delete_address':
      if (action.isOnLoopback) {
        host.kernel.removeAddress(LOOPBACK, SOAK_ADDRESS, 32);
        return;
      }
      host.kernel.undoings++;
      host.kernel.removeAddress(INTERFACE, SOAK_ADDRESS, 32);
      return;
    case 'add_address':
      if (host.kernel.indexOf(LOOPBACK) === undefined) host.kernel.createLink(LOOPBACK);
      host.kernel.addAddress(LOOPBACK, SOAK_ADDRESS, 32);
      return;
    case 'renumber':
      renumber(host, action.to);
      return;
    case 'change_mac':
      host.changeMac(
        INTERFACE,
        mac(`02:00:5e:20:00:${world.random.integer(16, 255).toString(16)}`),
      );
      return;
    case 'bridge_port':
      putIntoBridge(host);
      return;
    case 'bridge_release':
      host.kernel.releasePort(INTERFACE);
      return;
    case 'second_agent':
    case 'stall_log':
    case 'read_log':
    case 'tracked_file':
    case 'descriptors':
      // Of the process around the engine.
      return;
    default:
      throw new Error(`the simulator has no ${kind}`);
  }
}

/** The new address is added before the former one is deleted; undefined: the first address again. */
function renumber({ kernel, number }: Host, to: string | undefined): void {
  const first = primaryAddress(number, 'ipv4');
  const all = [...(kernel.byIndex(kernel.indexOf(INTERFACE) ?? 0)?.addresses.values() ?? [])];
  const former = all.filter(({ ours, address }) => !ours && address !== SOAK_ADDRESS);
  const [address = '', length] = to?.split('/') ?? [];
  const [wanted, bits]: [IpAddress, number] =
    to === undefined ? first : [ip(address), Number(length)];
  kernel.promotesSecondaries = true;
  kernel.addAddress(INTERFACE, wanted, bits);
  for (const one of former) {
    if (one.address !== wanted) kernel.removeAddress(INTERFACE, one.address, one.prefixLength);
  }
}
