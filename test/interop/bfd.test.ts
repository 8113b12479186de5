/** BFD with FRRouting's bfdd, and with a neighbour that does something wrong. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import type { BfdDocument } from '../../src/control/protocol.ts';
import { Bfdd } from '../../src/lab/peers/bfdd.ts';
import type { AgentPeer } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn } from './harness/agent-story.ts';

import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const PEER = new URL('peer/bfd-peer.mjs', import.meta.url).pathname;

async function sessionsOf(agent: AgentPeer): Promise<readonly BfdDocument[]> {
  return (await new ControlClient({ socket: agent.socket }).status()).bfd ?? [];
}

/** Resolves with the sessions once each of them has the state. */
function all(agent: AgentPeer, state: BfdDocument['state']): Promise<readonly BfdDocument[]> {
  return waitFor(`sessions ${state}`, async () => {
    const sessions = await sessionsOf(agent);
    return sessions.length > 0 && sessions.every((one) => one.state === state) && sessions;
  });
}

function trackTo(neighbour: string, more: object = {}, name = 'router') {
  return { name, bfd: { neighbour, interval: '50ms', ...more } };
}

describe.skipIf(lacks('bfdd', 'zebra', 'vtysh'))('with bfdd of FRRouting', () => {
  test('sessions of both families and kinds come up, fast, and see a death and a return', () =>
    inLab(async (lab) => {
      const { address, linkLocal } = lab.client;
      const [own, ownLinkLocal] = [lab.director(1).address, lab.director(1).linkLocal];
      const bfdd = await Bfdd.start(lab, lab.client, [
        { peer: `${own} interface eth0` },
        { peer: `${ownLinkLocal} local-address ${linkLocal} interface eth0` },
        { peer: `${own} multihop local-address ${address}` },
      ]);
      const lb1 = await startOn(lab, 1, {
        track: [
          trackTo(address, { source: own }),
          trackTo(linkLocal, {}, 'router6'),
          trackTo(address, { source: own, multihop: true }, 'far'),
        ],
      });
      await reaches(lb1, 'MASTER');
      // Fast only when each side has answered the other's Poll Sequence.
      const ours = await waitFor('fast sessions', async () => {
        const sessions = await all(lb1, 'Up');
        return sessions.every((one) => one.detection_time_ms === 150) && sessions;
      });
      const fast = { transmit_interval_ms: 50, detection_time_ms: 150, downs: 0 };
      expect(ours).toMatchObject([fast, fast, fast]);
      const theirs = await waitFor('fast sessions of bfdd', async () => {
        const sessions = await bfdd.sessions();
        const isFast = sessions.every((one) => one['remote-transmit-interval'] === 50);
        return isFast && sessions.every(({ status }) => status === 'up') && sessions;
      });
      const seen = { 'remote-transmit-interval': 50, 'transmit-interval': 50 };
      expect(theirs).toHaveLength(3);
      for (const one of theirs) {
        expect(one).toMatchObject({ ...seen, 'remote-detect-multiplier': 3 });
      }
      bfdd.kill();
      const row = await reaches(lb1, 'FAULT', ['track:router', 'track:router6', 'track:far']);
      expect(row.tracks[0]?.result).toMatch(/^nothing was heard from 192\.0\.2\.50 for \d+ms$/);
      await Bfdd.start(lab, lab.client, [
        { peer: `${own} interface eth0` },
        { peer: `${ownLinkLocal} local-address ${linkLocal} interface eth0` },
        { peer: `${own} multihop local-address ${address}` },
      ]);
      await reaches(lb1, 'MASTER');
    }, 1));

  test('either side may be passive, and an end by intent is no failure', () =>
    inLab(async (lab) => {
      const { address, linkLocal } = lab.client;
      const [own, ownLinkLocal] = [lab.director(1).address, lab.director(1).linkLocal];
      const six = `${ownLinkLocal} local-address ${linkLocal} interface eth0`;
      const bfdd = await Bfdd.start(lab, lab.client, [
        { peer: `${own} interface eth0` },
        { peer: six, lines: ['passive-mode'] },
      ]);
      const lb1 = await startOn(lab, 1, {
        track: [trackTo(address, { passive: true }), trackTo(linkLocal, {}, 'router6')],
      });
      await reaches(lb1, 'MASTER');
      await all(lb1, 'Up');
      // Administratively down there: the last state counts (RFC 5882 section 3.2).
      await bfdd.configure(`peer ${six}`, 'shutdown');
      await waitFor('the session is down', async () =>
        (await sessionsOf(lb1)).some(({ remote_state: state }) => state === 'AdminDown'),
      );
      expect(await lb1.instance()).toMatchObject({ state: 'MASTER', faults: [] });
      lb1.signal('SIGTERM');
      await waitFor('bfdd knows it', async () =>
        (await bfdd.sessions()).some(
          ({ diagnostic }) => diagnostic === 'neighbor signaled session down',
        ),
      );
    }, 1));
});

