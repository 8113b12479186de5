import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import type { HostFacts } from '../../../../src/config/host-facts.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { seconds } from '../../../../src/net/time.ts';
import { KEY, WITH_COMMON_NAME, WITHOUT_COMMON_NAME } from './certificates.ts';

const LINK = `peer_link:
  source: 198.51.100.11
  key: hex:${'5a'.repeat(32)}
  directors: [{ name: lb2, address: 198.51.100.12 }]
`;

const HTTPS = 'witness: { etcd: { endpoints: ["https://203.0.113.21:2379"] } }\n';

function file(witness: string, instance = 'witness: true', link = LINK): string {
  return `router: lb1
${link}${witness}instances:
  - name: web
    interface: eth0
    vrid: 55
    addresses: [192.0.2.100/32]
    ${instance}
`;
}

function load(text: string, host: HostFacts = {}) {
  const loaded = loadConfig(text, { hostName: 'lb1', ...host });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('; '));
  return loaded.value;
}

function errorsOf(text: string, host: HostFacts = {}): string[] {
  const loaded = loadConfig(text, { hostName: 'lb1', ...host });
  return loaded.ok
    ? []
    : loaded.error.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

function etcd(keys: string): string {
  return file(`witness: { etcd: { ${keys} } }\n`);
}

const ONE = 'endpoints: ["https://203.0.113.21:2379"]';

describe('witness', () => {
  test('has defaults, and its instances are marked', () => {
    const { settings, agent } = load(file(HTTPS));
    expect(settings.witness).toEqual({ ttl: seconds(5), onLoss: 'release' });
    expect(settings.instances[0]?.witness).toBe(true);
    expect(agent.witnessAccess).toMatchObject({
      endpoints: ['https://203.0.113.21:2379'],
      prefix: '/vrrp-agent/',
      username: undefined,
    });
  });

  test('comes back from its effective form, and shows where secrets are', () => {
    const witness = `witness:
  etcd:
    endpoints: [https://203.0.113.21:2379]
    prefix: /pair
    ca: /etc/ca.pem
    username: pair
    password: file:/etc/etcd.password
  ttl: 10s
  on_loss: go_on
`;
    const host: HostFacts = {
      readText: (reference) => ({
        text: reference.includes('ca') ? '-----BEGIN CERTIFICATE-----' : 'very secret',
      }),
    };
    const { settings, agent } = load(file(witness), host);
    const config = effectiveConfig(settings, agent);
    expect(config.witness).toEqual({
      etcd: {
        endpoints: ['https://203.0.113.21:2379'],
        prefix: '/pair/',
        ca: '/etc/ca.pem',
        username: 'pair',
        password: 'file:/etc/etcd.password',
      },
      ttl: '10s',
      on_loss: 'go_on',
    });
    expect(JSON.stringify(maskSecrets(config))).not.toContain('very secret');
    const again = load(JSON.stringify(config), host);
    expect(again.settings).toEqual(settings);
    expect(again.agent.witnessAccess).toEqual(agent.witnessAccess);
  });

  test.each([
    ['https://203.0.113.21', 'https://203.0.113.21:2379'],
    ['https://[2001:db8::21]:2379/', 'https://[2001:db8::21]:2379'],
    ['https://etcd.example.net:443', 'https://etcd.example.net:443'],
    ['http://ETCD.example.net', 'http://etcd.example.net:2379'],
  ])('understands the endpoint %s', (text, origin) => {
    const { agent } = load(etcd(`endpoints: ["${text}"]`));
    expect(agent.witnessAccess?.endpoints).toEqual([origin]);
  });

  test.each([
    ['203.0.113.21:2379', /expected a URL like https/],
    ['https://', /expected a URL like https/],
    ['https://pair:secret@203.0.113.21', /write "username" and "password"/],
    ['https://203.0.113.21/v3', /without a path/],
  ])('refuses the endpoint %s', (text, message) => {
    expect(errorsOf(etcd(`endpoints: ["${text}"]`)).join()).toMatch(message);
  });

  test('refuses an endpoint twice, however it is written', () => {
    const text = etcd('endpoints: ["https://203.0.113.21", "https://203.0.113.21:2379/"]');
    expect(errorsOf(text)).toEqual([
      expect.stringMatching(/^6:\d+: https:\/\/203\.0\.113\.21:2379 is listed twice$/),
    ]);
  });

  test('quotes no password of an endpoint that is listed twice', () => {
    const one = '"https://pair:secret@203.0.113.21"';
    const errors = errorsOf(etcd(`endpoints: [${one}, ${one}]`));
    expect(errors).toHaveLength(2);
    expect(errors.join()).not.toMatch(/secret|twice/);
  });

  test.each([
    ['1s', /must be from 2s to 1m/],
    ['61s', /must be from 2s to/],
    ['2500ms', /must be whole seconds/],
  ])('refuses a ttl of %s', (ttl, message) => {
    const text = file(`witness: { etcd: { ${ONE} }, ttl: ${ttl} }\n`);
    expect(errorsOf(text).join()).toMatch(message);
  });

  test.each([
    ['cert: /a', /"cert" needs "key"/],
    ['key: /a', /"key" needs "cert"/],
    ['username: a', /"username" needs "password"/],
    ['password: file:/a', /"password" needs "username"/],
    ['password: plain', /expected file: with an absolute path, or credential:/],
    ['prefix: web', /a path that begins with a slash/],
    ['cert: /a, key: /b, endpoints: ["http://203.0.113.21"]', /of use with https only/],
  ])('refuses %s', (keys, message) => {
    const text = etcd(keys.includes('endpoints') ? keys : `${ONE}, ${keys}`);
    expect(errorsOf(text).join()).toMatch(message);
    expect(errorsOf(text).join()).not.toContain('plain');
  });

  test('reads its files, and names the one that is not what it should be', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const text = etcd(`${ONE}, ca: /ca, cert: /cert, key: credential:key`);
    const files: Record<string, string> = { '/ca': 'none', '/cert': 'none', 'credential:key': pem };
    const host: HostFacts = { readText: (reference) => ({ text: files[reference] ?? '' }) };
    expect(errorsOf(text, host).join()).toMatch(
      /\/ca has no certificate in PEM form.*\/cert has no/,
    );
    files['/ca'] = '-----BEGIN CERTIFICATE-----';
    files['/cert'] = '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----';
    expect(errorsOf(text, host)).toEqual([
      expect.stringMatching(/credential:key and \/cert cannot be used: /),
    ]);
    const missing: HostFacts = { readText: () => ({ problem: '/ca cannot be read: ENOENT' }) };
    expect(errorsOf(text, missing)[0]).toMatch(/ENOENT/);
  });

  test.each([
    [WITH_COMMON_NAME, ', username: pair1, password: file:/password', 1],
    [WITHOUT_COMMON_NAME, ', username: pair1, password: file:/password', 0],
    [WITH_COMMON_NAME, '', 0],
  ])('warns of a certificate with a CommonName beside a user (%#)', (cert, user, count) => {
    const files: Record<string, string> = { '/cert': cert, '/key': KEY, 'file:/password': 'x' };
    const host: HostFacts = { readText: (reference) => ({ text: files[reference] ?? '' }) };
    const { warnings } = load(etcd(`${ONE}, cert: /cert, key: /key${user}`), host);
    expect(warnings.map(({ message }) => message)).toEqual(
      new Array(count).fill(
        expect.stringMatching(/^\/cert has the CommonName "lb1": .*without a CommonName/),
      ),
    );
  });

  test('is not missed where it has an error of its own, nor is the peer link', () => {
    expect(errorsOf(etcd(`${ONE}, username: ""`))).toEqual([expect.stringMatching(/a user name/)]);
    const link = LINK.replace('198.51.100.12', 'nowhere');
    expect(errorsOf(file(HTTPS, 'witness: true', link))).toEqual([
      expect.stringMatching(/nowhere/),
    ]);
  });

  test('is needed by an instance that has one, which needs a lease', () => {
    expect(errorsOf(file('')).join()).toMatch(/needs the section "witness"/);
    expect(errorsOf(file(HTTPS, 'witness: true\n    lease: off')).join()).toMatch(
      /by their lifetime: "witness: true" needs a "lease"/,
    );
  });

  test('needs a peer link', () => {
    expect(errorsOf(file(HTTPS, 'witness: true', '')).join()).toMatch(
      /"witness" needs "peer_link"/,
    );
  });

  test('has a ttl of at least eight heartbeats, else a healthy pair would lose its promises', () => {
    const slow = (ttl: string, heartbeat: string) => {
      const link = `${LINK}  heartbeat: ${heartbeat}\n`;
      return errorsOf(file(`witness: { etcd: { ${ONE} }${ttl} }\n`, 'witness: true', link));
    };
    expect(slow(', ttl: 2s', '250ms')).toEqual([]);
    expect(slow(', ttl: 2s', '300ms')).toEqual([
      '6:14: the "ttl" of "witness" must be at least 8 heartbeats, 2.4s, not 2s: write "ttl: 3s" there, or ' +
        '"heartbeat: 250ms" here, on every director',
    ]);
    expect(slow('', '1s').join()).toMatch(/not 5s: write "ttl: 8s" there, or "heartbeat: 625ms"/);
    expect(slow(', ttl: 1s', '1s').join()).not.toMatch(/heartbeat/);
  });

  test.each([
    ['"https://198.51.100.12"', /198\.51\.100\.12 is a director: a cut, or its crash/],
    ['"https://203.0.113.21", "https://203.0.113.22"', /two members of etcd have no majority/],
    ['"https://203.0.113.21", "https://203.0.113.22", "https://198.51.100.12"', /^$/],
  ])('with the endpoints %s is warned of', (endpoints, message) => {
    const { warnings } = load(etcd(`endpoints: [${endpoints}]`));
    expect(warnings.map(({ message: text }) => text).join()).toMatch(message);
  });

  test('for several members of a sync group needs "mode: all", else it is warned of', () => {
    const second = `priority: 100
    witness: true
  - { name: mail, interface: eth0, vrid: 56, addresses: [192.0.2.101/32], witness: true }
sync_groups:
  - name: pair
    instances: [web, mail]
    mode: `;
    const found = (mode: string, instance = second) =>
      load(file(HTTPS, `${instance}${mode}`)).warnings.map(
        ({ line, message }) => `${line}: ${message}`,
      );
    expect(found('all')).toEqual([]);
    expect(found('any')).toEqual([expect.stringMatching(/^18: .*write "mode: all", or "witness:/)]);
    expect(found('any', second.replace('], witness: true', ']'))).toEqual([]);
  });

  test('that no instance uses, and http, are warned of', () => {
    const { warnings } = load(
      file('witness: { etcd: { endpoints: ["http://203.0.113.21"] } }\n', 'priority: 100'),
    );
    expect(warnings.map(({ message }) => message).join()).toMatch(
      /no instance has "witness: true".*any host on the path/,
    );
  });
});
