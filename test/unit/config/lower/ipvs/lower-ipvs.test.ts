import { describe, expect, test } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../../../../src/config/load.ts';
import { probeName } from '../../../../../src/net/probe.ts';

const INSTANCES = `instances:
  - { name: web, interface: eth0, vrid: 55, addresses: [203.0.113.100] }
`;
const MAIL = '  - { name: mail, interface: eth0, vrid: 56, addresses: [203.0.113.110] }\n';

function load(ipvs: string, instances = INSTANCES) {
  return loadConfig(`${instances}ipvs: ${ipvs}\n`, { hostName: 'host' });
}

function settingsOf(ipvs: string) {
  const result = load(ipvs);
  if (!result.ok) throw new Error(errors(result).join('\n'));
  return (result.value as LoadedConfig).agent.ipvs;
}

/** The warnings about a valid configuration. */
function advice(ipvs: string, instances = INSTANCES): string[] {
  const result = load(ipvs, instances);
  if (!result.ok) throw new Error(errors(result).join('\n'));
  return result.value.warnings.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

function errors(result: ReturnType<typeof load>): string[] {
  if (result.ok) return [];
  return result.error.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

/** One service in flow style. */
function service(keys: string, servers = '[10.0.0.11]') {
  return `{ services: [{ name: web, servers: ${servers}, ${keys} }] }`;
}

describe('ipvs of the file', () => {
  test('that is absent or empty leaves IPVS alone', () => {
    expect(settingsOf('{}')).toBe(undefined);
  });

  test('is required, not exclusive, and removed on stop by default', () => {
    expect(settingsOf('{ services: [] }')).toMatchObject({
      required: true,
      exclusive: false,
      onStop: 'remove',
      sync: undefined,
      services: [],
    });
  });

  test('D-04 uses the VRID as default sync ID', () => {
    expect(settingsOf('{ sync: { interface: eth1 } }')?.sync).toMatchObject({
      instance: 'web',
      mode: 'follow',
      rstGuard: 'planned',
      daemon: { interface: 'eth1', syncId: 55, group: '224.0.0.81', port: 8848, ttl: 1 },
    });
  });

  test('D-04 refuses sync ID 0, which would mix clusters', () => {
    expect(errors(load('{ sync: { interface: eth1, sync_id: 0 } }'))).toEqual([
      '3:43: expected a whole number from 1 to 255, found the number 0',
    ]);
  });

  test('must name the instance to follow if there are several', () => {
    expect(errors(load('{ sync: { interface: eth1 } }', INSTANCES + MAIL))).toEqual([
      '4:15: there is more than one instance: name the one to follow with "instance"',
    ]);
    const named = load('{ sync: { interface: eth1, instance: mail } }', INSTANCES + MAIL);
    expect(named.ok && named.value.agent.ipvs?.sync?.daemon.syncId).toBe(56);
  });

  test('refuses unknown instances', () => {
    expect(errors(load('{ sync: { interface: eth1, instance: wbe } }'))).toEqual([
      '3:44: unknown instance "wbe"; the instances are: web',
    ]);
    expect(errors(load(service('address: "203.0.113.100:80", require: mial')))).toEqual([
      expect.stringContaining('unknown instance "mial"'),
    ]);
  });

  test('has sysctls in the format of the kernel', () => {
    const sysctl = '{ sysctl: { sync_threshold: "1 2", sloppy_tcp: 1 } }';
    expect(settingsOf(sysctl)?.sysctls).toEqual({ sync_threshold: '1 2', sloppy_tcp: '1' });
  });

  test.each([
    ['sync_ports: 3', 'must be a power of two'],
    ['sync_threshold: "2 1"', 'the first number must be less than the second'],
    ['sync_treshold: "1 2"', 'did you mean "sync_threshold"?'],
    ['sync_ports: 128', 'expected a whole number from 1 to 64'],
    ['sync_retries: 4', 'expected a whole number from 0 to 3'],
  ])('refuses what the kernel would refuse: %s', (keys, message) => {
    expect(errors(load(`{ sysctl: { ${keys} } }`))).toEqual([expect.stringContaining(message)]);
  });

  test('has timeouts in whole seconds', () => {
    expect(settingsOf('{ timeouts: { tcp: 15m } }')?.timeouts).toEqual({
      tcp: 900,
      tcpFin: 0,
      udp: 0,
    });
    expect(errors(load('{ timeouts: { udp: 1500ms } }'))).toEqual(['3:26: must be whole seconds']);
  });
});

describe('a service of the file', () => {
  test('gives its servers its port and forwarding', () => {
    const [web] =
      settingsOf(service('address: "203.0.113.100:80", forwarding: dr'))?.services ?? [];
    expect(web?.service.key).toEqual({
      kind: 'address',
      family: 'ipv4',
      protocol: 'tcp',
      address: '203.0.113.100',
      port: 80,
    });
    expect(web?.servers).toEqual([
      {
        address: '10.0.0.11',
        port: 80,
        forwarding: 'dr',
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
        tunnel: undefined,
      },
    ]);
  });

  test('has an address in brackets, or a firewall mark', () => {
    const six = service('address: "[2001:db8::100]:80"', '["2001:db8::11"]');
    expect(settingsOf(six)?.services[0]?.service.key).toMatchObject({ family: 'ipv6', port: 80 });
    const mark = settingsOf(service('fwmark: 7, forwarding: dr'));
    expect(mark?.services[0]).toMatchObject({
      service: { key: { kind: 'mark', family: 'ipv4', mark: 7 } },
      servers: [{ port: 0 }],
    });
  });

  test('has the flags of its scheduler', () => {
    const flags = settingsOf(
      service('address: "203.0.113.100:80", scheduler: mh, flags: [mh-port, mh-fallback]'),
    );
    expect(flags?.services[0]?.service.schedulerFlags).toBe(3);
  });

  test.each([
    [
      'address: "203.0.113.100:80", fwmark: 7',
      '[10.0.0.11]',
      'exactly one of "address" and "fwmark"',
    ],
    ['protocol: tcp', '[10.0.0.11]', 'exactly one of "address" and "fwmark"'],
    ['fwmark: 7, protocol: tcp', '[10.0.0.11]', 'does not apply to "fwmark"'],
    ['address: "2001:db8::100:80"', '[10.0.0.11]', 'IPv6 in brackets'],
    [
      'address: "203.0.113.100:70000"',
      '[10.0.0.11]',
      'expected an IP address (IPv6 in brackets) and a port',
    ],
    ['address: "203.0.113.100:80", family: ipv6', '[10.0.0.11]', 'is not an IPv6 address'],
    ['address: "203.0.113.100:0"', '[10.0.0.11]', 'needs "persistence"'],
    [
      'address: "203.0.113.100:80", one_packet: true',
      '[10.0.0.11]',
      '"one_packet" needs "protocol: udp"',
    ],
    ['address: "203.0.113.100:80", flags: [mh-port]', '[10.0.0.11]', 'is a flag of scheduler mh'],
    ['address: "203.0.113.100:80", forwarding: dr', '["10.0.0.11:8080"]', 'cannot change the port'],
    ['address: "203.0.113.100:80"', '["2001:db8::11"]', 'needs forwarding tun'],
    ['address: "203.0.113.100:80"', '[10.0.0.11, "10.0.0.11:80"]', 'duplicate server'],
    ['address: "203.0.113.100:80"', '["10.0.0.300"]', 'expected an IP address with or without'],
    [
      'address: "203.0.113.100:80"',
      '[{ address: 10.0.0.11, lower_threshold: 1 }]',
      'upper_threshold',
    ],
    ['address: "203.0.113.100:80", persistence: { netmask: 64 }', '[10.0.0.11]', 'from 1 to 32'],
    [
      'address: "203.0.113.100:80", persistence: { timeout: 1500ms }',
      '[10.0.0.11]',
      'whole seconds',
    ],
    [
      'address: "203.0.113.100:80", forwarding: tun, tunnel: { type: gue }',
      '[10.0.0.11]',
      'if and only if its type is gue',
    ],
  ])('is refused with %s', (keys, servers, message) => {
    expect(errors(load(service(keys, servers)))).toEqual([expect.stringContaining(message)]);
  });

  test('has a unique name and address', () => {
    const one = 'name: web, address: "203.0.113.100:80", servers: []';
    expect(errors(load(`{ services: [{ ${one} }, { ${one} }] }`))).toEqual([
      expect.stringContaining('duplicate name "web"'),
      expect.stringContaining('duplicate service tcp 203.0.113.100:80'),
    ]);
  });

  test('D-01 with a server of another family excludes sync daemons', () => {
    const services = `services: [{ name: web, address: "203.0.113.100:80", forwarding: tun, servers: ["2001:db8::11"] }]`;
    expect(errors(load(`{ ${services} }`))).toEqual([]);
    expect(errors(load(`{ sync: { interface: eth1 }, ${services} }`))).toEqual([
      expect.stringContaining('must have the address family of its service'),
    ]);
  });
});

describe('an error in one part of ipvs', () => {
  const WRONG = '{ name: a, address: "203.0.113.100:80", scheduler: wrrr, servers: [10.0.0.11] }';
  const DR = 'forwarding: dr, servers: ["10.0.0.11:8080"]';
  const MOVED = `{ name: b, address: "203.0.113.100:81", ${DR} }`;

  test('does not hide the errors in other parts', () => {
    const text = `{ sync: { interface: eth1, port: 70000 }, sysctl: { sync_ports: 3 },
  services: [
    ${WRONG},
    ${MOVED} ] }`;
    expect(errors(load(text))).toEqual([
      '3:40: expected a whole number from 1 to 65535, found the number 70000',
      '3:71: must be a power of two: 1, 2, 4, 8, 16, 32 or 64, not 3',
      expect.stringMatching(/^5:56: expected one of rr, .*found "wrrr"/),
      '6:71: forwarding dr cannot change the port: it must be 81, as in the service',
    ]);
  });

  test('does not make another part count as missing', () => {
    const instances = INSTANCES.replace('vrid: 55', 'vrid: 55, preempt_when_synced: {}');
    expect(errors(load('{ sync: { interface: eth1, port: 70000 } }', instances))).toHaveLength(1);
    expect(errors(load(`{ sync: { interface: eth1 }, services: [${WRONG}] }`, instances))).toEqual([
      expect.stringContaining('found "wrrr"'),
    ]);
  });

  test('has its own position behind an earlier invalid service', () => {
    const six = 'name: c, address: "203.0.113.100:82", forwarding: tun, servers: ["2001:db8::11"]';
    const [wrong, mixed] = errors(
      load(`{ sync: { interface: eth1 }, services: [{ name: a, servers: [] },
 { ${six} }] }`),
    );
    expect(wrong).toMatch(/^3:.*exactly one of "address" and "fwmark"/);
    expect(mixed).toMatch(/^4:.*must have the address family of its service/);
  });
});

describe('FR-N2 backup_only', () => {
  const sysctl = 'sysctl: { backup_only: 1 }';

  test('is refused beside `mode: both`, as nothing would be balanced', () => {
    expect(errors(load(`{ ${sysctl}, sync: { interface: eth1, mode: both } }`))).toEqual([
      expect.stringContaining('a director balances nothing while a backup daemon runs'),
    ]);
    expect(advice(`{ ${sysctl}, sync: { interface: eth1 } }`)).toEqual([]);
  });

  test('without daemons is advised against, as it has no effect', () => {
    expect(advice(`{ ${sysctl} }`)).toEqual([expect.stringContaining('no effect without "sync"')]);
  });

  test('is advised against for services of an instance that the daemons do not follow', () => {
    const services =
      'services: [{ name: smtp, address: "203.0.113.110:25", servers: [10.0.0.11] }]';
    const sync = 'sync: { interface: eth1, instance: web }';
    expect(advice(`{ ${sysctl}, ${sync}, ${services} }`, INSTANCES + MAIL)).toEqual([
      expect.stringContaining('it is not balanced while "web" is BACKUP'),
    ]);
  });

  test.each([
    ['dr', '[203.0.113.12]', 1],
    ['tun', '[203.0.113.11]', 1],
    ['nat', '[203.0.113.12]', 0],
    ['dr', '[203.0.113.13]', 0],
  ])('is advised where a director is a real server: %s %s', (forwarding, servers, count) => {
    const unicast = 'unicast: { source: 203.0.113.11, peers: [203.0.113.12] }';
    const instances = INSTANCES.replace('vrid: 55', `vrid: 55, ${unicast}`);
    const web = service(`address: "203.0.113.100:80", forwarding: ${forwarding}`, servers);
    expect(advice(web, instances)).toHaveLength(count);
    for (const message of advice(web, instances)) {
      expect(message).toContain('is an address of a director');
      expect(message).toContain('Set "sysctl: { backup_only: 1 }"');
    }
    expect(advice(web.replace('{', `{ sync: { interface: eth1 }, ${sysctl},`), instances)).toEqual(
      [],
    );
  });
});

test('FR-N2 a real server that is a VIP is advised against', () => {
  const web = (server: string) => service('address: "203.0.113.100:80"', `[${server}]`);
  expect(advice(web('203.0.113.100'), INSTANCES)).toEqual([
    expect.stringContaining('the server 203.0.113.100:80 is a VIP of "web"'),
  ]);
  expect(advice(web('203.0.113.13'), INSTANCES)).toEqual([]);
});

describe('FR-N11 the length of sync messages', () => {
  test('is at least what a backup daemon receives', () => {
    expect(errors(load('{ sync: { interface: eth1, maxlen: 1023 } }'))).toEqual([
      expect.stringContaining('expected a whole number from 1024 to 65000'),
    ]);
    expect(settingsOf('{ sync: { interface: eth1, maxlen: 1024 } }')?.sync?.daemon).toMatchObject({
      maximumLength: 1_024,
    });
  });
});

describe('FR-O9 the other directors', () => {
  test('are addresses', () => {
    const sync = settingsOf('{ sync: { interface: eth1, peers: [192.0.2.12, "2001:db8::12"] } }');
    expect(sync?.sync?.peers).toEqual(['192.0.2.12', '2001:db8::12']);
    expect(settingsOf('{ sync: { interface: eth1 } }')?.sync?.peers).toEqual([]);
    expect(errors(load('{ sync: { interface: eth1, peers: [lb2, 224.0.0.81] } }'))).toEqual([
      '3:42: expected the IP address of a director, found "lb2"',
      '3:47: expected the IP address of a director, found "224.0.0.81"',
    ]);
  });
});

describe('FR-N5 clients that a service keeps with their server', () => {
  const persistent = (more: string) =>
    service(`address: "203.0.113.100:80", persistence: {}, ${more}`);

  test.each([
    ['check: tcp', 1],
    ['fallback: 10.0.0.99', 1],
    ['check: tcp, on_failure: remove', 0],
    ['scheduler: rr', 0],
  ])('stay with one that is down, which is advised against: %s', (more, count) => {
    expect(advice(persistent(more))).toEqual(
      Array.from({ length: count }, () => expect.stringContaining('expire_quiescent_template: 1')),
    );
  });

  test('leave it with expire_quiescent_template', () => {
    const ipvs = persistent('check: tcp').replace(
      '{',
      '{ sysctl: { expire_quiescent_template: 1 },',
    );
    expect(advice(ipvs)).toEqual([]);
  });
});

describe('FR-N5 persistent clients of a mark or of every port', () => {
  test.each([
    ['fwmark: 7, persistence: {}', '[{ address: 10.0.0.11, weight: 1 }, "10.0.0.12:8080"]', 1],
    ['address: "203.0.113.100:0", persistence: {}', '["10.0.0.12:8080"]', 1],
    ['fwmark: 7, persistence: {}', '[10.0.0.11]', 0],
    ['fwmark: 7', '["10.0.0.12:8080"]', 0],
    ['address: "203.0.113.100:80", persistence: {}', '["10.0.0.12:8080"]', 0],
  ])('keep their port, whatever port the servers have: %s %s', (keys, servers, count) => {
    expect(advice(service(keys, servers))).toEqual(
      Array.from({ length: count }, () =>
        expect.stringContaining('10.0.0.12:8080 gets them at that port, not at 8080'),
      ),
    );
  });
});

describe('FR-N6 a service of UDP', () => {
  const CHECK = 'check: { dns: { name: a.example } }';
  const udp = (more: string, sysctl = '{}') =>
    service(`address: "203.0.113.100:53", protocol: udp, ${more}`).replace(
      '{',
      `{ sysctl: ${sysctl},`,
    );

  test('removes a server that fails, and ends its connections', () => {
    const settings = settingsOf(udp(CHECK));
    expect(settings?.services[0]?.health.onFailure).toBe('remove');
    expect(settings?.sysctls).toEqual({ expire_nodest_conn: '1' });
    expect(advice(udp(CHECK))).toEqual([]);
  });

  test('without a check, with a state for each datagram, or of TCP leaves the parameter alone', () => {
    expect(settingsOf(udp('scheduler: rr'))?.sysctls).toEqual({});
    expect(settingsOf(udp(`${CHECK}, one_packet: true`))?.sysctls).toEqual({});
    const tcp = settingsOf(service('address: "203.0.113.100:80", check: tcp'));
    expect(tcp?.sysctls).toEqual({});
    expect(tcp?.services[0]?.health.onFailure).toBe('quiesce');
  });

  test('with a fallback, which clients must leave, ends connections too', () => {
    const keys = `${CHECK}, on_failure: quiesce, fallback: 10.0.0.99`;
    expect(settingsOf(udp(keys))?.sysctls).toEqual({ expire_nodest_conn: '1' });
  });

  test('that keeps clients with a server that is down is advised against', () => {
    expect(advice(udp(`${CHECK}, on_failure: quiesce`))).toEqual([
      expect.stringContaining('use "on_failure: remove"'),
    ]);
    expect(advice(udp(CHECK, '{ expire_nodest_conn: 0 }'))).toEqual([
      expect.stringContaining('with "expire_nodest_conn: 1" its next datagram goes to another one'),
    ]);
    expect(settingsOf(udp(CHECK, '{ expire_nodest_conn: 0 }'))?.sysctls).toEqual({
      expire_nodest_conn: '0',
    });
  });
});

test.each([
  ['fallback: 127.0.0.1', '[10.0.0.11]', 1],
  ['fallback: 127.0.0.1, forwarding: dr', '[10.0.0.11]', 0],
  ['scheduler: rr', '[127.0.0.2]', 1],
])(
  'FR-N19 what the kernel drops is refused, nat to a loopback address: %s %s',
  (keys, servers, count) => {
    const text = service(`address: "203.0.113.100:80", ${keys}`, servers);
    expect(errors(load(text))).toEqual(
      Array.from({ length: count }, () => expect.stringContaining('to a loopback address')),
    );
  },
);

describe('a service whose address moves with another instance than the daemons follow', () => {
  const services = 'services: [{ name: smtp, address: "203.0.113.110:25", servers: [10.0.0.11] }]';
  const GROUP = 'sync_groups: [{ name: all, instances: [web, mail] }]\n';

  test.each([
    ['interface: eth1, instance: web', '', 1],
    ['interface: eth1, instance: web, mode: both', '', 0],
    ['interface: eth1, instance: web', GROUP, 0],
    ['interface: eth1, instance: mail', '', 0],
  ])('is advised against: { %s } %s', (sync, groups, count) => {
    const result = load(`{ sync: { ${sync} }, ${services} }`, `${groups}${INSTANCES}${MAIL}`);
    expect(errors(result)).toEqual([]);
    const told = result.ok ? result.value.warnings.map(({ message }) => message) : [];
    expect(told).toEqual(
      Array.from({ length: count }, () => expect.stringContaining('moves with "mail"')),
    );
  });
});

test('equal checks of a server in several services are one probe', () => {
  const services = settingsOf(
    `{ services: [
      { name: a, address: "203.0.113.100:80", servers: ["10.0.0.11:80"], check: tcp },
      { name: b, address: "203.0.113.101:80", servers: [10.0.0.11], check: tcp },
      { name: c, fwmark: 7, servers: [10.0.0.11], check: { tcp: {}, port: 80 } },
      { name: d, address: "203.0.113.102:80", servers: [10.0.0.11], check: { tcp: {}, interval: 5s } } ] }`,
  )?.services;
  const probes = (services ?? []).flatMap(({ health }) => Object.values(health.checks).flat());
  const [first, second, third, other] = probes.map(probeName);
  expect([second, third]).toEqual([first, first]);
  expect(other).not.toBe(first);
});

describe('a group of servers', () => {
  const groups = 'server_groups: [{ name: pool, servers: [10.0.0.11, "10.0.0.12:8080"] }]';
  const both = (web: string, more = groups) =>
    `{ ${more}, services: [{ name: a, address: "203.0.113.100:80", ${web} }, { name: b, address: "203.0.113.100:443", server_group: pool }] }`;

  test('gives each service its servers, with the port of the service', () => {
    const services = settingsOf(both('servers: [10.0.0.9], server_group: pool'))?.services;
    const names = services?.map(({ servers }) =>
      servers.map(({ address, port }) => `${address}:${port}`),
    );
    expect(names).toEqual([
      ['10.0.0.9:80', '10.0.0.11:80', '10.0.0.12:8080'],
      ['10.0.0.11:443', '10.0.0.12:8080'],
    ]);
  });

  test.each([
    ['server_group: pols', groups, 'unknown group "pols"; the groups are: pool'],
    ['check: tcp', groups, 'a service needs "servers", a list, or "server_group"'],
    ['servers: [10.0.0.11], server_group: pool', groups, 'duplicate server 10.0.0.11:80'],
    [
      'servers: []',
      'server_groups: [{ name: pool, servers: [] }, { name: pool, servers: [] }]',
      'duplicate name "pool"',
    ],
    [
      'servers: []',
      'server_groups: [{ name: pool, servers: [nonsense] }]',
      'expected an IP address with or without a port, found "nonsense"',
    ],
    ['servers: []', 'server_groups: [{ name: pool }]', '"servers"'],
  ])('with %s in %s is refused', (web, more, message) => {
    expect(errors(load(both(web, more)))).toEqual([expect.stringContaining(message)]);
  });
});
