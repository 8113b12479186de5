import { describe, expect, test } from 'vitest';
import { reloadPlan } from '../../../../src/config/diff.ts';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { formatFinding } from '../../../../src/config/finding.ts';
import type { HostFacts } from '../../../../src/config/host-facts.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/load.ts';

const HEX = `hex:${'ab'.repeat(32)}`;
const NEXT = `hex:${'cd'.repeat(64)}`;

const file = (authentication: string, more = '') =>
  `router: lb1
instances:
  - name: web
    interface: eth0
    vrid: 55
    addresses: [203.0.113.100/32]
    authentication: ${authentication}
${more}`;

function findingsOf(authentication: string, more = '', host: HostFacts = {}): string[] {
  const loaded = loadConfig(file(authentication, more), { hostName: 'host', ...host });
  const findings = loaded.ok ? loaded.value.warnings : loaded.error;
  return findings.map((one) => formatFinding('f', one));
}

function load(authentication: string, more = ''): LoadedConfig {
  const loaded = loadConfig(file(authentication, more), { hostName: 'host' });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'));
  return loaded.value;
}

const one = (authentication: string, more = '') =>
  load(authentication, more).settings.instances[0]?.authentication;

describe('authentication by HMAC', () => {
  test('has the defaults of the contract', () => {
    expect(one(`{ type: hmac, keys: { 1: ${HEX} } }`)).toEqual({
      ...{ type: 'hmac', keyIds: [1], activeKey: 1, mode: 'enforce', antiReplay: 'time' },
      window: 5_000_000,
    });
  });

  test('has a window of three intervals, if that is longer than 5 s', () => {
    const more = '    advertisement_interval: 3s\n';
    expect(one(`{ type: hmac, keys: { 1: ${HEX} } }`, more)).toMatchObject({ window: 9_000_000 });
  });

  test('takes every key', () => {
    const text = `{ type: hmac, keys: { 3: ${HEX}, 7: ${NEXT} }, active_key: 7, mode: permissive, anti_replay: time, window: 30s }`;
    expect(one(text)).toEqual({
      ...{ type: 'hmac', keyIds: [3, 7], activeKey: 7, mode: 'permissive', antiReplay: 'time' },
      window: 30_000_000,
    });
  });

  test('keeps its keys out of the settings of the engine', () => {
    const { settings, agent } = load(`{ type: hmac, keys: { 2: ${HEX} } }`);
    expect(JSON.stringify(settings)).not.toContain('abab');
    expect(agent.routerKeys.get('eth0 ipv4 55')).toEqual({
      keys: [{ id: 2, reference: HEX, bytes: new Uint8Array(32).fill(0xab) }],
      activeKey: 2,
    });
  });

  test('is inherited from defaults', () => {
    const text = `defaults: { authentication: { type: hmac, keys: { 1: ${HEX} } } }
instances: [{ name: web, interface: eth0, vrid: 55, addresses: [203.0.113.100/32] }]`;
    const loaded = loadConfig(text, { hostName: 'host' });
    expect(loaded.ok && [...loaded.value.agent.routerKeys.keys()]).toEqual(['eth0 ipv4 55']);
  });

  test.each([
    ['time', '    version: 2\n', `{ type: hmac, keys: { 1: ${HEX} }, window: 20s }`],
    ['monotonic', '', `{ type: hmac, keys: { 1: ${HEX} }, anti_replay: monotonic }`],
    ['two keys', '', `{ type: hmac, keys: { 1: ${HEX}, 2: ${NEXT} }, active_key: 2 }`],
  ])('is the same after a way through the effective configuration: %s', (_, more, text) => {
    const before = load(text, more);
    const effective = effectiveConfig(before.settings, before.agent);
    const after = loadConfig(JSON.stringify(effective), { hostName: 'host' });
    expect(after.ok && after.value.settings).toEqual(before.settings);
    expect(after.ok && after.value.agent.routerKeys).toEqual(before.agent.routerKeys);
  });

  test('is shown without its keys, but with where they are kept', () => {
    const text = `{ type: hmac, keys: { 1: ${HEX}, 2: "file:/etc/vrrp-agent/vrrp.key" }, active_key: 1 }`;
    const { settings, agent } = load(text);
    const shown = maskSecrets(effectiveConfig(settings, agent));
    expect(JSON.stringify(shown)).not.toContain('abab');
    expect(shown.instances?.[0]?.authentication?.keys).toEqual({
      1: 'hex:********',
      2: 'file:/etc/vrrp-agent/vrrp.key',
    });
  });
});

