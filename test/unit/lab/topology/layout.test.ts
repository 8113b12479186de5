import { describe, expect, test } from 'vitest';
import {
  checkPrefix,
  clientNumber,
  creationLines,
  gatewayLines,
  hostLines,
  labLayout,
  namespacesOf,
  peerAddress,
  switchLines,
} from '../../../../src/lab/topology/layout.ts';
import { ip } from '../../../../src/net/address.ts';

describe('the layout of a lab', () => {
  test('names everything after the prefix', () => {
    const layout = labLayout('demo', 3);
    expect(namespacesOf(layout)).toEqual([
      'demo-switch',
      'demo-lb1',
      'demo-lb2',
      'demo-lb3',
      'demo-client',
    ]);
    expect(layout.directors.map(({ address }) => address)).toEqual([
      '192.0.2.11',
      '192.0.2.12',
      '192.0.2.13',
    ]);
    expect(layout.client.address).toBe('192.0.2.50');
  });

  test('creates links inside the namespaces, with names the kernel accepts', () => {
    const links = creationLines(labLayout('a-rather-long-prefix-24c', 9)).filter((line) =>
      line.includes('veth'),
    );
    expect(links).toHaveLength(10);
    for (const line of links) {
      expect(line).toMatch(/^link add \S{1,15} netns \S+ type veth peer name eth0 netns \S+$/);
    }
  });

  test('has a switch that forwards immediately and floods multicast', () => {
    expect(creationLines(labLayout('x'))).toContain(
      'link add bridge netns x-switch type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
    );
  });

  test('creates bridges before ports, so that ports and peers differ in index', () => {
    const kinds = creationLines(labLayout('x', 2, true)).flatMap(
      (line) => /type (bridge|veth)/.exec(line)?.[1] ?? [],
    );
    expect(kinds).toEqual(['bridge', 'bridge', 'veth', 'veth', 'veth', 'veth', 'veth']);
  });

  test('has a second network for directors on request', () => {
    const layout = labLayout('x', 2, true);
    const ports = switchLines(layout).filter((line) => line.includes('master peers'));
    expect(ports).toEqual([
      'link set lb1-eth1 master peers up',
      'link set lb2-eth1 master peers up',
    ]);
    expect(layout.directors.map(peerAddress)).toEqual(['198.51.100.11', '198.51.100.12']);
  });

  test('can have a client as the default gateway of the directors', () => {
    expect(gatewayLines(labLayout('x'))).toEqual(['route add default via 192.0.2.50 dev eth0']);
  });

  test('has clients that their addresses identify', () => {
    const { client, clients } = labLayout('x', 2, false, 3);
    expect(clients.map(({ name }) => name)).toEqual(['client', 'client2', 'client3']);
    expect(clients[0]).toBe(client);
    expect(clients.map(({ address }) => clientNumber(address))).toEqual([0, 1, 2]);
    const [global] = hostLines(labLayout('x', 2, false, 3).clients[2] ?? client).filter((line) =>
      line.includes('2001:db8::'),
    );
    expect(global).toBe('addr add 2001:db8::52/64 dev eth0 nodad');
    expect(clientNumber(ip('2001:db8::52'))).toBe(2);
  });

  test.each(['', '../x', 'A', '1lab', 'a b', 'a/b', 'a'.repeat(25)])(
    'refuses %j as a prefix',
    (prefix) => {
      expect(() => checkPrefix(prefix)).toThrow(/not a lab prefix/);
    },
  );

  test.each([0, 10, 1.5, Number.NaN])('refuses %d directors', (count) => {
    expect(() => labLayout('x', count)).toThrow(/1 to 9 directors/);
  });
});
