import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../../../src/net/time.ts';
import { errors, instanceOf, value, web } from '../../one-instance.ts';

/** One service in flow style with these keys. */
function load(keys: string, servers = '[10.0.0.11]', address = 'address: "203.0.113.100:80"') {
  return web('', `ipvs: { services: [{ name: site, ${address}, servers: ${servers}, ${keys} }] }`);
}

function healthOf(keys: string, servers?: string, address?: string) {
  const health = value(load(keys, servers, address)).agent.ipvs?.services[0]?.health;
  if (health === undefined) throw new Error('there is no service');
  return health;
}

function checkOf(keys: string) {
  return healthOf(`check: ${keys}`).checks['10.0.0.11:80']?.[0];
}

describe('check', () => {
  test('of a service applies to each server, at its address', () => {
    const { checks } = healthOf('check: tcp', '[10.0.0.11, "10.0.0.12:8080"]');
    expect(checks['10.0.0.11:80']?.[0]).toMatchObject({
      kind: 'tcp',
      endpoint: { address: '10.0.0.11', port: 80 },
      interval: seconds(2),
      timeout: seconds(2),
      rise: 2,
      fall: 3,
    });
    expect(checks['10.0.0.12:8080']?.[0]).toMatchObject({ endpoint: { port: 8080 } });
  });

  test('repeats a failure after `retry_after`', () => {
    expect(checkOf('{ tcp: {}, retry_after: 300ms }')).toMatchObject({
      retryAfter: milliseconds(300),
    });
    const { warnings } = value(load('check: { tcp: {}, retry_after: 300ms, fall: 1 }'));
    expect(warnings.map(({ message }) => message).join()).toContain('no effect with "fall: 1"');
  });

  test('is off by default', () => {
    expect(healthOf('require: web').checks).toEqual({});
  });

  test('of a server replaces or disables that of the service', () => {
    const servers = '[{ address: 10.0.0.11, check: none }, { address: 10.0.0.12, check: ping }]';
    const { checks } = healthOf('check: tcp', servers);
    expect(Object.keys(checks)).toEqual(['10.0.0.12:80']);
    expect(checks['10.0.0.12:80']?.[0]).toMatchObject({ kind: 'ping', address: '10.0.0.12' });
  });

  test('by a command is examined once for all servers', () => {
    const command = "{ exec: { command: [/opt/look, '{address}'], user: nobody } }";
    const { commands } = value(load(`check: ${command}`, '[10.0.0.11, 10.0.0.12]'));
    expect(commands).toMatchObject([{ argv: ['/opt/look', '{address}'], user: 'nobody' }]);
  });

  test('uses another port or address if configured', () => {
    expect(checkOf('{ tcp: {}, port: 8080 }')).toMatchObject({
      endpoint: { address: '10.0.0.11', port: 8080 },
    });
    expect(checkOf('{ tcp: {}, connect_to: "[2001:db8::11]:8080" }')).toMatchObject({
      endpoint: { address: '2001:db8::11', port: 8080 },
    });
    expect(checkOf('{ tcp: {}, connect_to: 10.9.9.9, port: 8080 }')).toMatchObject({
      endpoint: { address: '10.9.9.9', port: 8080 },
    });
  });

  test.each(['tcp: {}', 'http: {}', 'https: {}', 'dns: { name: a }'])(
    'by %s may come from another address of this host',
    (kind) => {
      expect(checkOf(`{ ${kind}, source: 10.0.0.1 }`)).toMatchObject({ source: '10.0.0.1' });
      expect(checkOf(`{ ${kind} }`)).not.toHaveProperty('source');
    },
  );

  test.each([
    ['{ tcp: {}, source: here }', 'expected an IP address, found "here"'],
    ['{ tcp: {}, source: "2001:db8::1" }', 'they have different address families'],
    ['{ ping: {}, source: 10.0.0.1 }', '"source" does not apply to "ping"'],
  ])('%s is an error', (keys, message) => {
    expect(errors(load(`check: ${keys}`))).toEqual([expect.stringContaining(message)]);
  });

  test('by HTTP may name the digest of the page', () => {
    const md5 = 'D41D8CD98F00B204E9800998ECF8427E';
    expect(checkOf(`{ http: { digest: "md5:${md5}" } }`)).toMatchObject({
      digest: { algorithm: 'md5', hex: md5.toLowerCase() },
    });
    const sha256 = 'ab'.repeat(32);
    expect(checkOf(`{ https: { digest: "sha256:${sha256}" } }`)).toMatchObject({
      digest: { algorithm: 'sha256', hex: sha256 },
    });
    expect(errors(load(`check: { http: { digest: "${md5}" } }`))).toEqual([
      expect.stringContaining('expected sha256: and 64 hexadecimal digits, or md5: and 32'),
    ]);
  });

  test('by HTTP accepts 200-399 by default', () => {
    expect(checkOf('http')).toMatchObject({
      kind: 'http',
      url: 'http://10.0.0.11:80/',
      method: 'GET',
      status: [{ first: 200, last: 399 }],
    });
    expect(checkOf('{ http: { path: "/x?y=1", status: [204, 500-599], body: ok } }')).toMatchObject(
      {
        url: 'http://10.0.0.11:80/x?y=1',
        status: [
          { first: 204, last: 204 },
          { first: 500, last: 599 },
        ],
        body: { kind: 'text', text: 'ok' },
      },
    );
  });

  test('by HTTPS uses the host as server name', () => {
    const named = { url: 'https://10.0.0.11:80/', verify: true, serverName: 'www.example.net' };
    expect(checkOf('{ https: { host: "www.example.net:8443" } }')).toMatchObject(named);
    expect(checkOf('{ https: { host: other, sni: www.example.net } }')).toMatchObject(named);
    expect(checkOf('{ https: { host: 10.0.0.1 } }')).toMatchObject({ serverName: undefined });
  });

  test('by a command has the server in its arguments', () => {
    const command = '["/bin/check", "-H", "{address}", "--at={address}:{port}"]';
    expect(checkOf(`{ exec: { command: ${command}, user: nobody } }`)).toMatchObject({
      kind: 'script',
      argv: ['/bin/check', '-H', '10.0.0.11', '--at=10.0.0.11:80'],
      user: 'nobody',
    });
  });

  test('by a datagram has its bytes in hexadecimal', () => {
    expect(checkOf('{ udp: { send: ping } }')).toMatchObject({ send: '70696e67' });
    expect(checkOf('{ udp: { send_hex: 00FF, expect_regex: "^k" } }')).toMatchObject({
      send: '00ff',
      expect: { kind: 'pattern', pattern: '^k' },
    });
  });

  test.each([
    ['{}', 'needs one of tcp, http, https, dns, udp, ping, exec'],
    ['{ tcp: {}, ping: {} }', '"tcp" and "ping" cannot be used together: remove one of them'],
    ['htpp', 'expected tcp, http, https, ping, none, a mapping, or a list of these'],
    ['{ tcp: {}, intervall: 1s }', 'unknown key "intervall": did you mean "interval"?'],
    ['{ tcp: {}, interval: 10ms }', 'must be from 100ms to 1h, not 10ms'],
    ['{ tcp: {}, connect_to: web1 }', 'expected an IP address with or without a port'],
    ['{ tcp: {}, connect_to: "10.0.0.11:80", port: 80 }', '"connect_to" already has a port'],
    ['{ http: { status: [399-200] } }', 'the range 399-200 is empty'],
    ['{ http: { status: [20] } }', 'expected a whole number from 100 to 599'],
    ['{ http: { body_regex: "(" } }', 'invalid regular expression'],
    ['{ http: { body: a, body_regex: a } }', '"body" and "body_regex" cannot be used together'],
    ['{ http: { path: health } }', 'expected a path that begins with a slash'],
    ['{ exec: { command: [check] } }', 'must be the absolute path of a program'],
    ['{ dns: {} }', '"name" is missing'],
    ['{ dns: { name: a, type: ANY } }', 'expected one of A, AAAA'],
    ['{ udp: { send_hex: 123 } }', 'expected bytes in hexadecimal'],
  ])('that is invalid is refused: %s', (check, message) => {
    expect(errors(load(`check: ${check}`))).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['check: { http: { method: HEAD, body: ready } }', '"body" cannot be compared'],
    ['check: { https: { method: HEAD, body_regex: ready } }', '"body_regex" cannot be compared'],
    [`check: { http: { method: HEAD, digest: "md5:${'0'.repeat(32)}" } }`, '"digest" cannot be'],
    ['weight_from: { http: { method: HEAD } }', 'a response to HEAD has no body'],
  ])('FR-N14 that can never pass is refused: %s', (keys, message) => {
    expect(errors(load(keys))).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['{ https: { method: HEAD, body_regex: "^$" } }', '"body_regex" has no effect'],
    [
      '{ http: { method: HEAD, digest: "md5:D41D8CD98F00B204E9800998ECF8427E" } }',
      '"digest" has no effect',
    ],
  ])('that an empty body passes has a warning: %s', (check, message) => {
    const { warnings } = value(load(`check: ${check}`));
    expect(warnings.map((one) => one.message)).toEqual([expect.stringContaining(message)]);
  });

  test('of a server without a port needs one', () => {
    expect(errors(load('check: tcp', '[10.0.0.11]', 'fwmark: 7, forwarding: dr'))).toEqual([
      '"port" is missing: the server has no port',
    ]);
  });
});

