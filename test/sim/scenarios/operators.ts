/** Operations on a director: each ends after some time, and `releaseAll` ends them all. */

import type { Duration } from '../../../src/net/time.ts';
import type { OperatorRequest } from '../../../src/protocol/engine/requests.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

export function failOver(world: World, random: Random, duration: number): void {
  const wait = random.integer(0, duration) as Duration;
  const force = random.chance(0.2);
  ask(world, random, { type: 'failover', wait, force, to: null });
}

export function maintain(world: World, random: Random, duration: number): void {
  const wait = random.integer(0, duration) as Duration;
  const force = random.chance(0.2);
  const asked = ask(world, random, { type: 'maintenance-on', wait, force });
  if (asked === undefined) return;
  world.clock.after(duration, () => {
    world.disturb(`${asked.host.name} is out of maintenance`);
    asked.host.ask(asked.instance, { type: 'maintenance-off' });
  });
}

export function overridePriority(world: World, random: Random, duration: number): void {
  const asked = ask(world, random, { type: 'priority', priority: random.integer(1, 254) });
  if (asked === undefined) return;
  world.clock.after(duration, () => {
    world.disturb(`${asked.host.name} has its configured priority`);
    asked.host.ask(asked.instance, { type: 'priority', priority: null });
  });
}

export function releaseAll({ hosts }: World): void {
  for (const host of hosts) {
    for (const { name } of host.settings.instances) {
      host.ask(name, { type: 'priority', priority: null });
      host.ask(name, { type: 'maintenance-off' });
    }
  }
}

interface Asked {
  readonly host: Host;
  readonly instance: string;
}

function ask(world: World, random: Random, request: OperatorRequest): Asked | undefined {
  const host = random.pick(world.hosts);
  const instance = random.pick(host.settings.instances).name;
  if (!host.isAlive || host.isStopping) return undefined;
  world.disturb(`${host.name} ${instance}: ${JSON.stringify(request)}`);
  host.ask(instance, request);
  return { host, instance };
}
