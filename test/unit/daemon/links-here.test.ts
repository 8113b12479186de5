import { describe, expect, test } from 'vitest';
import { warningsFor } from '../../../src/daemon/links-here.ts';
import type { LinkState } from '../../../src/net/link.ts';
import { LinkTable } from '../../../src/protocol/engine/links.ts';
import { addressOf, instanceOf, linkOf } from '../../conformance/rig.ts';

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
      expect.stringMatching(/ on mv0 .*\("ip addr del 203\.0\.113\.100\/32 dev mv0"\)$/),
    ]);
  });

  test('FR-J3 is silent when the host does not answer for it', () => {
    expect(warnings([linkOf(), lo], false)).toEqual([]);
  });

  test('FR-I2 names the bridge that the interface is a port of', () => {
    expect(warnings([linkOf({ portOf: 7 }), linkOf({ index: 7, name: 'br0' })])).toEqual([
      expect.stringMatching(/^eth0 of web is a port of br0 .*"interface: br0"/),
    ]);
    expect(warnings([linkOf({ portOf: 7 })])).toEqual([
      expect.stringContaining('a port of link 7'),
    ]);
  });
});