describe('FR-N7 several checks', () => {
  const UDP = '{ udp: {}, port: 53 }';
  const told = (keys: string) => value(load(keys)).warnings.map(({ message }) => message);

  test('are a list, each with its own times', () => {
    const { checks } = healthOf(`check: [${UDP}, { ping: {}, interval: 5s }, tcp]`);
    expect(checks['10.0.0.11:80']).toMatchObject([
      { kind: 'udp', interval: seconds(2) },
      { kind: 'ping', interval: seconds(5) },
      { kind: 'tcp' },
    ]);
  });

  test.each([
    ['[]', 'must not be empty'],
    ['[tcp, none]', 'expected tcp, http, https, ping, or a mapping'],
    ['[tcp, { tcp: {}, ping: {} }]', '"tcp" and "ping" cannot be used together'],
    ['[tcp, {}]', 'needs one of tcp, http'],
  ])('are refused at the one that is invalid: %s', (check, message) => {
    expect(errors(load(`check: ${check}`))).toEqual([expect.stringContaining(message)]);
  });

  test('are advised where silence alone would count as an answer', () => {
    expect(told(`check: ${UDP}`)).toEqual([
      expect.stringContaining('passes while nothing comes back'),
    ]);
    expect(told(`check: [${UDP}, ping]`)).toEqual([]);
    expect(told('check: { udp: { expect: pong }, port: 53 }')).toEqual([]);
  });
});

