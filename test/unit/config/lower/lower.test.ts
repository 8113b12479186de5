import { describe, expect, test } from 'vitest';
import { errors, instanceOf, load, value, web } from '../one-instance.ts';

function warnings(result: ReturnType<typeof load>): string[] {
  return value(result).warnings.map(({ message }) => message);
}

describe('advertisement_interval', () => {
  test.each([
    [3, '10ms', 10_000],
    [3, '40.95s', 40_950_000],
    [2, '1s', 1_000_000],
    [2, '255s', 255_000_000],
  ])('version %i takes %s', (version, text, microseconds) => {
    const result = web(`version: ${version}, advertisement_interval: ${text}`);
    expect(instanceOf(result)?.advertisementInterval).toBe(microseconds);
  });

  test.each([
    [3, '0s'],
    [3, '9ms'],
    [3, '15ms'],
    [3, '40.96s'],
    [2, '500ms'],
    [2, '1.5s'],
    [2, '256s'],
    [2, '0s'],
  ])('version %i refuses %s', (version, text) => {
    const result = web(`version: ${version}, advertisement_interval: ${text}`);
    expect(errors(result)).toEqual([expect.stringContaining(`not ${text}`)]);
  });

  test.each(['1', '"1"', '0.5'])('%s needs a unit', (text) => {
    expect(errors(web(`advertisement_interval: ${text}`))).toEqual([
      expect.stringContaining('a duration needs a unit: write'),
    ]);
  });

  test('a fraction of a millisecond is refused', () => {
    expect(errors(web('preempt_delay: 0.5ms'))).toEqual([
      '0.5ms is not a whole number of milliseconds',
    ]);
  });
});

test('T-01 absent keys have the defaults of the RFC', () => {
  expect(instanceOf(web(''))).toMatchObject({
    version: 3,
    priority: 100,
    preempt: true,
    advertisementInterval: 1_000_000,
  });
});

describe('addresses', () => {
  test('may be on another interface and keep their prefix length', () => {
    const result = web('', '', '[203.0.113.1/24, { address: 203.0.113.2, interface: eth1 }]');
    expect(instanceOf(result)?.addresses).toEqual([
      { address: '203.0.113.1', prefixLength: 24, interface: 'eth0' },
      { address: '203.0.113.2', prefixLength: 32, interface: 'eth1' },
    ]);
  });

  test('of both families cannot be in one instance', () => {
    expect(errors(web('', '', '[203.0.113.1, "2001:db8::1"]'))).toEqual([
      'all addresses of an instance have one family: put 2001:db8::1 into another instance',
    ]);
  });

  test.each(['203.0.113.256', '203.0.113.01', 'eth0', '""', '203.0.113.1/', '203.0.113.1/0'])(
    '%s is refused',
    (text) => {
      expect(errors(web('', '', `[${text}]`))).toHaveLength(1);
    },
  );

  test.each(['0.0.0.0', '127.0.0.1', '224.0.0.18', '255.255.255.255'])(
    '%s cannot belong to a host',
    (text) => {
      expect(errors(web('', '', `[${text}]`))[0]).toContain('cannot be assigned to a host');
    },
  );

  test('of extra_addresses must differ from addresses', () => {
    expect(errors(web('extra_addresses: [203.0.113.1/24]'))).toEqual([
      '203.0.113.1 is already used by this instance',
    ]);
  });

  test('count up to 255', () => {
    const list = (count: number) => {
      const entries = Array.from(
        { length: count },
        (_, i) => `198.51.${100 + (i >> 8)}.${i & 255}`,
      );
      return `[${entries.join(', ')}]`;
    };
    expect(instanceOf(web('', '', list(255)))?.addresses).toHaveLength(255);
    expect(errors(web('', '', list(256)))).toEqual([
      'must not have more than 255 entries: the count field of the packet has one byte',
    ]);
  });

  test('need at least one', () => {
    expect(errors(web('', '', '[]'))).toEqual([
      'must not be empty: what is sent to the multicast group has at least one address (RFC 9568 section 5.2.5). Only an instance with "unicast" may have none',
    ]);
  });
});

