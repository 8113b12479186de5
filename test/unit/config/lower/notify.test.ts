import { describe, expect, test } from 'vitest';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/load.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';

function load(notify: string, more = '', top = '') {
  const text = `${top}
instances:
  - name: web
    interface: eth0
    vrid: 1
    addresses: [203.0.113.1]
    ${more}
    notify: ${notify}
`;
  return loadConfig(text, { hostName: 'host' });
}

function value(result: ReturnType<typeof load>): LoadedConfig {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function errors(result: ReturnType<typeof load>): string[] {
  return result.ok ? [] : result.error.map(({ line, message }) => `${line}: ${message}`);
}

describe('notify of an instance', () => {
  test('accepts a command as a list, or with user and timeout', () => {
    const { agent } = value(
      load('{ master: [/bin/a, x], backup: { command: [/bin/b], user: nobody, timeout: 2s } }'),
    );
    expect(agent.notifications.instances.get('web')?.commands).toEqual({
      master: { command: ['/bin/a', 'x'], user: undefined, timeout: seconds(30) },
      backup: { command: ['/bin/b'], user: 'nobody', timeout: seconds(2) },
    });
  });

  test('has no effect when it is empty', () => {
    expect(value(load('{}')).agent.notifications.instances.size).toBe(0);
  });

  test.each([
    ['{ master: /bin/true }', 'expected a list'],
    ['{ master: [] }', 'must not be empty'],
    ['{ master: [on-master] }', 'absolute path'],
    ['{ master: { command: [/bin/true], timeout: 1h } }', 'from 10ms to 10m'],
    ['{ masters: [/bin/true] }', 'did you mean "master"'],
    ['{ fifo: relative }', 'an absolute path'],
    ['{ webhooks: [{ url: "ftp://192.0.2.1/" }] }', 'http or https'],
    ['{ webhooks: [{ url: "http://me:secret@192.0.2.1/" }] }', 'without user and password'],
    ['{ before_master: { command: [/bin/true], timeout: 2m } }', 'from 10ms to 1m'],
    ['{ before_master: { command: [/bin/true], on_failure: stop } }', 'proceed, abort'],
  ])('%s is refused at its line', (notify, message) => {
    expect(errors(load(notify))).toEqual([expect.stringMatching(`^8: .*${message}`)]);
  });

  describe('secrets of a webhook that are in files', () => {
    const WEBHOOK = `{ webhooks: [{ url: "https://192.0.2.1/", secret: file:/s, token: credential:t }] }`;
    const read = (files: Readonly<Record<string, string>>) =>
      loadConfig(
        `instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], notify: ${WEBHOOK} }
ipvs:
  services:
    - { name: s, address: 203.0.113.9:80, forwarding: nat, servers: [{ address: 192.0.2.9:80 }], notify: ${WEBHOOK} }
notify: ${WEBHOOK}
`,
        {
          hostName: 'host',
          readText: (reference, kind) => {
            const text = kind === 'secret' ? files[reference] : undefined;
            return text === undefined ? { problem: `${reference} cannot be read` } : { text };
          },
        },
      );

    test('are read wherever webhooks are, and the way back has where they are', () => {
      const { agent, settings } = value(read({ 'file:/s': 'a b', 'credential:t': 'abc' }));
      const { webhooks, instances, ipvs } = agent.notifications;
      for (const [webhook] of [
        webhooks,
        instances.get('web')?.webhooks ?? [],
        ipvs.services.get('s')?.webhooks ?? [],
      ]) {
        expect(webhook).toMatchObject({ secret: 'a b', token: 'abc' });
      }
      const shown = JSON.stringify(effectiveConfig(settings, agent));
      expect(shown).toContain('"secret":"file:/s","token":"credential:t"');
      expect(shown).not.toContain('a b');
    });

    test.each([
      [{ 'file:/s': 'a' }, 'credential:t cannot be read'],
      [{ 'file:/s': 'a', 'credential:t': 'a b' }, 'the file has no token'],
      [{ 'file:/s': 'a\nb', 'credential:t': 'a' }, 'the file has no secret: expected one line'],
    ])('are refused if they are not usable (%j)', (files: Record<string, string>, message) => {
      const found = errors(read(files));
      expect(found).toHaveLength(3);
      expect(found[0]).toContain(message);
    });

    test('are not known where no host is asked', () => {
      expect(value(load(WEBHOOK)).agent.notifications.instances.get('web')?.webhooks).toEqual([
        expect.objectContaining({ secret: undefined, token: undefined }),
      ]);
    });
  });

  test('refuses before_master for the address owner', () => {
    const result = load('{ before_master: { command: [/bin/true] } }', 'priority: 255');
    expect(errors(result)).toEqual([expect.stringContaining('MASTER immediately')]);
  });

  test('gives the engine the deadline of before_master', () => {
    const { settings } = value(
      load('{ before_master: { command: [/bin/a], timeout: 250ms, on_failure: abort } }'),
    );
    expect(settings.instances[0]?.beforeMaster).toEqual({
      deadline: milliseconds(250),
      onFailure: 'abort',
    });
  });

  test('gives the engine no deadline without before_master', () => {
    expect(value(load('{ master: [/bin/a] }')).settings.instances[0]).not.toHaveProperty(
      'beforeMaster',
    );
  });
});

describe('a webhook', () => {
  const top = `notify:
  fifo: /run/fifo
  webhooks: [{ url: "https://192.0.2.1/x", secret: s3cret, token: t0ken }]`;

  test('masks its secrets', () => {
    const { settings, agent } = value(
      load('{ webhooks: [{ url: "https://192.0.2.2/", token: t0ken }] }', '', top),
    );
    const shown = JSON.stringify(maskSecrets(effectiveConfig(settings, agent)));
    expect(shown).not.toMatch(/s3cret|t0ken/);
    expect(shown).toContain('"secret":"********"');
  });

  test('with a token over http gives a warning', () => {
    const { warnings } = value(load('{ webhooks: [{ url: "http://192.0.2.2/", token: t }] }'));
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('https')]);
  });
});