describe('a reload with another key', () => {
  test('changes the instance in place and shows no key', () => {
    const before = load(`{ type: hmac, keys: { 1: ${HEX} } }`);
    const after = load(`{ type: hmac, keys: { 1: ${NEXT} } }`);
    const plan = reloadPlan(before, after);
    expect(plan.instances).toEqual([
      {
        ...{ name: 'web', formerName: undefined, action: 'change' },
        changes: [{ key: 'authentication.keys.1', from: 'the old secret', to: 'a new secret' }],
      },
    ]);
    expect(plan.effective.agent.routerKeys).toEqual(after.agent.routerKeys);
  });

  test('and another active key is a change in place', () => {
    const before = load(`{ type: hmac, keys: { 1: ${HEX}, 2: ${NEXT} }, active_key: 1 }`);
    const after = load(`{ type: hmac, keys: { 1: ${HEX}, 2: ${NEXT} }, active_key: 2 }`);
    expect(reloadPlan(before, after).instances.map(({ action }) => action)).toEqual(['change']);
  });
});

describe('a mistake', () => {
  const at = '7:21';
  test.each([
    ['{ type: hmac }', `f:${at}: type hmac needs "keys": the routers must share a secret`],
    [
      `{ type: hmac, keys: { 1: ${HEX}, 2: ${NEXT} } }`,
      'f:7:41: "active_key" is missing: the key that signs',
    ],
    [`{ type: hmac, active_key: 3, keys: { 1: ${HEX} } }`, 'f:7:47: "keys" has no key 3'],
    [
      '{ type: hmac, keys: { 1: "hex:abcd" } }',
      'f:7:46: a key has 64 to 128 hexadecimal digits, an even number, not 4',
    ],
    [
      `{ type: hmac, anti_replay: monotonic, window: 5s, keys: { 1: ${HEX} } }`,
      'f:7:67: "window" has no effect with "anti_replay: monotonic"',
    ],
    [
      `{ type: hmac, window: 500ms, keys: { 1: ${HEX} } }`,
      'f:7:43: must be from 1s to 5m, not 500ms',
    ],
    [
      `{ type: hmac, password: x, keys: { 1: ${HEX} } }`,
      'f:7:45: "password" has no effect with type hmac',
    ],
    ['{ type: none, mode: enforce }', 'f:7:41: "mode" has no effect with type none'],
  ])('%s is an error at its place', (text, message) => {
    expect(findingsOf(text)).toEqual([message]);
  });

  test('with a key file names the file and the reason', () => {
    const problem = '/etc/k is not used as a key: any user can open it (chmod 600)';
    const text = '{ type: hmac, keys: { 1: "file:/etc/k" } }';
    expect(findingsOf(text, '', { readKey: () => ({ problem }) })).toEqual([`f:7:46: ${problem}`]);
  });
});

describe('check advises', () => {
  test.each(['permissive', 'receive_only'])('that %s is for a roll-out', (mode) => {
    expect(findingsOf(`{ type: hmac, mode: ${mode}, keys: { 1: ${HEX} } }`)).toEqual([
      `f:7:41: mode ${mode} accepts advertisements that are not signed: it is for a roll-out, until all routers have "mode: enforce"`,
    ]);
  });

  test('that a window is short for the interval', () => {
    const more = '    advertisement_interval: 3s\n';
    expect(findingsOf(`{ type: hmac, window: 5s, keys: { 1: ${HEX} } }`, more)).toEqual([
      expect.stringContaining('the window is shorter than two intervals'),
    ]);
  });
});

test('strict mode asks for enforce', () => {
  const more = '    strict: true\n';
  const text = (mode: string) => `{ type: hmac, mode: ${mode}, keys: { 1: ${HEX} } }`;
  const about = (mode: string) =>
    findingsOf(text(mode), more).filter((line) => line.includes('enforce'));
  expect(about('permissive')).toContain(
    'f:7:41: strict: an advertisement that is not signed is refused: write "mode: enforce" (draft-cassen-vrrp-auth-hmac)',
  );
  expect(about('enforce')).toEqual([]);
});
