/**
 * The network of two virtual machines: two cables of each end in a trunk, which carries the segment of the client and
 * the real servers in a VLAN. A third cable is for the test's own commands.
 *
 *     client, client2, client3 --- bridge --- trunk.py --- trunk --- lb1a lb1b lb2a lb2b
 *                                                     management --- lb1m lb2m
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ipBatch, run } from '../../../src/lab/command.ts';
import { Lab } from '../../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, SWITCH_BRIDGE } from '../../../src/lab/topology/layout.ts';
import { waitFor } from '../../../src/lab/wait.ts';

const TRUNK = fileURLToPath(new URL('trunk.py', import.meta.url));

export const VLAN = 10;

/** 198.51.100.0/24 (RFC 5737); the switch is .1, and director N is .1N. */
export const MANAGEMENT = '198.51.100';

export const CABLES = ['a', 'b', 'm'] as const;
export type Cable = (typeof CABLES)[number];

export function tapOf(director: number, cable: Cable): string {
  return `lb${director}${cable}`;
}

/** A lab whose directors are unplugged: the virtual machines have their places and addresses. */
export async function segmentUp(prefix: string): Promise<Lab> {
  const lab = await Lab.up({ prefix, directors: 2, clients: 3 });
  try {
    await Promise.all(lab.layout.directors.map((director) => lab.cut(director)));
    await connect(lab);
  } catch (error) {
    await lab.down();
    throw error;
  }
  return lab;
}

async function connect(lab: Lab): Promise<void> {
  const { switchNamespace } = lab.layout;
  const taps = [1, 2].flatMap((director) => CABLES.map((cable) => tapOf(director, cable)));
  const bridge = (name: string) =>
    `link add ${name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`;
  await ipBatch(
    [
      ...['trunk', 'management'].map(bridge),
      'link add access type veth peer name access-t',
      'link add tagged type veth peer name tagged-t',
      ...taps.map((tap) => `tuntap add ${tap} mode tap`),
      ...taps.map((tap) => `link set ${tap} master ${bridgeOf(tap)} up`),
      `link set access master ${SWITCH_BRIDGE} up`,
      'link set tagged master trunk up',
      'link set access-t up',
      'link set tagged-t up',
      'link set trunk up',
      `addr add ${MANAGEMENT}.1/24 dev management`,
      'link set management up',
    ],
    switchNamespace,
  );
  const plain = (namespace: string, name: string) =>
    run('ip', ['netns', 'exec', namespace, 'python3', TRUNK, 'plain', name]);
  for (const { namespace } of lab.clients) await plain(namespace, HOST_INTERFACE);
  for (const name of ['access', 'tagged']) await plain(switchNamespace, name);
  const args = [TRUNK, 'access-t', 'tagged-t', `${VLAN}`];
  const running = await lab.spawn('switch', 'python3', args, { label: 'trunk', log: true });
  const isReady = () => readFileSync(lab.path('trunk.log'), 'latin1').includes('ready');
  await waitFor('the trunk', isReady, { unless: running.ended });
}

function bridgeOf(tap: string): string {
  return tap.endsWith('m') ? 'management' : 'trunk';
}
