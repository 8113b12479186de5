import { expect, test } from 'vitest';
import { secondaryWarnings } from '../../../../src/daemon/host/secondary-addresses.ts';
import { LinkTable } from '../../../../src/protocol/engine/links.ts';
import { addressOf, instanceOf, linkOf } from '../../../conformance/rig.ts';

function warnings(addresses: readonly string[], promotes = false): string[] {
  const links = new LinkTable();
  links.replace([
    linkOf({
      addresses: addresses.map((one) => addressOf(one, { ours: one.startsWith('203.0.113.') })),
    }),
  ]);
  return secondaryWarnings([instanceOf({})], links, () => promotes);
}

const TWO = ['192.0.2.11/24', '192.0.2.21/24', '203.0.113.100/32'];

test('FR-A: check warns where the end of an address would take others of its subnet along', () => {
  expect(warnings(TWO)).toHaveLength(1);
  expect(warnings(TWO)[0]).toContain(
    'eth0 of this machine has 192.0.2.11 and 1 more of 192.0.2.0/24',
  );
  expect(warnings(TWO)[0]).toContain('net.ipv4.conf.eth0.promote_secondaries=1');
});

test('FR-A: check says nothing where the kernel promotes the others, or there are none', () => {
  expect(warnings(TWO, true)).toEqual([]);
  expect(warnings(['192.0.2.11/24', '198.51.100.11/24', '192.0.2.9/32'])).toEqual([]);
  // The VIPs are no secondary addresses: the kernel gets them as /32.
  expect(warnings(['192.0.2.11/24', '203.0.113.100/24', '203.0.113.101/24'])).toEqual([]);
});
