import { describe, expect, test } from 'vitest';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { formatFinding } from '../../../../src/config/finding.ts';
import type { HostFacts } from '../../../../src/config/host-facts.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/load.ts';

const HEX = `hex:${'ab'.repeat(32)}`;

function file(link: string): string {
  return `router: lb1
peer_link:
${link}
instances: [{ name: web, interface: eth0, vrid: 55, addresses: [203.0.113.100/32] }]
`;
}

const LINK = `  source: 198.51.100.139
  key: ${HEX}
  directors: [{ name: lb2, address: 198.51.100.140 }]`;

function errorsOf(link: string, host: HostFacts = {}): string[] {
  const loaded = loadConfig(file(link), { hostName: 'host', ...host });
  return loaded.ok ? [] : loaded.error.map((one) => formatFinding('f', one));
}

function load(link: string, host: HostFacts = {}): LoadedConfig {
  const loaded = loadConfig(file(link), { hostName: 'host', ...host });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'));
  return loaded.value;
}

describe('peer_link', () => {
  test('gets the defaults of the contract', () => {
    const { settings, agent } = load(LINK);
    expect(settings.peerLink).toEqual({
      source: '198.51.100.139',
      port: 8843,
      heartbeat: 100_000,
      directors: [{ name: 'lb2', address: '198.51.100.140' }],
      services: 0,
    });
    expect(agent.peerLinkKeys).toEqual({
      keys: [{ id: 1, reference: HEX, bytes: new Uint8Array(32).fill(0xab) }],
      activeKey: 1,
    });
  });

  test('keeps its keys out of the settings of the engine', () => {
    expect(JSON.stringify(load(LINK).settings)).not.toContain('ab'.repeat(4));
  });

  test('is the same after a way through the effective configuration', () => {
    const before = load(`${LINK}\n  port: 9000\n  heartbeat: 50ms\n  dead_after: 200ms`);
    const effective = effectiveConfig(before.settings, before.agent);
    const after = loadConfig(JSON.stringify(effective), { hostName: 'host' });
    expect(after.ok && after.value.settings.peerLink).toEqual(before.settings.peerLink);
    expect(after.ok && after.value.agent.peerLinkKeys).toEqual(before.agent.peerLinkKeys);
  });

  test('is shown without its keys, but with where they are kept', () => {
    const { settings, agent } = load(`  source: 198.51.100.139
  keys: { 1: ${HEX}, 7: 'file:/etc/vrrp-agent/peer.key' }
  active_key: 7
  directors: [{ name: lb2, address: 198.51.100.140 }]`);
    const { peer_link: shown } = maskSecrets(effectiveConfig(settings, agent));
    expect(shown?.keys).toEqual({ 1: 'hex:********', 7: 'file:/etc/vrrp-agent/peer.key' });
    expect(shown?.active_key).toBe(7);
  });

  test.each([
    [
      'a source that is no address of this host',
      LINK,
      'f:3:11: 198.51.100.139 is not an address of this host: write its own address on the link',
    ],
  ])('refuses %s', (_, link, message) => {
    expect(errorsOf(link, { isLocal: () => false })).toEqual([message]);
    expect(errorsOf(link, { isLocal: () => true })).toEqual([]);
  });

  test.each([
    ['address', '198.51.100.139', 'f:3:11'],
    ['address', '198.51.100.140', 'f:5:37'],
    ['extra address', '198.51.100.140', 'f:5:37'],
  ])('refuses the %s %s of an instance as that of a director', (kind, address, place) => {
    const vips = `[203.0.113.100/32${kind === 'address' ? `, ${address}/24` : ''}]`;
    const extra = kind === 'address' ? '' : `, extra_addresses: [${address}/24]`;
    const instance = `{ name: web, interface: eth0, vrid: 55, addresses: ${vips}${extra} }`;
    const text = `router: lb1\npeer_link:\n${LINK}\ninstances: [${instance}]\n`;
    const loaded = loadConfig(text, { hostName: 'host' });
    expect(loaded.ok ? [] : loaded.error.map((one) => formatFinding('f', one))).toEqual([
      `${place}: ${address} is a virtual address of "web": use a permanent one`,
    ]);
  });

  test.each([
    ['itself by name', '[{ name: lb1, address: 198.51.100.140 }]', '5:23: lb1 is this director'],
    [
      'itself by address',
      '[{ name: lb2, address: 198.51.100.139 }]',
      '5:37: 198.51.100.139 is "source"',
    ],
    [
      'a name twice',
      '[{ name: lb2, address: 198.51.100.140 }, { name: lb2, address: 198.51.100.141 }]',
      '5:63: the director lb2 is listed twice',
    ],
    [
      'an address twice',
      '[{ name: lb2, address: 198.51.100.140 }, { name: lb3, address: 198.51.100.140 }]',
      '5:77: 198.51.100.140 is listed twice',
    ],
    [
      'an address of another family',
      '[{ name: lb2, address: "2001:db8::140" }]',
      '5:37: 2001:db8::140 and "source" 198.51.100.139 must be of the same family',
    ],
    ['no director', '[]', '5:14: must not be empty'],
    [
      'what is no address',
      '[{ name: lb2, address: 198.51.100.256 }]',
      '5:37: expected an IP address',
    ],
    [
      'a multicast address',
      '[{ name: lb2, address: 224.0.0.18 }]',
      '5:37: 224.0.0.18 is a multicast',
    ],
  ])('refuses to list %s', (_, directors, message) => {
    const errors = errorsOf(`  source: 198.51.100.139\n  key: ${HEX}\n  directors: ${directors}`);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`f:${message}`);
  });

  test('refuses a link-local address, which needs an interface', () => {
    const errors = errorsOf(
      `  source: fe80::1\n  key: ${HEX}\n  directors: [{ name: lb2, address: fe80::2 }]`,
    );
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('f:3:11: fe80::1 is link-local');
  });

  test.each([
    ['too short', 'hex:abcd', 'a key has 64 to 128 hexadecimal digits, an even number, not 4'],
    ['odd', `hex:${'a'.repeat(65)}`, 'an even number, not 65'],
    ['without its kind', 'c0ffeec0ffee', 'expected file: with an absolute path'],
    ['a relative path', 'file:peer.key', 'expected file: with an absolute path'],
  ])('refuses a key that is %s, and does not quote it', (_, key, message) => {
    const [error = ''] = errorsOf(
      `  source: 198.51.100.139\n  key: ${key}\n  directors: [{ name: lb2, address: 198.51.100.140 }]`,
    );
    expect(error).toContain('f:4:8: ');
    expect(error).toContain(message);
    expect(error).not.toContain(key);
  });

  test('says at its place why a key file is not used', () => {
    const problem = '/k is not used as a key: any user can open it (chmod 600)';
    const link = LINK.replace(HEX, 'file:/k');
    expect(errorsOf(link, { readKey: () => ({ problem }) })).toEqual([`f:4:8: ${problem}`]);
    const bytes = new Uint8Array(40);
    expect(load(link, { readKey: () => bytes }).agent.peerLinkKeys?.keys[0]?.bytes).toBe(bytes);
  });

  test.each([
    ['no key', '', '"key" is missing'],
    ['both "key" and "keys"', `key: ${HEX}\n  keys: { 1: ${HEX} }`, 'exclude each other'],
    ['two keys and none that signs', `keys: { 1: ${HEX}, 2: ${HEX} }`, '"active_key" is missing'],
    ['another active key', `keys: { 1: ${HEX} }\n  active_key: 2`, '"keys" has no key 2'],
    ['an active key without keys', `key: ${HEX}\n  active_key: 2`, 'the number of "key" is 1'],
  ])('refuses %s', (_, keys, message) => {
    const errors = errorsOf(
      `  source: 198.51.100.139\n  ${keys}\n  directors: [{ name: lb2, address: 198.51.100.140 }]`,
    );
    expect(errors.join('\n')).toContain(message);
  });

  test('needs no active key when there is one key only', () => {
    const { agent } = load(LINK.replace(`key: ${HEX}`, `keys: { 9: ${HEX} }`));
    expect(agent.peerLinkKeys?.activeKey).toBe(9);
  });

  test.each([
    ['heartbeat: 5ms', 'must be from 10ms to 5s, not 5ms'],
    ['heartbeat: 6s', 'must be from 10ms to 5s, not 6s'],
    ['dead_after: 299ms', 'must be at least three heartbeats, 300ms, not 299ms'],
    ['port: 0', 'expected a whole number from 1 to 65535'],
  ])('refuses %s', (line, message) => {
    expect(errorsOf(`${LINK}\n  ${line}`).join('\n')).toContain(message);
  });

  test('tells by a digest whether the IPVS services are the same', () => {
    const services = (port: number) => `${file(LINK)}
ipvs:
  services:
    - { name: web, address: "203.0.113.100:${port}", servers: ["10.0.0.11:80"] }`;
    const digest = (port: number) => {
      const loaded = loadConfig(services(port), { hostName: 'host' });
      return loaded.ok ? loaded.value.settings.peerLink?.services : loaded.error;
    };
    expect(digest(80)).toBeGreaterThan(0);
    expect(digest(80)).toBe(digest(80));
    expect(digest(80)).not.toBe(digest(81));
  });

  test('lets an instance take over as the RFC has it', () => {
    const text = file(LINK).replace('vrid: 55', 'vrid: 55, on_vrrp_loss: take_over');
    const loaded = loadConfig(text, { hostName: 'host' });
    expect(loaded.ok && loaded.value.settings.instances[0]?.onVrrpLoss).toBe('take_over');
  });
});
