/** `bfd` of a tracked object. */
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { ip } from '../../../../src/net/address.ts';

const OWN = ['192.0.2.11', '192.0.2.12', 'fe80::11'];
const isOwn = (address: string) => OWN.includes(address);
const HOST = { hostName: 'host', isLocal: isOwn, isOwn };

function load(track: string, more = '') {
  return loadConfig(
    `instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.100/32], track: ${track} }
  - { name: mail, interface: eth0, vrid: 2, addresses: [203.0.113.101/32], track: ${more || '[]'} }
`,
    HOST,
  );
}

function sourceOf(bfd: string, keys = '') {
  const result = load(`[{ bfd: ${bfd}${keys} }]`);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'));
  return result.value.settings.instances[0]?.track[0];
}

describe('a session', () => {
  test('has the defaults of the schema', () => {
    expect(sourceOf('{ neighbour: 192.0.2.1 }')).toMatchObject({
      ...{ name: '192.0.2.1', weight: undefined },
      source: {
        ...{ kind: 'bfd', init: 'wait' },
        session: {
          ...{ neighbour: '192.0.2.1', source: undefined, link: undefined, hops: 'single' },
          ...{ passive: false, interval: 50_000, receiveInterval: 50_000, multiplier: 3 },
          minimumTtl: 255,
        },
      },
    });
  });

  test('counts in the other direction with "reverse"', () => {
    const tracked = sourceOf('{ neighbour: 192.0.2.1 }', ', weight: 10, reverse: true');
    expect(tracked).toMatchObject({ weight: 10, reverse: true });
    expect(sourceOf('{ neighbour: 192.0.2.1 }', ', weight: 10')).not.toHaveProperty('reverse');
  });

  test('over several hops accepts one router between unless the file says otherwise', () => {
    const one = sourceOf('{ neighbour: 192.0.2.1, multihop: true }');
    expect(one?.source).toMatchObject({ session: { hops: 'multi', minimumTtl: 254 } });
    const more = sourceOf('{ neighbour: 192.0.2.1, multihop: true, min_ttl: 250 }');
    expect(more?.source).toMatchObject({ session: { minimumTtl: 250 } });
  });

  test('with a link-local neighbour is on the interface of the instance', () => {
    expect(sourceOf('{ neighbour: "fe80::1" }')?.source).toMatchObject({
      session: { link: 'eth0' },
    });
  });

  test('is the same for all that name the neighbour', () => {
    const result = load(
      '[{ bfd: { neighbour: 192.0.2.1 } }]',
      '[{ bfd: { neighbour: 192.0.2.1 } }]',
    );
    const sources = result.ok
      ? result.value.settings.instances.map((one) => one.track[0]?.source)
      : [];
    expect(sources[0]).toEqual(sources[1]);
    expect(sources[0]).toMatchObject({ session: { neighbour: ip('192.0.2.1') } });
  });
});

test('a source that is not local is a warning', () => {
  const result = load('[{ bfd: { neighbour: 192.0.2.1, source: 192.0.2.99 } }]');
  expect(result.ok && result.value.warnings.map(({ message }) => message)).toEqual([
    '192.0.2.99 is not an address of this host: the session is down until it is',
  ]);
});

describe('is refused', () => {
  test.each([
    ['{}', 'neighbour'],
    ['{ neighbour: router }', 'expected an IP address'],
    ['{ neighbour: 192.0.2.1, source: here }', 'expected an IP address'],
    ['{ neighbour: 192.0.2.1, source: "2001:db8::1" }', 'but the neighbour is IPv4'],
    ['{ neighbour: 192.0.2.1, source: 192.0.2.1 }', 'write the own address'],
    ['{ neighbour: 192.0.2.11 }', 'is an address of this host: write that of the router'],
    ['{ neighbour: 192.0.2.1, min_ttl: 250 }', '"min_ttl" needs "multihop: true"'],
    ['{ neighbour: "fe80::1", multihop: true }', 'no router forwards its packets'],
    ['{ neighbour: 192.0.2.1, interval: 5ms }', 'must be from 10ms to 1m'],
    ['{ neighbour: 192.0.2.1, receive_interval: 2m }', 'must be from 10ms to 1m'],
    ['{ neighbour: 192.0.2.1, multiplier: 0 }', 'from 1 to 255'],
    ['{ neighbour: 192.0.2.1, echo: true }', 'echo'],
  ])('%s: %s', (bfd, message) => {
    const result = load(`[{ bfd: ${bfd} }]`);
    expect(result.ok ? '' : result.error.map((one) => one.message).join('\n')).toContain(message);
  });

  test('a key that belongs to other objects', () => {
    const result = load('[{ bfd: { neighbour: 192.0.2.1 }, interval: 50ms }]');
    expect(result.ok ? [] : result.error).toMatchObject([
      { message: '"interval" does not apply to "bfd"' },
    ]);
  });

  test('a link-local neighbour of a group without its link', () => {
    const result = loadConfig(
      `instances:
  - { name: a, interface: eth0, vrid: 1, addresses: [203.0.113.100/32] }
  - { name: b, interface: eth1, vrid: 2, addresses: [203.0.113.101/32] }
sync_groups: [{ name: g, instances: [a, b], track: [{ bfd: { neighbour: "fe80::1" } }] }]
`,
      HOST,
    );
    expect(result.ok ? [] : result.error).toMatchObject([
      { message: '"link", the interface of the link-local neighbour fe80::1, is missing' },
    ]);
  });

  test.each([
    ['{ neighbour: 192.0.2.1, multiplier: 5 }', 'other settings'],
    ['{ neighbour: 192.0.2.1, source: 192.0.2.11 }', 'cannot tell them apart'],
    ['{ neighbour: 192.0.2.1, link: eth1 }', 'cannot tell them apart'],
  ])('a second session with the same neighbour: %s', (other, message) => {
    const result = load('[{ bfd: { neighbour: 192.0.2.1 } }]', `[{ bfd: ${other} }]`);
    expect(result.ok ? '' : result.error.map((one) => one.message).join('\n')).toContain(message);
  });

  test('but not one on another link, over several hops, or from another address', () => {
    for (const [one, other] of [
      ['{ neighbour: "fe80::1", link: eth0 }', '{ neighbour: "fe80::1", link: eth1 }'],
      ['{ neighbour: 192.0.2.1 }', '{ neighbour: 192.0.2.1, multihop: true }'],
      [
        '{ neighbour: 192.0.2.1, multihop: true, source: 192.0.2.11 }',
        '{ neighbour: 192.0.2.1, multihop: true, source: 192.0.2.12 }',
      ],
    ]) {
      expect(load(`[{ bfd: ${one} }]`, `[{ bfd: ${other} }]`).ok).toBe(true);
    }
  });
});