describe('weight_from', () => {
  test('has bounds and smoothing', () => {
    expect(healthOf('weight_from: { http: {}, port: 9000 }').weights['10.0.0.11:80']).toMatchObject(
      {
        url: 'http://10.0.0.11:9000/',
        weight: { reads: 'weight', smoothing: 0.5, minimum: 1, maximum: 100 },
        interval: seconds(5),
      },
    );
  });

  test('can be disabled for one server', () => {
    const servers = '[10.0.0.11, { address: 10.0.0.12, weight_from: file }]';
    const { weights } = healthOf('weight_from: { exec: { command: [/bin/load] } }', servers);
    expect(Object.keys(weights)).toEqual(['10.0.0.11:80']);
  });

  test.each([
    ['{ port: 80 }', 'needs one of http, https, exec'],
    ['{ http: {}, min: 9, max: 3 }', 'must not be greater than "max" (3)'],
    ['{ http: {}, smoothing: 1 }', 'expected a number from 0 to 0.99'],
  ])('is refused: %s', (words, message) => {
    expect(errors(load(`weight_from: ${words}`))).toEqual([expect.stringContaining(message)]);
  });
});

describe('fallback', () => {
  test('inherits port and forwarding from the service', () => {
    const { fallback } = healthOf('fallback: 10.0.0.99, forwarding: dr');
    expect(fallback).toMatchObject({ address: '10.0.0.99', port: 80, forwarding: 'dr', weight: 1 });
  });

  test('differs from all servers', () => {
    expect(errors(load('fallback: 10.0.0.11'))).toEqual([
      'the fallback 10.0.0.11:80 must not be one of the servers',
    ]);
  });
});

describe('quorum', () => {
  const servers =
    '[{ address: 10.0.0.11, weight: 3 }, 10.0.0.12, { address: 10.0.0.13, weight: 0 }]';

  test('is a weight, with or without a hysteresis', () => {
    expect(healthOf('quorum: 3', servers).quorum).toEqual({ weight: 3, hysteresis: 0 });
    expect(healthOf('quorum: { weight: 2, hysteresis: 1 }', servers).quorum).toEqual({
      weight: 2,
      hysteresis: 1,
    });
    expect(healthOf('require: web').quorum).toBe(undefined);
  });

  test('may count on the highest weight that follows the load', () => {
    const keys = 'quorum: 100, weight_from: { http: {}, max: 50 }';
    expect(healthOf(keys, servers).quorum).toMatchObject({ weight: 100 });
  });

  test.each([
    ['quorum: 5', 'must not be greater than the weight of all servers (4)'],
    [
      'quorum: { weight: 4, hysteresis: 1 }',
      'must not be greater with its hysteresis (4 + 1) than the weight of all servers (4)',
    ],
    ['quorum: { weight: 2, hysteresis: 2 }', 'must be less than "weight" (2)'],
    ['quorum: many', 'expected a weight, or { weight, hysteresis }'],
  ])('%s is an error', (keys, message) => {
    expect(errors(load(keys, servers))).toEqual([expect.stringContaining(message)]);
  });
});

describe('min_servers', () => {
  test('is tracked by the required instance', () => {
    const lowering = load('require: web, min_servers: { count: 1, weight: -20 }');
    expect(instanceOf(lowering)?.track).toEqual([
      {
        name: 'ipvs:site',
        weight: -20,
        source: { kind: 'ipvs', probe: 'ipvs site', init: 'wait' },
      },
    ]);
    expect(instanceOf(load('require: web, min_servers: 1'))?.track[0]?.weight).toBe(undefined);
    expect(instanceOf(load('require: web'))?.track).toEqual([]);
  });

  test.each([
    ['min_servers: 1', '"min_servers" needs "require"'],
    ['require: web, min_servers: 2', 'must not be greater than the number of servers (1)'],
    ['require: web, min_servers: { count: 1, weight: 5 }', 'must be negative'],
  ])('is refused if it cannot be met: %s', (keys, message) => {
    expect(errors(load(keys))).toEqual([expect.stringContaining(message)]);
  });
});
