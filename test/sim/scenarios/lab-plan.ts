/** Runs a plan of `lab soak` in the simulator: the same seed gives the same steps. */
import { loadConfig } from '../../../src/config/load.ts';
import { agentText } from '../../../src/lab/peers/vrrp-agent.ts';
import type { Action } from '../../../src/lab/scenario/steps.ts';
import { describeAction } from '../../../src/lab/scenario/steps.ts';
import { type Plan, SOAK_ADDRESS, stepsOf } from '../../../src/lab/soak/plan.ts';
import { SOAK_INTERVAL } from '../../../src/lab/soak/scenario.ts';
import type { Settings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { addressesFollowState } from '../invariants/addresses.ts';
import { oneMaster } from '../invariants/one-master.ts';
import { someMaster } from '../invariants/some-master.ts';
import { listensAfterStall } from '../invariants/stall.ts';
import { Violation, World } from '../world.ts';
import { addPrimaryAddresses, bootHost, heal, restartAfter } from './faults.ts';
import { INTERFACE } from './topology.ts';

/** Undefined: all rules held. */
export function runPlan(plan: Plan): string | undefined {
  const invariants = [oneMaster(), someMaster(), addressesFollowState(), listensAfterStall()];
  const settings = plan.nodes.map(({ name, priority }) => settingsOf(name, priority, plan.preempt));
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

function settingsOf(router: string, priority: number, preempt: boolean): Settings {
  const instance = {
    ...{ priority, preempt, advertisement_interval: SOAK_INTERVAL },
    addresses: [`${SOAK_ADDRESS}/32`],
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
  if ('node' in action) disturb(world, named(world, action.node), action.kind);
}

/** `lb1` is the host with the number 0. */
function named(world: World, name: string): Host {
  const host = world.hosts[Number(name.slice(2)) - 1];
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

function disturb(world: World, host: Host, kind: Action['kind']): void {
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
      host.kernel.undoings++;
      host.kernel.removeAddress(INTERFACE, SOAK_ADDRESS, 32);
      return;
    default:
      throw new Error(`the simulator has no ${kind}`);
  }
}
