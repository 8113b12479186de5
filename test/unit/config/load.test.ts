import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../../src/config/finding.ts';
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';
import { NO_NOTIFICATIONS } from '../../../src/config/notification-settings.ts';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';

const WEB = `instances:
  - name: web
    interface: eth0
    vrid: 55
    addresses: [203.0.113.100]
`;

/** Findings as an operator reads them. */
function complaints(text: string): string[] {
  const loaded = loadConfig(text, { hostName: 'host' });
  return loaded.ok ? [] : loaded.error.map((finding) => formatFinding('f', finding));
}

function loaded(text: string): LoadedConfig {
  const result = loadConfig(text, { hostName: 'host' });
  if (!result.ok) throw new Error(complaints(text).join('\n'));
  return result.value;
}

describe('a minimal file', () => {
  const { settings, agent, warnings } = loaded(WEB);

  test('gets every default of the contract', () => {
    expect(settings).toEqual({
      router: 'host',
      linger: 'auto',
      instances: [
        {
          name: 'web',
          interface: 'eth0',
          family: 'ipv4',
          vrid: 55,
          version: 3,
          priority: 100,
          advertisementInterval: seconds(1),
          addresses: [{ address: ip('203.0.113.100'), prefixLength: 32, interface: 'eth0' }],
          extraAddresses: [],
          routes: [],
          rules: [],
          preempt: true,
          preemptDelay: 0,
          accept: true,
          checksum: 'auto',
          authentication: { type: 'none' },
          unicast: undefined,
          sourceAddress: undefined,
          garp: { repeat: 5, secondBurstAfter: seconds(5), refresh: 0, form: 'both' },
          neighborAdvertisement: { router: 'auto' },
          onInterfaceDown: 'fault',
          onVrrpLoss: 'judge',
          addressConflict: 'report',
          track: [],
          lease: seconds(4),
        },
      ],
      syncGroups: [],
    });
    expect(agent).toEqual({
      control: { socket: '/run/vrrp-agent/control.sock', mode: 0o660 },
      httpListen: undefined,
      httpNames: [],
      realtime: 'auto',
      logLevel: 'info',
      logFormat: 'auto',
      resume: 'auto',
      stateDirectory: '/var/lib/vrrp-agent',
      notifications: NO_NOTIFICATIONS,
      probes: new Map(),
      routerKeys: new Map(),
    });
  });

  test('gives no warnings', () => {
    expect(warnings).toEqual([]);
  });
});

describe('defaults', () => {
  test('apply to absent keys, and garp is merged key by key', () => {
    const { settings } = loaded(`defaults: { interface: eth1, priority: 50, garp: { repeat: 2 } }
instances:
  - { name: a, vrid: 1, addresses: [203.0.113.1], garp: { refresh: 60s } }
  - { name: b, vrid: 2, addresses: [203.0.113.2], priority: 200 }
`);
    expect(settings.instances.map((one) => [one.interface, one.priority])).toEqual([
      ['eth1', 50],
      ['eth1', 200],
    ]);
    expect(settings.instances[0]?.garp).toMatchObject({ repeat: 2, refresh: seconds(60) });
  });

  test('that are invalid are reported once, at their position', () => {
    expect(
      complaints(`defaults: { interface: eth1, advertisement_interval: 15ms }
instances:
  - { name: a, vrid: 1, addresses: [203.0.113.1] }
  - { name: b, vrid: 2, addresses: [203.0.113.2] }
`),
    ).toEqual(['f:1:54: version 3 allows 10ms to 40.95s in steps of 10ms, not 15ms']);
  });

  test('do not accept the keys that identify an instance', () => {
    expect(complaints(`defaults: { vrid: 5 }\n${WEB}`)).toEqual(['f:1:13: unknown key "vrid"']);
  });
});

