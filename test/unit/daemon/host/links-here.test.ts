import { describe, expect, test } from 'vitest';
import { vrfWarnings, warningsFor } from '../../../../src/daemon/host/links-here.ts';
import { ip } from '../../../../src/net/address.ts';
import type { LinkState } from '../../../../src/net/link.ts';
import { LinkTable } from '../../../../src/protocol/engine/links.ts';
import { addressOf, instanceOf, linkOf } from '../../../conformance/rig.ts';

function warnings(links: readonly LinkState[], answers = true): string[] {
  const table = new LinkTable();
  table.replace(links);
  return warningsFor([instanceOf()], table, () => answers);
}

describe('check on the host', () => {
  const vip = [addressOf('203.0.113.100/32')];
  const lo = linkOf({ index: 1, name: 'lo', silent: true, addresses: vip });

  test('FR-J3 says what to remove when a VIP is on another interface', () => {
    expect(warnings([linkOf(), lo])).toEqual([
      expect.stringMatching(
        /^203\.0\.113\.100\/32 of web is on lo .*"ip addr del 203\.0\.113\.100\/32 dev lo".*net\.ipv4\.conf\.eth0\.arp_ignore=1/,
      ),
    ]);
  });

  test('FR-J3 knows no other way where hosts ask on that interface itself', () => {
    const other = linkOf({ index: 3, name: 'mv0', addresses: vip });
    expect(warnings([linkOf(), other])).toEqual([
      expect.stringMatching(
        / on mv0 .*\("ip addr del 203\.0\.113\.100\/32 dev mv0"\), or choose another VIP if it is the host's own$/,
      ),
    ]);
  });

  test('FR-J3 is silent when the host does not answer for it', () => {
    expect(warnings([linkOf(), lo], false)).toEqual([]);
  });

  test.each([
    ['in the VRF of the file', 'blue', 7, []],
    ['in no VRF, as the file has it', undefined, undefined, []],
    ['in no VRF', 'blue', undefined, ['ip link set eth0 master blue']],
    ['in another VRF', 'red', 7, ['belongs to the VRF blue on this machine: write "vrf: blue"']],
    ['in a VRF that the file lacks', undefined, 7, ['write "vrf: blue"']],
  ] as const)('says what is amiss with an interface that is %s', (_, name, index, expected) => {
    const table = new LinkTable();
    const eth0 = linkOf(index === undefined ? {} : { vrf: index });
    table.replace([eth0, linkOf({ index: 7, name: 'blue' })]);
    const more = name === undefined ? {} : { vrf: { name, table: 10 } };
    expect(vrfWarnings([instanceOf(more)], table)).toEqual(
      expected.map((text) => expect.stringContaining(text)),
    );
  });

  test('FR-L8 says that no peer is another director', () => {
    const lonely = (...peers: string[]) => {
      const table = new LinkTable();
      table.replace([linkOf()]);
      const list = peers.map((one) => ({ address: ip(one), minimumTtl: 255 }));
      const unicast = { source: undefined, peers: list };
      return warningsFor([instanceOf({ unicast })], table, () => true);
    };
    expect(lonely('192.0.2.11')).toEqual([
      expect.stringMatching(/^all "peers" of web \(192\.0\.2\.11\) are addresses of this machine/),
    ]);
    expect(lonely('192.0.2.11', '192.0.2.12')).toEqual([]);
  });

  test('FR-I2 names the bridge that the interface is a port of', () => {
    expect(warnings([linkOf({ portOf: 7 }), linkOf({ index: 7, name: 'br0' })])).toEqual([
      expect.stringMatching(/^eth0 of web is a port of br0 .*"interface: br0"/),
    ]);
    expect(warnings([linkOf({ portOf: 7 })])).toEqual([
      expect.stringContaining('a port of link 7'),
    ]);
    expect(warnings([linkOf({ portOf: 7 }), linkOf({ index: 7, name: 'ovs-system' })])).toEqual([
      expect.stringMatching(/a port of ovs-system .*use the internal port of its bridge/),
    ]);
  });

  test('FR-I3 names the macvlan that takes the packets of the interface', () => {
    const tap = linkOf({ index: 7, name: 'macvtap0', over: 2, takesAll: true });
    expect(warnings([linkOf(), tap])).toEqual([
      expect.stringMatching(/^eth0 of web is below macvtap0, .*passthru.*"interface: macvtap0"/),
    ]);
  });
});
