import { describe, expect, test } from 'vitest';
import {
  type ConfigurationDocument,
  documentIn,
} from '../../../../src/cli/compare/configuration-document.ts';
import { compareDirectors } from '../../../../src/cli/compare/rules.ts';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { SHARED_KEYS } from '../../../../src/protocol/engine/shared-keys.ts';

const AT = '2026-03-01T10:00:00.000Z';

const HOST = {
  ...{ kernel: '6.1.0', architecture: 'x64', ip_vs: { conn_tab_bits: '12' } },
  sysctl: { 'net.ipv4.ip_forward': '1' },
  interfaces: { web: { 'ipv4.rp_filter': '0' } },
};

function director(yaml: string, more: Partial<ConfigurationDocument> = {}): ConfigurationDocument {
  const loaded = loadConfig(yaml, { hostName: 'host' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { settings, agent } = loaded.value;
  const effective = JSON.parse(JSON.stringify(maskSecrets(effectiveConfig(settings, agent))));
  return {
    ...{ router: settings.router, version: '0.1.0', at: AT, configuration: effective },
    ...{ host: HOST, clock_offsets: {} },
    ...more,
  };
}

const INSTANCE = { name: 'web', interface: 'eth0', vrid: 55, addresses: '[203.0.113.100/32]' };

type Keys = Record<string, string | number>;

function yamlOf(router: string, keys: Keys, rest = ''): string {
  const lines = Object.entries({ ...INSTANCE, ...keys }).map(([key, value]) => `${key}: ${value}`);
  return `router: ${router}\ninstances:\n  - { ${lines.join(', ')} }\n${rest}`;
}

function findings(here: Keys, there: Keys, rest: [string, string] = ['', '']): string[] {
  const lb1 = director(yamlOf('lb1', { priority: 150, ...here }, rest[0]));
  const lb2 = director(yamlOf('lb2', { priority: 100, ...there }, rest[1]));
  return compareDirectors(lb1, lb2, undefined).map(
    ({ level, path, rule }) => `${level} ${path} ${rule}`,
  );
}

test('a pair that differs in name and priority fits', () => {
  expect(findings({}, {})).toEqual([]);
});

const UNEQUAL: { readonly [Key in (typeof SHARED_KEYS)[number]]: readonly [Keys, Keys] } = {
  vrid: [{}, { vrid: 56 }],
  version: [{}, { version: 2 }],
  advertisement_interval: [{}, { advertisement_interval: '100ms' }],
  addresses: [{}, { addresses: '[203.0.113.100/32, 203.0.113.101/32]' }],
  extra_addresses: [{}, { extra_addresses: '[203.0.113.9/32]' }],
  authentication: [
    { version: 2 },
    { version: 2, authentication: '{ type: pass, password: s3cret12 }' },
  ],
  accept: [{}, { accept: 'false' }],
  virtual_mac: [{}, { virtual_mac: 'true' }],
  unicast: [{}, { unicast: '{ source: 192.0.2.12, peers: [192.0.2.11] }' }],
  witness: [{}, { witness: 'true' }],
};

/** What `witness: true` needs. */
const LINKED = `peer_link:
  source: 198.51.100.139
  key: hex:${'0'.repeat(64)}
  directors: [{ name: x, address: 198.51.100.140 }]
witness: { etcd: { endpoints: ["http://203.0.113.21:2379"] } }
`;

describe('what the peer link compares has to be equal', () => {
  test.each(SHARED_KEYS)('%s', (key) => {
    const [here, there] = UNEQUAL[key];
    const rest: [string, string] = key === 'witness' ? [LINKED, LINKED] : ['', ''];
    expect(findings(here, there, rest)).toContain(`error instances.web.${key} equal`);
    expect(findings(there, here, rest)).toContain(`error instances.web.${key} equal`);
    expect(findings(there, there, rest)).not.toContain(`error instances.web.${key} equal`);
  });
});

test('the multicast group has to be equal', () => {
  const found = findings({}, { multicast_group: '224.0.0.99' });
  expect(found).toEqual(['error instances.web.multicast_group equal']);
});

describe('what has to be different', () => {
  test('is the name and the priority', () => {
    const one = director(yamlOf('lb1', {}));
    expect(
      compareDirectors(one, one, undefined).map(({ path, rule }) => `${path} ${rule}`),
    ).toEqual([...['router different', 'instances.web.priority different']]);
  });

  test('is the source, and each has to send to the other', () => {
    const unicast = (source: string, peer: string) => ({
      unicast: `{ source: ${source}, peers: [${peer}] }`,
    });
    expect(
      findings(unicast('192.0.2.11', '192.0.2.12'), unicast('192.0.2.12', '192.0.2.11')),
    ).toEqual([]);
    expect(
      findings(unicast('192.0.2.11', '192.0.2.12'), unicast('192.0.2.11', '192.0.2.13')),
    ).toEqual([
      ...['error instances.web.unicast.source different'],
      ...['error instances.web.unicast.peers mutual', 'error instances.web.unicast.peers mutual'],
    ]);
    expect(findings({ source_address: '192.0.2.11' }, { source_address: '192.0.2.11' })).toEqual([
      'error instances.web.source_address different',
    ]);
  });
});

test('instances belong together by name, or by VRID and family', () => {
  expect(findings({ name: 'a' }, { name: 'b' })).toEqual([]);
  expect(findings({ name: 'a' }, { name: 'b', vrid: 7 })).toEqual([
    'error instances.a only-here',
    'error instances.b only-there',
  ]);
});

describe('services', () => {
  const ipvs = (more: string, servers = '[10.0.0.11, 10.0.0.12]') => `ipvs:
  sync: { interface: eth1, sync_id: 7 }
${more}  services:
    - { name: http, address: '203.0.113.100:80', protocol: tcp, servers: ${servers} }
`;

  test('and sysctls have to be equal', () => {
    expect(findings({}, {}, [ipvs(''), ipvs('')])).toEqual([]);
    expect(findings({}, {}, [ipvs(''), ipvs('', '[10.0.0.11]')])).toEqual([
      'error ipvs.services.http equal',
      'warning ipvs.services.http.checks equal',
    ]);
    expect(findings({}, {}, [ipvs(''), ipvs('  sysctl: { sloppy_tcp: 1 }\n')])).toEqual([
      'error ipvs.sysctl equal',
    ]);
  });

  test('need sync daemons with one ID', () => {
    const other = ipvs('').replace('sync_id: 7', 'sync_id: 8');
    expect(findings({}, {}, [ipvs(''), other])).toEqual(['error ipvs.sync.sync_id equal']);
  });

  test('are on both or on none', () => {
    expect(findings({}, {}, [ipvs(''), ''])).toEqual(['error ipvs equal']);
  });
});

test('sync groups have the same members', () => {
  const member =
    '  - { name: mail, interface: eth0, vrid: 56, addresses: [203.0.113.101/32], priority: ';
  const yaml = (router: string, priority: number, mode: string) =>
    `${yamlOf(router, { priority })}${member}${priority} }
sync_groups:
  - { name: pair, instances: [web, mail], mode: ${mode} }
`;
  const compared = (here: string, there: string) =>
    compareDirectors(director(here), director(there), undefined).map(
      ({ path, rule }) => `${path} ${rule}`,
    );
  expect(compared(yaml('lb1', 150, 'all'), yaml('lb2', 100, 'all'))).toEqual([]);
  expect(compared(yaml('lb1', 150, 'all'), yaml('lb2', 100, 'any'))).toEqual([
    'sync_groups.pair equal',
  ]);
  const without = yaml('lb2', 100, 'all').split('sync_groups')[0] ?? '';
  expect(compared(yaml('lb1', 150, 'all'), without)).toEqual(['sync_groups.pair only-here']);
});

test('a peer link needs one port, and each director in the list of the other', () => {
  const link = (source: string, other: string, port = 8843) => `peer_link:
  source: ${source}
  port: ${port}
  key: hex:${'0'.repeat(64)}
  directors: [{ name: x, address: ${other} }]
`;
  const [own, theirs] = ['198.51.100.139', '198.51.100.140'];
  expect(findings({}, {}, [link(own, theirs), link(theirs, own)])).toEqual([]);
  expect(findings({}, {}, [link(own, theirs), link(theirs, '198.51.100.1', 8844)])).toEqual([
    'error peer_link.port equal',
    'error peer_link.directors mutual',
  ]);
  expect(findings({}, {}, [link(own, theirs), ''])).toEqual(['error peer_link equal']);
});

describe('hosts', () => {
  const compared = (more: Partial<ConfigurationDocument>, now?: number, own = {}) =>
    compareDirectors(
      director(yamlOf('lb1', { priority: 150 }), own),
      director(yamlOf('lb2', {}), more),
      now,
    ).map(({ level, path, there }) => `${level} ${path} ${String(there)}`);

  test('should have the same kernel, parameters and settings', () => {
    const host = {
      ...{ kernel: '6.12.0', architecture: 'arm64', ip_vs: { conn_tab_bits: '20' } },
      sysctl: { 'net.ipv4.ip_forward': '0', 'net.ipv4.vs.new': '1' },
      interfaces: { web: { 'ipv4.rp_filter': '1' } },
    };
    expect(compared({ host, version: '0.2.0' })).toEqual([
      ...['warning version 0.2.0', 'warning host.kernel 6.12.0', 'warning host.architecture arm64'],
      ...['warning host.ip_vs.conn_tab_bits 20', 'warning host.sysctl.net.ipv4.ip_forward 0'],
      'warning host.interfaces.web.ipv4.rp_filter 1',
    ]);
  });

  test('are warned of once for an interface, however many instances it has', () => {
    const files = [150, 100].map((priority) => {
      const keys = yamlOf('lb', { priority });
      return `${keys}  - { name: two, interface: eth0, vrid: 56, priority: ${priority}, addresses: [203.0.113.101/32] }
  - { name: other, interface: eth1, vrid: 55, priority: ${priority}, addresses: [203.0.113.102/32] }
`;
    });
    const hosts = ['0', '1'].map((value) => {
      const settings = { 'ipv4.rp_filter': value };
      return { ...HOST, interfaces: { web: settings, two: settings, other: settings } };
    });
    const [lb1, lb2] = files.map((yaml, position) => {
      const host = hosts[position];
      const router = `lb${position + 1}`;
      return director(yaml, host === undefined ? { router } : { router, host });
    });
    if (lb1 === undefined || lb2 === undefined) throw new Error('two directors');
    expect(compareDirectors(lb1, lb2, undefined).map(({ path }) => path)).toEqual([
      'host.interfaces.web.ipv4.rp_filter',
      'host.interfaces.other.ipv4.rp_filter',
    ]);
  });

  test('should have the same time, measured by the peer link or seen on arrival', () => {
    const now = Date.parse(AT);
    expect(compared({}, now + 4_900)).toEqual([]);
    expect(compared({}, now + 7_000)).toEqual(['warning host.clock -7.0 s (about)']);
    expect(compared({ clock_offsets: { lb1: -2_000 } }, now + 60_000)).toEqual([
      'warning host.clock 2.0 s (measured)',
    ]);
    expect(compared({}, now + 60_000, { clock_offsets: { lb2: 3 } })).toEqual([]);
    // A file may be of yesterday.
    expect(compared({ at: '2026-02-01T00:00:00.000Z' })).toEqual([]);
  });
});

describe('the document of another director', () => {
  test('is read as it was printed', () => {
    const one = director(yamlOf('lb1', {}));
    expect(documentIn(JSON.stringify(one))).toEqual({ ok: true, value: one });
    expect(JSON.stringify(one)).not.toContain('s3cret');
  });

  test.each([
    ['no JSON', 'router: lb1', 'it is not JSON'],
    ['a list', '[]', 'it is not the output of'],
    ['a status', '{"router":"lb1","instances":[]}', 'it is not the output of'],
    [
      'without instances',
      JSON.stringify({ ...director(yamlOf('lb1', {})), configuration: {} }),
      'it is not the output of',
    ],
  ])('%s is refused', (_, text, error) => {
    expect(documentIn(text)).toMatchObject({ ok: false, error: expect.stringContaining(error) });
  });
});