describe('notify of services', () => {
  const loadIpvs = (notify: string, more = '', server = '10.0.0.11') =>
    load(
      '{}',
      '',
      `ipvs: { ${more} services: [{ name: site, address: "203.0.113.1:80", servers: [${server}], notify: ${notify} }] }`,
    );
  const command = (program: string) => ({
    ...{ command: [program], user: undefined, timeout: seconds(30) },
  });

  test('has commands of the service, of each server, and of one', () => {
    const keys = '{ down: [/bin/a], server_up: [/bin/b], fifo: /run/web }';
    const server = '{ address: 10.0.0.11, notify: { up: [/bin/c] } }';
    const { agent, commands } = value(loadIpvs(keys, 'notify: { fifo: /run/lvs },', server));
    expect(agent.notifications.ipvs).toEqual({
      ...{ fifo: '/run/lvs', webhooks: [] },
      services: new Map([
        [
          'site',
          {
            commands: { down: command('/bin/a') },
            serverCommands: { up: command('/bin/b') },
            servers: new Map([['10.0.0.11:80', { up: command('/bin/c') }]]),
            ...{ fifo: '/run/web', webhooks: [] },
          },
        ],
      ]),
    });
    expect(commands.map(({ argv }) => argv).toSorted()).toEqual([
      ['/bin/a'],
      ['/bin/b'],
      ['/bin/c'],
    ]);
  });

  test('survives the way back, without its secrets where it is shown', () => {
    const webhook = '{ url: "https://192.0.2.9/s3cret", secret: s3cret }';
    const server = '{ address: 10.0.0.11, notify: { down: { command: [/bin/c], user: nobody } } }';
    const keys = `{ up: [/bin/a], server_down: [/bin/b], webhooks: [${webhook}] }`;
    const { settings, agent } = value(
      loadIpvs(keys, `notify: { webhooks: [${webhook}] },`, server),
    );
    const effective = effectiveConfig(settings, agent);
    const again = loadConfig(JSON.stringify(effective), { hostName: 'host' });
    expect(value(again).agent.notifications).toEqual(agent.notifications);
    expect(JSON.stringify(maskSecrets(effective))).not.toContain('s3cret');
  });

  test.each([
    ['{ down: [relative] }', 'absolute path'],
    ['{ master: [/bin/a] }', 'unknown key "master"'],
    ['{ server_up: { command: [/bin/a], timeout: 1h } }', 'from 10ms to 10m'],
  ])('%s is refused', (keys, message) => {
    expect(errors(loadIpvs(keys))).toEqual([expect.stringContaining(message)]);
  });
});
