/** `bfd_instance` and `track_bfd`. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported } from '../import-tool.ts';

function bfd(block: string, use = 'router') {
  return imported(
    `bfd_instance router {\n${block}\n}\n` +
      'vrrp_instance web {\n interface eth0\n virtual_router_id 55\n' +
      ` virtual_ipaddress {\n  203.0.113.100\n }\n track_bfd {\n  ${use}\n }\n}\n`,
  );
}

describe('bfd_instance', () => {
  test('is an entry of track, with the times of keepalived', () => {
    const result = bfd('neighbor_ip 192.0.2.1');
    expect(result.document.instances[0].track).toEqual([
      {
        name: 'router',
        bfd: {
          ...{ neighbour: '192.0.2.1', interval: '10ms', receive_interval: '10ms', multiplier: 5 },
        },
      },
    ]);
    expect(result.notes).toEqual([]);
    expect(errorsOf(result.yaml)).toEqual([]);
  });

  test('carries every key that it has', () => {
    const result = bfd(
      'neighbour_ip 192.0.2.1\nsource_ip 192.0.2.11\nmin_rx 50\nmin_tx 100\nidle_tx 1000\n' +
        'multiplier 3\npassive\nmultihop\nttl 255\nmax_hops 3\nweight -20\nvrrp',
      'router weight -30',
    );
    expect(result.document.instances[0].track).toEqual([
      {
        ...{ name: 'router', weight: -30 },
        bfd: {
          ...{ neighbour: '192.0.2.1', source: '192.0.2.11', multiplier: 3 },
          ...{ interval: '100ms', receive_interval: '50ms' },
          ...{ passive: true, multihop: true, min_ttl: 252 },
        },
      },
    ]);
    expect(result.notes).toEqual([]);
    expect(errorsOf(result.yaml)).toEqual([]);
  });

  test('weight 0 is FAULT, and the weight of the definition counts without one at the use', () => {
    const weighted = bfd('neighbor_ip 192.0.2.1\nweight -20');
    expect(weighted.document.instances[0].track[0].weight).toBe(-20);
    const fault = bfd('neighbor_ip 192.0.2.1\nweight -20', 'router weight 0');
    expect(fault.document.instances[0].track[0].weight).toBeUndefined();
  });

  test.each([
    ['min_tx 5', 'here it is 10 ms'],
    ['min_tx 20.5', 'here it is 21 ms'],
    ['idle_tx 2000', 'here it is always 1000 ms'],
  ])('%s is changed, and says so', (key, note) => {
    const result = bfd(`neighbor_ip 192.0.2.1\n${key}`);
    expect(result.of('changed')).toEqual([expect.stringContaining(note)]);
    expect(result.document.instances[0].track).toHaveLength(1);
  });

  test('min_rx without a time is ignored as keepalived does', () => {
    const result = bfd('neighbor_ip 192.0.2.1\nmin_rx soon');
    expect(result.of('ignored')).toEqual([expect.stringContaining('not a time')]);
  });

  test.each([
    ['neighbor_ip 192.0.2.1\nmax_hops 2', 'accepts a TTL below 255'],
    ['neighbor_ip 192.0.2.1\nttl 64', 'accepts a TTL below 255'],
    ['neighbor_ip 192.0.2.1\nweight 10 reverse', '"reverse" is not supported'],
    ['neighbor_ip 192.0.2.1\nchecker', 'no instance'],
    ['multiplier 3', 'has no neighbor_ip'],
  ])('%s is left out with what tracks it', (block, note) => {
    const result = bfd(block);
    expect(result.document.instances[0].track).toBeUndefined();
    expect(result.of('lost')).toEqual(expect.arrayContaining([expect.stringContaining(note)]));
  });

  test('a group tracks it, too', () => {
    const result = imported(
      'bfd_instance router {\n neighbor_ip 192.0.2.1\n}\n' +
        'vrrp_sync_group both {\n group {\n  a\n  b\n }\n track_bfd {\n  router\n }\n}\n' +
        ['a', 'b']
          .map(
            (name, at) =>
              `vrrp_instance ${name} {\n interface eth${at}\n virtual_router_id 5${at}\n virtual_ipaddress {\n  203.0.113.10${at}\n }\n}\n`,
          )
          .join(''),
    );
    expect(result.document.sync_groups[0].track).toMatchObject([{ name: 'router' }]);
    expect(errorsOf(result.yaml)).toEqual([]);
  });
});

test('a server that BFD checks is listed, with its nearest check', () => {
  const result = imported(
    'bfd_instance rs1 {\n neighbor_ip 192.0.2.50\n checker\n}\n' +
      'virtual_server 203.0.113.100 80 {\n protocol TCP\n lb_algo rr\n lb_kind DR\n' +
      ' real_server 192.0.2.50 80 {\n  BFD_CHECK {\n   name rs1\n  }\n }\n}\n',
  );
  expect(result.of('lost')).toContainEqual(expect.stringContaining('"ping" comes nearest'));
});
