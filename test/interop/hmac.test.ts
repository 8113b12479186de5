/**
 * Authentication by HMAC with a peer that shares no code with the agent: `peer/hmac-peer.py`, written
 * from the draft alone. In each version and family as MASTER and as BACKUP; then forged, replayed and
 * late messages.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type AgentInstance, type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { commandLine, outcomeOf } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const OTHER = 'ff'.repeat(32);

const FORMS = [
  { name: 'v3', vrid: 1, version: 3, vip: '203.0.113.1' },
  { name: 'v2', vrid: 2, version: 2, vip: '203.0.113.2' },
  { name: 'v6', vrid: 3, version: 3, vip: 'fe80::55:3' },
] as const;

type Form = (typeof FORMS)[number];

function instanceOf({ name, vrid, version, vip }: Form): AgentInstance {
  return {
    ...{ name, vrid, version, priority: 100 },
    advertisement_interval: version === 2 ? '1s' : '100ms',
    addresses: [vip.includes(':') ? `${vip}/64` : `${vip}/32`],
    ['authentication' as string]: { type: 'hmac', keys: { 1: `hex:${KEY}` } },
  };
}

/** Runs `peer/hmac-peer.py` to its end. */
async function peer(host: LabHost, { vrid, version, vip }: Form, ...more: string[]) {
  const script = fileURLToPath(new URL('peer/hmac-peer.py', import.meta.url));
  const source = vip.includes(':') ? host.linkLocal : host.address;
  const args = ['--interface', HOST_INTERFACE, '--source', source, '--vrid', `${vrid}`];
  const message = ['--vip', vip, '--version', `${version}`];
  const [action = 'listen', ...options] = more;
  const key = options.includes('--key') ? [] : ['--key', KEY];
  const command = ['python3', script, action, ...args, ...message, ...key, ...options];
  const { status, stdout, stderr } = await outcomeOf(host, command);
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { verdict: string; newer: boolean; priority: number });
}

function becomes(agent: AgentPeer, name: string, state: string): Promise<unknown> {
  return waitFor(`${name} ${state}`, async () => (await agent.state(name)) === state, {
    milliseconds: 20_000,
  });
}

async function agentIn(lab: Lab): Promise<AgentPeer> {
  const agent = await startAgent(lab, lab.director(1), { instances: FORMS.map(instanceOf) });
  await Promise.all(FORMS.map(({ name }) => becomes(agent, name, 'MASTER')));
  return agent;
}

/** The answers of the API, the dry run of a reload, and the log. */
async function saidBy(lab: Lab, { host, socket }: AgentPeer): Promise<string> {
  const ask = async (...command: string[]) => (await outcomeOf(host, command)).stdout;
  const api = ['status', 'config', 'events'].map((path) =>
    ask('curl', '-sS', '--unix-socket', socket, `http://localhost/v1/${path}`),
  );
  const reload = ask(...commandLine('reload', '--dry-run', '--json', '--socket', socket));
  const said = await Promise.all([...api, reload]);
  expect(said[0]).toContain('"authentication":{"type":"hmac"');
  expect(said[1]).toContain('hex:****');
  return [...said, readFileSync(lab.path(`${host.name}-agent.log`), 'utf8')].join('\n');
}

describe.skipIf(lacks('python3', 'curl'))('a peer that signs by the draft', () => {
  test('believes the agent, is believed, and no other is', { timeout: 120_000 }, () =>
    inLab(async (lab) => {
      const agent = await agentIn(lab);
      const host = lab.director(2);

      const heard = await Promise.all(
        FORMS.map((form) => peer(host, form, 'listen', '--seconds', '3')),
      );
      for (const adverts of heard) {
        expect(adverts.length).toBeGreaterThan(1);
        expect(new Set(adverts.map(({ verdict }) => verdict))).toEqual(new Set(['right']));
        expect(adverts.every(({ newer }) => newer)).toBe(true);
      }

      const speaking = FORMS.map((form) => {
        const interval = form.version === 2 ? '1' : '0.1';
        return peer(host, form, 'send', '--interval', interval, '--seconds', '8');
      });
      await Promise.all(FORMS.map(({ name }) => becomes(agent, name, 'BACKUP')));
      for (const { name } of FORMS) {
        const { authentication, counters } = await agent.instance(name);
        expect(authentication?.senders.map(({ key }) => key)).toEqual([1]);
        expect(counters['hmac-verified']).toBeGreaterThan(0);
        expect(counters['hmac-failures']).toBe(0);
      }
      await Promise.all(speaking);
      await Promise.all(FORMS.map(({ name }) => becomes(agent, name, 'MASTER')));

      const [form] = FORMS;
      const attacks = [
        { options: ['--key', OTHER], counter: 'hmac-failures' },
        { options: ['--key-id', '9'], counter: 'hmac-unknown-keys' },
        { options: ['--skew', '-20'], counter: 'hmac-stale' },
        { options: ['--skew', '20'], counter: 'hmac-stale' },
      ] as const;
      for (const { options, counter } of attacks) {
        const before = (await agent.instance(form.name)).counters[counter];
        await peer(host, form, 'send', '--seconds', '1', ...options);
        const { counters, state } = await agent.instance(form.name);
        expect([options, state]).toEqual([options, 'MASTER']);
        expect(counters[counter]).toBeGreaterThan(before + 5);
      }

      await peer(host, form, 'send', '--replay', '--seconds', '2');
      const { counters, state } = await agent.instance(form.name);
      expect(counters['hmac-replays']).toBeGreaterThan(10);
      expect(state).toBe('MASTER');
      expect(await saidBy(lab, agent)).not.toContain(KEY);
    }),
  );

  test('is shown by watch and checked with its key', () =>
    inLab(async (lab) => {
      const [form] = FORMS;
      const [host, other] = [lab.director(1), lab.director(2)];
      const speaking = peer(other, form, 'send', '--seconds', '6');
      const watch = async (...options: string[]) => {
        const args = ['watch', HOST_INTERFACE, '--for', '1s', '--json', ...options];
        const { stdout } = await outcomeOf(host, commandLine(...args));
        const [sender] = JSON.parse(stdout).senders;
        return { hmac: sender.hmac, refused: sender.refused };
      };
      expect((await watch()).hmac).toMatchObject({ key: 1, verified: false });
      expect((await watch('--hmac-key', `1=hex:${KEY}`)).hmac).toMatchObject({ verified: true });
      const wrong = await watch('--hmac-key', `hex:${OTHER}`);
      expect(wrong.refused['hmac-failure']).toBeGreaterThan(1);
      await speaking;
    }));
});
