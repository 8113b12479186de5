import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/load.ts';
import { AGENT_DEFAULTS } from '../../../../src/config/schema/defaults.ts';
import { DEFAULT_SOCKET } from '../../../../src/control/protocol.ts';

const EXAMPLES = new URL('../../../../config/examples/', import.meta.url);

function load(text: string): LoadedConfig {
  const result = loadConfig(text, { hostName: 'host' });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** Those of several machines are in a directory, with the files of other programs. */
const NAMES = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);

describe.each(NAMES)('the example %s', (name) => {
  const text = readFileSync(new URL(name, EXAMPLES), 'utf8');

  test('loads, and refers editors to the schema', () => {
    expect(load(text).settings.instances.length).toBeGreaterThan(0);
    const schema = `${'../'.repeat(name.split('/').length)}schema.json`;
    expect(text.split('\n', 1)[0]).toBe(`# yaml-language-server: $schema=${schema}`);
  });

  test('means the same when its effective form is loaded', () => {
    const { settings, agent } = load(text);
    const again = load(JSON.stringify(effectiveConfig(settings, agent)));
    expect(again.settings).toEqual(settings);
    expect(again.agent).toEqual(agent);
  });
});

test('the directors of two tiers differ only in router and priority', () => {
  const directorOf = (name: string) =>
    load(readFileSync(new URL(`two-tier/${name}/vrrp-agent.yaml`, EXAMPLES), 'utf8'));
  const [first, second] = [directorOf('lb1'), directorOf('lb2')];
  const lower = first.settings.instances.map((instance) => ({ ...instance, priority: 100 }));
  expect(second.settings).toEqual({ ...first.settings, router: 'lb2', instances: lower });
  expect(second.agent).toEqual(first.agent);
});

test('the full reference has every key', () => {
  const text = readFileSync(new URL('full-reference.yaml', EXAMPLES), 'utf8');
  const schema = readFileSync(new URL('../schema.json', EXAMPLES), 'utf8');
  const missing = Object.keys(propertiesOf(JSON.parse(schema))).filter(
    (key) => !new RegExp(`\\b${key}:`).test(text),
  );
  expect(missing).toEqual([]);
});

test('FR-N7 FR-O9 lists of checks and of directors survive the way back', () => {
  const { settings, agent } = load(`instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1] }
ipvs:
  sync: { interface: eth1, peers: [192.0.2.12] }
  services:
    - name: dns
      address: 203.0.113.1:53
      protocol: udp
      check: [{ udp: { send: x } }, ping]
      servers: [10.0.0.11]
`);
  const effective = effectiveConfig(settings, agent);
  expect(load(JSON.stringify(effective)).agent).toEqual(agent);
  expect(effective.ipvs?.sync?.peers).toEqual(['192.0.2.12']);
});

test('no password leaves the agent', () => {
  const { settings, agent } = load(`instances:
  - name: web
    interface: eth0
    vrid: 1
    version: 2
    addresses: [203.0.113.1]
    authentication: { type: pass, password: s3cret }
`);
  const shown = maskSecrets(effectiveConfig(settings, agent));
  expect(shown.instances?.[0]?.authentication).toEqual({ type: 'pass', password: '********' });
  expect(JSON.stringify(shown)).not.toContain('s3cret');
});

test('FR-O10 no secret of a checked URL leaves the agent', () => {
  const { settings, agent } = load(`instances:
  - name: web
    interface: eth0
    vrid: 1
    addresses: [203.0.113.1]
    track: [{ http: 'https://user:s3cret@192.0.2.9/health?token=s3cret' }]
ipvs:
  services:
    - name: web
      address: 203.0.113.1:80
      check: { http: { path: '/health?token=s3cret' } }
      servers:
        - 10.0.0.11
        - { address: 10.0.0.12, check: [tcp, { https: { path: '/?s3cret' } }] }
        - { address: 10.0.0.13, weight_from: { http: { path: '/load?key=s3cret' } } }
`);
  const shown = JSON.stringify(maskSecrets(effectiveConfig(settings, agent)));
  expect(shown).not.toContain('s3cret');
  expect(shown).toContain('https://********@192.0.2.9/health?token=********');
  expect(shown.match(/health\?token=\*+"/g)).toHaveLength(2 + 1);
  expect(shown).toContain('/load?key=********');
});

test('a password in defaults, and the query of a check of a service, are masked as well', () => {
  const authentication = { type: 'pass' as const, password: 's3cret' };
  const check = { https: { path: '/?s3cret' } };
  const ipvs = { services: [{ name: 'web', address: '203.0.113.1:80', check, servers: [] }] };
  const shown = maskSecrets({ defaults: { authentication }, instances: [], ipvs });
  expect(JSON.stringify(shown)).not.toContain('s3cret');
});

test('agent and command line have the same default socket', () => {
  expect(AGENT_DEFAULTS.control.socket).toBe(DEFAULT_SOCKET);
});

/** Every property of a JSON Schema by name, at any depth. */
function propertiesOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null) return {};
  const own = 'properties' in schema ? (schema.properties as Record<string, unknown>) : {};
  const below = Object.values(schema).map(propertiesOf);
  return Object.assign({}, own, ...below, ...Object.values(own).map(propertiesOf));
}