describe('two instances', () => {
  const pair = (first: string, second: string) => load(`{ ${first} }\n  - { ${second} }`);

  test('cannot share a name', () => {
    const result = pair(
      'name: a, interface: eth0, vrid: 1, addresses: [203.0.113.1]',
      'name: a, interface: eth0, vrid: 2, addresses: [203.0.113.2]',
    );
    expect(errors(result)).toEqual(['duplicate name "a"']);
  });

  test('cannot share interface, family and VRID', () => {
    const result = pair(
      'name: a, interface: eth0, vrid: 1, addresses: [203.0.113.1]',
      'name: b, interface: eth0, vrid: 1, addresses: [203.0.113.2]',
    );
    expect(errors(result)).toEqual(['vrid 1 on eth0 is already used by "a"']);
  });

  test('may share the VRID on two interfaces', () => {
    const result = pair(
      'name: a, interface: eth0, vrid: 1, addresses: [203.0.113.1]',
      'name: b, interface: eth1, vrid: 1, addresses: [203.0.113.2]',
    );
    expect(errors(result)).toEqual([]);
  });

  test('cannot share an address, whatever its prefix length', () => {
    const result = pair(
      'name: a, interface: eth0, vrid: 1, addresses: [203.0.113.1/24]',
      'name: b, interface: eth0, vrid: 2, addresses: [203.0.113.2, 203.0.113.1/32]',
    );
    expect(errors(result)).toEqual(['203.0.113.1 is already used by "a"']);
  });
});

describe('authentication', () => {
  test('of version 2 has a password of up to 8 bytes, and gives a warning', () => {
    const result = web('version: 2, authentication: { type: pass, password: secret12 }');
    expect(instanceOf(result)?.authentication).toEqual({ type: 'pass', password: 'secret12' });
    expect(warnings(result)).toEqual([expect.stringContaining('unencrypted in every packet')]);
  });

  test.each([
    ['secret123', 'must have 1 to 8 bytes, not 9'],
    ['"ééééé"', 'must have 1 to 8 bytes, not 10'],
    ['""', 'must have 1 to 8 bytes, not 0'],
    ['"a\\0b"', 'must not contain NUL, which pads the password in the packet'],
    ['12345678', 'expected text, found a number: put it in quotes'],
  ])('refuses %s', (password, message) => {
    const result = web(`version: 2, authentication: { type: pass, password: ${password} }`);
    expect(errors(result)).toEqual([message]);
  });

  test('needs version 2', () => {
    expect(errors(web('authentication: { type: pass, password: x }'))).toEqual([
      'version 3 has no password: write "type: hmac" with "keys", remove it, or write "version: 2"',
    ]);
  });

  test('of type ah is refused with reason and alternative', () => {
    const [message] = errors(web('version: 2, authentication: { type: ah }'));
    expect(message).toMatch(/RFC 3768 removed it because .* use type pass or none/);
  });

  test('of defaults can be switched off for a version 3 instance', () => {
    const top = 'defaults: { authentication: { type: pass, password: x } }';
    expect(errors(web('authentication: { type: none }', top))).toEqual([]);
  });
});

describe('unicast', () => {
  test('accepts peers with and without min_ttl', () => {
    const result = web(
      'unicast: { source: 192.0.2.1, peers: [192.0.2.2, { address: 198.51.100.2, min_ttl: 254 }] }',
    );
    expect(instanceOf(result)?.unicast).toEqual({
      source: '192.0.2.1',
      peers: [
        { address: '192.0.2.2', minimumTtl: 255 },
        { address: '198.51.100.2', minimumTtl: 254 },
      ],
    });
  });

  test('FR-F2 accepts from IPv6 peers the hop limit that keepalived sends', () => {
    const of = (entry: string) => {
      const result = web(`unicast: { peers: [${entry}] }`, '', '["fe80::100/64"]');
      return instanceOf(result)?.unicast?.peers.map(({ minimumTtl }) => minimumTtl);
    };
    expect(of('"2001:db8::2"')).toEqual([64]);
    expect(of('"fe80::2"')).toEqual([1]);
    expect(of('{ address: "fe80::2", min_ttl: 255 }')).toEqual([255]);
  });

  test.each([
    ['{ peers: [] }', '"peers" must have at least one entry'],
    ['{ source: 192.0.2.1 }', '"peers" must have at least one entry'],
    [
      '{ source: 192.0.2.1, peers: [192.0.2.1] }',
      '192.0.2.1 is the "source" of this router, not a peer',
    ],
    [
      '{ peers: [224.0.0.18] }',
      '224.0.0.18 is a multicast address and cannot be assigned to a host',
    ],
    ['{ peers: [192.0.2.2, 192.0.2.2] }', 'duplicate peer 192.0.2.2'],
    ['{ peers: ["2001:db8::2"] }', '2001:db8::2 is IPv6, but the instance is IPv4'],
    [
      '{ source: 203.0.113.1, peers: [192.0.2.2] }',
      '203.0.113.1 is a virtual address: use a permanent one',
    ],
    [
      '{ peers: [192.0.2.2/24] }',
      'expected an IP address without a prefix length, found "192.0.2.2/24"',
    ],
  ])('refuses %s', (unicast, message) => {
    expect(errors(web(`unicast: ${unicast}`))).toEqual([message]);
  });

  test('excludes source_address', () => {
    expect(errors(web('source_address: 192.0.2.1, unicast: { peers: [192.0.2.2] }'))).toEqual([
      '"source_address" applies only to multicast: write "unicast.source"',
    ]);
  });
});

