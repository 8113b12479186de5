import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/load.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';

const HOST = { hostName: 'host' };

function file(track: string, groups = ''): string {
  return `instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], track: ${track} }
  - { name: mail, interface: eth1, vrid: 2, addresses: [203.0.113.2] }
${groups}`;
}

function load(track: string, groups?: string): LoadedConfig {
  const result = loadConfig(file(track, groups), HOST);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function errors(track: string, groups?: string): string[] {
  const result = loadConfig(file(track, groups), HOST);
  return result.ok ? [] : result.error.map(({ line, message }) => `${line}: ${message}`);
}

/** The only entry, and its probe. */
function entry(track: string) {
  const { settings, agent } = load(`[${track}]`);
  return { ...settings.instances[0]?.track[0], probe: [...agent.probes.values()][0] };
}

describe('an entry of track', () => {
  test.each([
    ['{ interface: eth1 }', 'eth1'],
    ['{ script: [/usr/local/bin/check, -x] }', 'check'],
    ['{ file: /run/health }', 'health'],
    ['{ process: nginx }', 'nginx'],
    ['{ pidfile: /run/nginx.pid }', 'nginx'],
    ['{ gateway: 192.0.2.1 }', '192.0.2.1'],
    ['{ gateway: [2001:db8::1, 2001:db8::2] }', '2001:db8::1'],
    ['{ http: "http://127.0.0.1:8080/health?x" }', '127.0.0.1:8080'],
    ['{ tcp: "[::1]:80" }', '1:80'],
    ['{ tcp: "127.0.0.1:80", name: web-port }', 'web-port'],
  ])('%s is called %s', (track, name) => {
    expect(entry(track).name).toBe(name);
  });

  test('has the defaults that the reference states', () => {
    expect(entry('{ tcp: "127.0.0.1:80" }')).toMatchObject({
      weight: undefined,
      source: { kind: 'tcp', init: 'wait' },
      probe: { interval: seconds(1), timeout: seconds(1), rise: 1, fall: 1 },
    });
    expect(entry('{ gateway: 192.0.2.1 }').probe).toMatchObject({
      addresses: ['192.0.2.1'],
      link: 'eth0',
      via: 'arp',
      fall: 3,
    });
    expect(entry('{ file: /run/load, content: number }')).toMatchObject({
      weight: 1,
      probe: { reads: 'number' },
    });
  });

  test('has its interval as default timeout', () => {
    expect(entry('{ process: nginx, interval: 200ms }').probe?.timeout).toBe(milliseconds(200));
  });

  test.each([
    ['{ weight: 3 }', 'needs one of interface, script,'],
    ['{ http: "http://[::1]/", tcp: "127.0.0.1:80" }', '"http" and "tcp" need an entry each'],
    ['{ tcp: "127.0.0.1:80", user: nobody }', '"user" does not apply to "tcp"'],
    ['{ interface: eth1, init: up }', '"init" does not apply to "interface"'],
    ['{ process: nginx, weight: 0 }', 'weight 0 has no effect'],
    ['{ pidfile: /run/x, quorum: 2 }', '"quorum" does not apply to "pidfile"'],
    ['{ process: nginx, quorum: 3, quorum_max: 2 }', 'must not be less than "quorum" (3)'],
    ['{ file: /run/x, content: number, reverse: true }', 'use a negative weight'],
    ['{ process: nginx, weight: 254 }', 'expected a whole number from -253 to 253'],
    ['{ script: [check] }', 'must be the absolute path of a program'],
    ['{ script: [] }', 'must not be empty: the program comes first'],
    ['{ script: /bin/true }', 'expected a list, found "/bin/true"'],
    ['{ tcp: "localhost:80" }', 'expected an IP address and a port'],
    ['{ http: "ftp://x" }', 'expected a URL like http://'],
    ['{ http: "http:///user:pw@host/" }', 'expected a URL like http://'],
    ['{ http: "http://user:secret@[192.0.2.9/" }', 'must be a valid URL'],
    ['{ http: "http://192.0.2.9:99999/" }', 'must be a valid URL'],
    [
      '{ gateway: [192.0.2.1, "2001:db8::1"] }',
      'the gateways of an entry must have the same address family',
    ],
    ['{ gateway: 192.0.2.1, via: nd }', '"nd" does not apply to IPv4'],
    ['{ gateway: 192.0.2.300 }', 'expected an IP address'],
    ['{ tcp: "127.0.0.1:80", interval: 1ms }', 'must be from 10ms to 1h'],
    ['{ file: /a, content: number, up_when: absent }', '"up_when" does not apply to'],
    ['{ scirpt: [/bin/true] }', 'unknown key "scirpt": did you mean "script"?'],
  ])('%s is refused: %s', (track, message) => {
    expect(errors(`[${track}]`).join('\n')).toContain(message);
  });

  test('needs a unique name', () => {
    expect(errors('[{ process: nginx }, { pidfile: /run/nginx.pid }]')).toEqual([
      '2: duplicate name "nginx": give one of the entries another "name"',
    ]);
  });

  test('shares its probe with equal entries', () => {
    const { agent, settings } = load('[{ process: a }, { process: a, name: b, weight: 3 }]');
    expect(agent.probes.size).toBe(1);
    const [first, second] = settings.instances[0]?.track ?? [];
    expect(second?.source).toEqual(first?.source);
  });
});

const GROUP = '{ name: g, instances: [web, mail]';

describe('a sync group', () => {
  test('has mode all and no track by default', () => {
    expect(load('[]', `sync_groups: [${GROUP} }]`).settings.syncGroups).toEqual([
      { name: 'g', instances: ['web', 'mail'], mode: 'all', track: [] },
    ]);
  });

  test('may have notifications like an instance', () => {
    const { agent } = load('[]', `sync_groups: [${GROUP}, notify: { master: [/bin/true] } }]`);
    expect(agent.notifications.groups.get('g')?.commands.master?.command).toEqual(['/bin/true']);
  });

  test.each([
    ['{ name: g, instances: [web] }', 'must have at least two entries'],
    ['{ name: g, instances: [web, mial] }', 'unknown instance "mial": did you mean "mail"?'],
    ['{ name: g, instances: [web, web] }', '"web" is already a member of "g"'],
    [`${GROUP} }, { name: g, instances: [web, mail] }`, 'duplicate name "g"'],
    [`${GROUP}, mode: each }`, 'expected one of all, any'],
    [
      `${GROUP}, track: [{ gateway: 192.0.2.1 }] }`,
      '"link", the interface of the gateway, is missing',
    ],
    [`${GROUP}, track: [{ process: x, name: own }] }`, '"web" also tracks an object named "own"'],
  ])('%s is refused: %s', (group, message) => {
    const own = '[{ process: own }]';
    expect(errors(own, `sync_groups: [${group}]`).join('\n')).toContain(message);
  });

  test('has only owners, or none', () => {
    const text = file('[]', `sync_groups: [${GROUP} }]`).replace(
      'vrid: 1',
      'vrid: 1, priority: 255',
    );
    const result = loadConfig(text, HOST);
    expect(result.ok ? [] : result.error.map(({ message }) => message)).toEqual([
      '"web" has priority 255: either all members must have it, or none',
    ]);
  });

  test('may have members with before_master', () => {
    const before = 'notify: { before_master: { command: [/bin/true] } }';
    const text = file('[]', `sync_groups: [${GROUP} }]`).replace('vrid: 1', `vrid: 1, ${before}`);
    const result = loadConfig(text, HOST);
    expect(result.ok && result.value.settings.instances[0]?.beforeMaster).toMatchObject({
      onFailure: 'proceed',
    });
  });
});

test('the effective configuration means the same as the file', () => {
  const track = `[
    { interface: eth1, weight: -20 }, { script: [/bin/true, x], user: nobody, init: up, rise: 2 },
    { file: /run/a, up_when: absent }, { file: /run/b, content: number, weight: -2 },
    { process: nginx, interval: 200ms, quorum: 2, quorum_max: 9, reverse: true }, { pidfile: /run/x.pid, init: down, weight: 5 },
    { gateway: [192.0.2.1, 192.0.2.2], via: icmp, link: eth1 },
    { http: "https://192.0.2.9/", status: [200, 204], host: example.net, verify: false },
    { tcp: "[::1]:80", timeout: 100ms },
    { bfd: { neighbour: 192.0.2.7, source: 192.0.2.11, link: eth1, passive: true, multiplier: 5 }, weight: 3 },
    { bfd: { neighbour: "2001:db8::1", multihop: true, min_ttl: 250, interval: 20ms, receive_interval: 1s } } ]`;
  const groups = `sync_groups: [${GROUP}, mode: any, track: [{ process: y, weight: 3 }],
    notify: { fifo: /run/fifo, any: [/bin/true] } }]`;
  const loaded = load(track, groups);
  const words = JSON.stringify(effectiveConfig(loaded.settings, loaded.agent));
  const again = loadConfig(words, HOST);
  const places = { commands: expect.any(Array) };
  expect(again.ok ? again.value : again.error).toEqual({ ...loaded, ...places });
});
