/** Tracked objects and sync groups of running agents, on links that fail. */
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import type { InstanceDocument } from '../../src/control/protocol.ts';
import { type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { type LabHost, PEER_INTERFACE } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { ip } from '../../src/net/address.ts';
import { reaches, startOn, VIP } from './harness/agent-story.ts';
import { holdsAlone } from './harness/master.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

type Track = InstanceDocument['tracks'][number];

function trackOf(row: InstanceDocument): Track {
  const [track] = row.tracks;
  if (track === undefined) throw new Error('nothing is tracked');
  return track;
}

/** Resolves with the tracked object once the condition holds. */
function tracked(agent: AgentPeer, what: string, is: (track: Track) => boolean): Promise<Track> {
  return waitFor(what, async () => {
    const track = trackOf(await agent.instance());
    return is(track) && track;
  });
}

function script(lab: Lab, text: string): string {
  const path = lab.path('check');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(lacks())('a director', () => {
  test('follows a number in a file, and a peer of higher priority takes over', () =>
    inLab(async (lab) => {
      const file = lab.path('priority');
      const track = [{ file, content: 'number' }];
      const lb1 = await startOn(lab, 1, { priority: 150, track });
      await reaches(lb1, 'MASTER');
      const lb2 = await startOn(lab, 2, { priority: 120 });
      await reaches(lb2, 'BACKUP');
      writeFileSync(file, '-60\n');
      await reaches(lb2, 'MASTER');
      expect((await lb1.instance()).priority.effective).toBe(90);
      await holdsAlone(lab, lab.director(2), VIP);
      rmSync(file);
      await reaches(lb1, 'MASTER');
      writeFileSync(file, '-254');
      await reaches(lb1, 'FAULT', ['track:priority']);
    }));

  test('is in FAULT without its gateway, and returns with it', () =>
    inLab(async (lab) => {
      const gateway = ip('192.0.2.60');
      const more = { track: [{ gateway, interval: '100ms', fall: 2, name: 'uplink' }] };
      const lb1 = await startOn(lab, 1, more);
      await reaches(lb1, 'FAULT', ['track:uplink']);
      await tracked(lb1, 'no answer', ({ result }) => result?.includes('no answer') ?? false);
      await lab.addAddress(lab.client, gateway, 32);
      await reaches(lb1, 'MASTER');
      await lab.deleteAddress(lab.client, gateway, 32);
      await reaches(lb1, 'FAULT', ['track:uplink']);
    }));

  test.each([
    ['nd', 'fe80::50'],
    ['icmp', 'fe80::50'],
    ['icmp', '192.0.2.50'],
  ])('asks by %s for %s', (via, gateway) =>
    inLab(async (lab) => {
      const track = [{ gateway, via, interval: '100ms' }];
      const lb1 = await startOn(lab, 1, { track });
      await reaches(lb1, 'MASTER');
      expect(trackOf(await lb1.instance())).toMatchObject({
        state: 'up',
        result: `${gateway} answers`,
      });
    }, 1),
  );

  test('is not delayed by a command that never ends', () =>
    inLab(async (lab) => {
      const path = script(lab, "trap '' TERM\nsleep 600 &\nwait\nwait");
      const track = [{ script: [path], interval: '200ms', timeout: '100ms', weight: -10 }];
      const lb1 = await startOn(lab, 1, { priority: 150, track });
      const lb2 = await startOn(lab, 2, { priority: 100 });
      await reaches(lb1, 'MASTER');
      await reaches(lb2, 'BACKUP');
      const before = await lb2.instance();
      await tracked(lb1, 'runs that were left out', ({ overruns }) => overruns >= 4);
      const row = await lb1.instance();
      expect(trackOf(row)).toMatchObject({ state: 'down', adjustment: -10 });
      expect(row.priority.effective).toBe(140);
      expect((await lb2.instance()).last_transition).toEqual(before.last_transition);
    }));

  test('does not run files as root that others can change, and reports that', () =>
    inLab(async (lab) => {
      const path = script(lab, 'exit 0');
      chmodSync(path, 0o777);
      const lb1 = await startOn(lab, 1, { track: [{ script: [path] }] });
      await reaches(lb1, 'FAULT', ['track:check']);
      const track = await tracked(lb1, 'a result', ({ result }) => result !== null);
      expect(track.result).toBe(`${path} is not run as root: any user can write to ${path}`);
    }, 1));

  test('detects the end of a process immediately', () =>
    inLab(async (lab) => {
      const name = `sleeper-${process.pid}`;
      const program = lab.path(name);
      copyFileSync('/bin/sleep', program);
      const sleeper = await lab.spawn(lab.director(1), program, ['600'], { label: 'sleeper' });
      const track = [{ process: name, interval: '60s' }];
      const lb1 = await startOn(lab, 1, { track });
      await reaches(lb1, 'MASTER');
      sleeper.signal('SIGKILL');
      await reaches(lb1, 'FAULT', [`track:${name}`]);
    }, 1));

  test('tracks a service by HTTP and by TCP', () =>
    inLab(async (lab) => {
      const server = `require('node:http').createServer((_, answer) => answer.writeHead(204).end())
        .listen(8080, '127.0.0.1')`;
      const service = await lab.spawn(lab.director(1), process.execPath, ['-e', server], {
        label: 'service',
      });
      await lab.run(lab.director(1), 'ip', ['link', 'set', 'lo', 'up']);
      const track = [
        { http: 'http://127.0.0.1:8080/health', status: [204], interval: '100ms' },
        { tcp: '127.0.0.1:8080', name: 'port', interval: '100ms', weight: 20 },
      ];
      const lb1 = await startOn(lab, 1, { track });
      await reaches(lb1, 'MASTER');
      await waitFor('the port', async () => (await lb1.instance()).priority.effective === 120);
      service.signal('SIGKILL');
      await reaches(lb1, 'FAULT', ['track:127.0.0.1:8080']);
      await waitFor('no port', async () => (await lb1.instance()).priority.effective === 100);
    }, 1));
});

const OUTSIDE = ip('192.0.2.100');
const INSIDE = ip('198.51.100.100');

function startGroup(lab: Lab, director: number, priority: number): Promise<AgentPeer> {
  const own = { priority, advertisement_interval: '100ms' };
  return startAgent(lab, lab.director(director), {
    instances: [
      { ...own, name: 'outside', vrid: 51, addresses: [`${OUTSIDE}/32`] },
      { ...own, name: 'inside', vrid: 52, interface: PEER_INTERFACE, addresses: [`${INSIDE}/32`] },
    ],
    more: { sync_groups: [{ name: 'gateway', instances: ['outside', 'inside'] }] },
  });
}

/** The same as a keepalived.conf(5). */
async function startKeepalivedGroup(lab: Lab, host: LabHost, priority: number): Promise<void> {
  const instance = (name: string, link: string, vrid: number, address: string) => `
vrrp_instance ${name} {
  state BACKUP
  interface ${link}
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress { ${address}/32 dev ${link} }
}`;
  const config = lab.path('group.conf');
  const [running, ready] = [lab.path('group.pid'), lab.path('group-vrrp.pid')];
  const text = `global_defs { vrrp_version 3 }
${instance('outside', 'eth0', 51, OUTSIDE)}
${instance('inside', PEER_INTERFACE, 52, INSIDE)}
vrrp_sync_group gateway { group { outside inside } }
`;
  writeFileSync(config, text.replaceAll(/([{}])/g, ' $1\n'));
  const files = ['-n', '-G', '-P', '-f', config, '-p', running, '-r', ready];
  const process = await lab.spawn(host, 'keepalived', files, { label: 'group', log: true });
  await waitFor('keepalived', () => existsSync(ready), { unless: process.ended });
}

async function groupState(agent: AgentPeer): Promise<string | undefined> {
  const { sync_groups } = await new ControlClient({ socket: agent.socket }).status();
  return sync_groups[0]?.state;
}

describe.skipIf(lacks('keepalived'))('a sync group', () => {
  const labs: Lab[] = [];
  afterEach(async () => {
    for (const lab of labs.splice(0)) await lab.down();
  });

  async function labWithTwoNetworks(): Promise<Lab> {
    const lab = await Lab.up({ prefix: `g${process.pid.toString(36)}`, peerNetwork: true });
    labs.push(lab);
    return lab;
  }

  async function bothOn(lab: Lab, director: number): Promise<void> {
    await holdsAlone(lab, lab.director(director), OUTSIDE);
    await holdsAlone(lab, lab.director(director), INSIDE);
  }

  test('moves as a whole when one of its links is cut, and back', async () => {
    const lab = await labWithTwoNetworks();
    const lb1 = await startGroup(lab, 1, 150);
    await startGroup(lab, 2, 100);
    await bothOn(lab, 1);
    await lab.run(lab.director(1), 'ip', ['link', 'set', PEER_INTERFACE, 'down']);
    await bothOn(lab, 2);
    await waitFor('the group in FAULT', async () => (await groupState(lb1)) === 'FAULT');
    expect((await lb1.instance('outside')).faults).toEqual(['group:gateway']);
    await lab.run(lab.director(1), 'ip', ['link', 'set', PEER_INTERFACE, 'up']);
    await bothOn(lab, 1);
    await waitFor('the group as MASTER', async () => (await groupState(lb1)) === 'MASTER');
  });

  test('moves as a whole with a group of keepalived as its peer', async () => {
    const lab = await labWithTwoNetworks();
    const lb1 = await startGroup(lab, 1, 150);
    await startKeepalivedGroup(lab, lab.director(2), 100);
    await bothOn(lab, 1);
    await lab.run(lab.director(1), 'ip', ['link', 'set', PEER_INTERFACE, 'down']);
    await bothOn(lab, 2);
    await lab.run(lab.director(1), 'ip', ['link', 'set', PEER_INTERFACE, 'up']);
    await bothOn(lab, 1);
    await lb1.stop();
    await bothOn(lab, 2);
  });
});