describe('combinations', () => {
  test('an owner may advertise from its own address', () => {
    expect(instanceOf(web('priority: 255, source_address: 203.0.113.1'))?.sourceAddress).toBe(
      '203.0.113.1',
    );
  });

  test('an owner gets warnings: it is MASTER immediately, and always preempts', () => {
    expect(warnings(web('priority: 255, preempt: false'))).toHaveLength(2);
  });

  test('preempt_delay excludes preempt: false', () => {
    expect(errors(web('preempt: false, preempt_delay: 1s'))).toHaveLength(1);
    expect(errors(web('preempt: false, preempt_delay: 0s'))).toEqual([]);
  });

  test('checksum needs version 3', () => {
    expect(errors(web('version: 2, checksum: rfc9568'))).toHaveLength(1);
    expect(errors(web('version: 2, checksum: auto'))).toEqual([]);
  });

  test('a short interval without real-time priority gives a warning', () => {
    const fast = 'advertisement_interval: 10ms';
    expect(warnings(web(fast, 'realtime: off'))).toHaveLength(1);
    expect(warnings(web(fast, 'realtime: auto'))).toEqual([]);
  });

  test('a control socket open to every user gives a warning', () => {
    expect(warnings(web('', 'control: { mode: "0666" }'))).toHaveLength(1);
  });

  test.each(['{ refresh: 1ms }', '{ second_burst_after: 2h }', '{ refresh: 25h }'])(
    'garp %s is out of range',
    (garp) => {
      expect(errors(web(`garp: ${garp}`))).toEqual([expect.stringContaining('must be')]);
    },
  );
});

describe('unsupported combinations', () => {
  test('version 2 does not support IPv6', () => {
    expect(errors(web('version: 2', '', '["2001:db8::1"]'))).toContain(
      'version 2 does not support IPv6: write "version: 3"',
    );
  });

  test('explicit defaults are accepted', () => {
    const keys = 'accept: true, virtual_mac: false, lease: off, track: [], notify: {}';
    expect(errors(web(keys, 'sync_groups: []\nipvs: {}'))).toEqual([]);
  });
});

describe('http', () => {
  const listen = (text: string) => value(web('', `http: ${text}`)).agent.httpListen;

  test.each([
    ['{ listen: 127.0.0.1:9112 }', '127.0.0.1', 9112],
    ['{ listen: "[::1]:9000" }', '::1', 9000],
    ['{ listen: 9113 }', '127.0.0.1', 9113],
    ['{ listen: ":9114" }', '127.0.0.1', 9114],
    ['{}', '127.0.0.1', 9112],
  ])('%s listens on this machine only', (text, address, port) => {
    expect(listen(text)).toEqual({ address, port });
    expect(warnings(web('', `http: ${text}`))).toEqual([]);
  });

  test.each(['192.0.2.11:9112', '0.0.0.0:9112', '"[::]:9112"'])('%s gives a warning', (text) => {
    expect(warnings(web('', `http: { listen: ${text} }`))).toEqual([
      expect.stringContaining('readable without authentication'),
    ]);
  });

  test.each([
    'localhost:9112',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1',
    '70000',
    'yes',
    '[]',
  ])('%s is an error, reported once', (text) => {
    expect(errors(web('', `http: { listen: ${text} }`))).toEqual([
      expect.stringMatching(/an IP address and a port|a whole number from 1 to 65535/),
    ]);
  });
});
