import { describe, expect, test } from 'vitest';
import { type PeerProblemFacts, problemText } from '../../../src/control/peer-problem-text.ts';
import { DISCARD_REASONS } from '../../../src/protocol/engine/intake-reasons.ts';

function textOf(code: PeerProblemFacts['code'], more: Partial<PeerProblemFacts> = {}): string {
  return problemText({ code, heard: null, expected: null, free_vrid: null, ...more });
}

describe('FR-F3 the text of a problem with a peer', () => {
  test.each<[PeerProblemFacts['code'], Partial<PeerProblemFacts>, string]>([
    ['ip-ttl-error', { heard: '63', expected: '255' }, '"min_ttl: 63"'],
    ['version-error', { heard: '2', expected: '3' }, 'sends version 2, this router expects 3'],
    ['checksum-error', { heard: 'wrong', expected: 'auto' }, 'its checksum is wrong'],
    ['checksum-error', { heard: 'pseudo_header', expected: 'rfc9568' }, '"checksum: auto" here'],
    ['interval-error', { heard: '2s', expected: '1s' }, 'every 2s, this router every 1s'],
    ['auth-type-mismatch', { heard: '0', expected: '1' }, 'the same "authentication" on both'],
    ['auth-type-mismatch', { heard: 'ah', expected: '0' }, 'set "auth_type PASS" there'],
    ['auth-failure', {}, 'the same password'],
    ['owner-conflict', {}, 'look for a firewall'],
    ['unknown-peer', {}, 'add it here'],
    ['delivery-mismatch', { heard: 'multicast', expected: 'unicast' }, '"unicast" on both'],
    ['delivery-mismatch', { heard: '224.0.0.9', expected: '224.0.0.18' }, '"multicast_group"'],
    ['packet-length-error', {}, 'malformed'],
    ['packet-length-error', { heard: '254', expected: '0' }, 'authentication is of type 254'],
    ['address-count-zero', {}, 'virtual_ipaddress_excluded'],
    ['interval-error', { heard: '0s', expected: '1s' }, 'malformed'],
    ['own-packet', {}, 'a copied machine'],
    ['addresses-unserved', { heard: '203.0.113.1' }, 'does not advertise 203.0.113.1'],
    ['master-stays', {}, 'look for a firewall there'],
    ['master-stays', { heard: '203.0.113.1', expected: '203.0.113.2' }, 'the same addresses'],
    ['carp', {}, 'another VHID'],
  ])('of %s with %j says what to change', (code, facts, part) => {
    expect(textOf(code, facts)).toContain(part);
  });

  test('names a free VRID once one is known', () => {
    const heard = '203.0.113.200';
    expect(textOf('vrid-shared', { heard })).toContain('`vrrp-agent watch`');
    expect(textOf('vrid-shared', { heard, free_vrid: 7 })).toMatch(/203\.0\.113\.200.*7 is free/);
  });

  test.each(DISCARD_REASONS)('exists for %s', (reason) => {
    expect(textOf(reason)).not.toBe('');
  });
});
