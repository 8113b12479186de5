/** A MASTER whose own host refuses to send its advertisements: a local firewall. */
import { expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import type { Settings } from '../../src/protocol/engine/settings.ts';
import { instanceOf } from '../conformance/rig.ts';
import { bootHost } from './scenarios/faults.ts';
import { INTERFACE } from './scenarios/topology.ts';
import { World } from './world.ts';

const SECOND = 1_000_000;
const PRIORITIES = [150, 100];

function director(priority: number, number: number): Settings {
  const address = { address: ip('203.0.113.51'), prefixLength: 32, interface: INTERFACE };
  const instance = { interface: INTERFACE, vrid: 51, priority, addresses: [address] };
  return {
    ...{ router: `host${number}`, linger: 'off', syncGroups: [] },
    instances: [instanceOf(instance)],
  };
}

test.each([1, 2, 3])('FR-O12 leaves the VIPs to the other one, in the world of seed %i', (seed) => {
  const world = new World(seed, PRIORITIES.map(director), [], false);
  const [mute, other] = world.hosts;
  if (mute === undefined || other === undefined) throw new Error('two directors are needed');
  for (const host of world.hosts) bootHost(host);
  const states = () => world.rows().map(({ view }) => view.state);
  world.runFor(6 * SECOND);
  expect(states()).toEqual(['MASTER', 'BACKUP']);
  mute.sockets.isMute = true;
  world.runFor(7 * SECOND);
  expect(states()).toEqual(['BACKUP', 'MASTER']);
  world.runFor(60 * SECOND);
  expect(states()).toEqual(['BACKUP', 'MASTER']);
  mute.sockets.isMute = false;
  other.crash(true);
  world.runFor(5 * SECOND);
  expect(states()[0]).toBe('MASTER');
});