interface Heard {
  readonly ms: number;
  readonly port: number;
  readonly length: number;
  readonly state: string;
  readonly poll: boolean;
  readonly demand: boolean;
  readonly multiplier: number;
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
}

/** Returns what it has heard so far. */
async function neighbour(lab: Lab, wrong: object): Promise<() => Heard[]> {
  const [own, other] = [lab.client.address, lab.director(1).address];
  const options = JSON.stringify({ own, neighbour: other, ...wrong });
  await lab.spawn(lab.client, process.execPath, [PEER, options], { label: 'bfd-peer', log: true });
  return () =>
    readFileSync(lab.path('bfd-peer.log'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Heard);
}

describe.skipIf(lacks())('with a neighbour by hand', () => {
  test('packets are slow until the session is up, then fast, and demand mode is refused', () =>
    inLab(async (lab) => {
      const lb1 = await startOn(lab, 1, {
        track: [trackTo(lab.client.address, { passive: true, multiplier: 4 })],
      });
      const heard = await neighbour(lab, { flags: 0x02 });
      await reaches(lb1, 'MASTER');
      const since = heard().length;
      // The Poll Sequence of the fast interval ends when its answer has arrived.
      await waitFor('more packets in demand mode', () => {
        const packets = heard();
        return Promise.resolve(packets.length > since + 20 && packets.at(-1)?.poll === false);
      });
      const packets = heard();
      for (const { desiredMinTx } of packets.filter(({ state }) => state !== 'Up')) {
        expect(desiredMinTx).toBeGreaterThanOrEqual(1_000_000);
      }
      const up = packets.filter(({ state }) => state === 'Up');
      expect(up[0]).toMatchObject({ desiredMinTx: 50_000, requiredMinRx: 50_000, poll: true });
      expect(up.at(-1)).toMatchObject({ poll: false, demand: false, multiplier: 4, length: 24 });
      expect(new Set(packets.map(({ port }) => port)).size).toBe(1);
      expect(packets[0]?.port).toBeGreaterThanOrEqual(49_152);
      await waitFor('the refusal', async () =>
        (await eventsOf(lb1)).some((one) => one.kind === 'bfd-refused' && one.reason === 'demand'),
      );
    }, 1));

  test.each([
    ['ttl', { ttl: 254 }],
    ['authentication', { authenticated: true }],
    ['your-discriminator', { wrong: 1 }],
  ])('%s is checked', (reason, wrong) =>
    inLab(async (lab) => {
      const lb1 = await startOn(lab, 1, { track: [trackTo(lab.client.address)] });
      await neighbour(lab, wrong);
      await waitFor('the refusal', async () =>
        (await eventsOf(lb1)).some((one) => one.kind === 'bfd-refused' && one.reason === reason),
      );
      const [session] = await sessionsOf(lb1);
      expect(session?.state).not.toBe('Up');
      await reaches(lb1, 'FAULT', ['track:router']);
    }, 1),
  );
});