describe('the text', () => {
  test('a YAML error hides the findings that follow from it', () => {
    expect(complaints('router: [a\nunknown: 1\n')).toEqual([
      expect.stringMatching(/^f:2:\d+: Flow sequence in block collection/),
    ]);
  });

  test('an empty file is reported as such', () => {
    expect(complaints('')).toEqual(['f:1:1: expected a mapping, found nothing']);
  });

  test('a duplicate key points at the second one and names the first', () => {
    expect(complaints(`router: a\n${WEB}router: b\n`)).toEqual([
      'f:7:1: duplicate key "router": first given on line 1',
    ]);
  });

  test('an unknown key points at the key and suggests a similar one', () => {
    expect(complaints(`${WEB}    priorty: 5\n`)).toEqual([
      'f:6:5: unknown key "priorty": did you mean "priority"?',
    ]);
  });

  test('a keyword of keepalived.conf is translated', () => {
    expect(complaints(`${WEB}    advert_int: 1\n`)).toEqual([
      'f:6:5: unknown key "advert_int": did you mean "advertisement_interval"?',
    ]);
  });

  test('a finding in the mapping behind an alias points into the anchor', () => {
    expect(complaints(`defaults: { garp: &g { repeat: 0 } }\n${WEB}    garp: *g\n`)).toEqual([
      'f:1:32: expected a whole number from 1 to 100, found the number 0',
    ]);
  });

  test('an alias that contains itself is refused', () => {
    expect(complaints('router: &a [*a]\n')[0]).toMatch(/nested more than 32 levels deep/);
  });

  test('an alias bomb is refused before it explodes', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      const references = new Array(10).fill(`*a${i - 1}`).join(', ');
      lines.push(`a${i}: &a${i} [${references}]`);
    }
    expect(complaints(lines.join('\n')).join()).toMatch(/has too many values/);
  });

  test.each(['[', '{a: ', '- ', '? '])('nesting without end is refused: %s', (opening) => {
    expect(complaints(opening.repeat(20_000))).toEqual([
      expect.stringMatching(/^f:1:\d+: nested more than 32 levels deep$/),
    ]);
  });

  test('a second document is refused, not ignored', () => {
    expect(complaints(`${WEB}---\nrouter: b\n`)).toEqual([
      'f:6:1: a configuration is a single YAML document; a second one starts here',
    ]);
  });

  test('a file beyond the limit is refused unread', () => {
    expect(complaints('#'.repeat(5_000_000))).toEqual([
      'f:1:1: the file is longer than 4194304 characters',
    ]);
  });

  test('a YAML 1.1 directive does not turn words into booleans', () => {
    expect(complaints(`%YAML 1.1\n---\n${WEB}    preempt: no\n`)).toEqual([
      'f:8:14: expected true or false, found "no"',
    ]);
  });

  test('a key cannot change the prototype', () => {
    expect(complaints(`__proto__: { router: x }\n${WEB}`)).toEqual([
      'f:1:1: unknown key "__proto__"',
    ]);
  });

  test('control characters of the file do not reach the terminal', () => {
    expect(complaints(`"\\e[2Jx": 1\n${WEB}`).join()).not.toMatch(/\p{Cc}/u);
  });
});

test('errors of schema and of meaning are reported together, in the order of the file', () => {
  const text = `instances:
  - name: web
    interface: eth0
    vrid: 300
    addresses: [203.0.113.1/33, { addres: 203.0.113.2 }, 224.0.0.1]
  - name: web
    vrid: 5
    advertisement_interval: 1
    addresses: [203.0.113.9, 203.0.113.9]
    track: [{ interface: eth1, tcp: 127.0.0.1 }]
  - 7
`;
  expect(complaints(text)).toEqual([
    'f:4:11: expected a whole number from 1 to 255, found the number 300',
    'f:5:17: the prefix length of 203.0.113.1 must be a number from 1 to 32',
    'f:5:33: "address" is missing',
    'f:5:35: unknown key "addres": did you mean "address"?',
    'f:5:58: 224.0.0.1 is a multicast address and cannot be assigned to a host',
    'f:6:5: "interface" is missing here and in "defaults"',
    'f:6:11: duplicate name "web"',
    'f:8:29: a duration needs a unit: write 1s or 1ms',
    'f:9:30: 203.0.113.9 is already used by this instance',
    'f:10:37: expected an IP address and a port, like 127.0.0.1:80, found "127.0.0.1"',
    'f:11:5: expected a mapping, found the number 7',
  ]);
});

describe('never throws', () => {
  const answered = (text: string) => {
    const result = loadConfig(text, { hostName: 'host' });
    if (result.ok) return result.value.settings.instances.length > 0;
    return result.error.every(({ line, column }) => line >= 1 && column >= 1);
  };

  test('for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), answered));
  });

  test('for a mapping with a key toString where a duration is expected', () => {
    expect(answered('instances: []\ndefaults: { lease: { toString: 0 } }\n')).toBe(true);
  });

  test('for any value where a key of the file is expected', () => {
    const values = fc.jsonValue({ maxDepth: 3 });
    const keys = fc.constantFrom('defaults', 'instances', 'control', 'realtime', 'ipvs', 'http');
    fc.assert(fc.property(fc.dictionary(keys, values), (file) => answered(JSON.stringify(file))));
  });

  test('for any value where a key of an instance is expected', () => {
    const keys = fc.constantFrom(
      ...['name', 'vrid', 'addresses', 'extra_addresses', 'interface', 'version', 'unicast'],
      ...['garp', 'authentication', 'preempt_delay', 'lease', 'track', 'source_address'],
    );
    const instance = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(instance), instance, (instances, defaults) =>
        answered(JSON.stringify({ defaults, instances })),
      ),
    );
  });
});

test('intervals are exact in microseconds', () => {
  const { settings } = loaded(`${WEB}    advertisement_interval: 1.1s\n    preempt_delay: 0.5h\n`);
  expect(settings.instances[0]?.advertisementInterval).toBe(milliseconds(1_100));
  expect(settings.instances[0]?.preemptDelay).toBe(seconds(1_800));
});
