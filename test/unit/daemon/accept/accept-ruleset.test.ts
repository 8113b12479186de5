import { describe, expect, test } from 'vitest';
import { acceptRuleset } from '../../../../src/daemon/accept/accept-ruleset.ts';
import { ip } from '../../../../src/net/address.ts';
import type { InstanceSettings } from '../../../../src/protocol/engine/settings.ts';
import { instanceOf } from '../../../conformance/rig.ts';

function rulesetOf(...instances: Partial<InstanceSettings>[]): string | undefined {
  return acceptRuleset({
    router: 'lb1',
    linger: 'auto',
    syncGroups: [],
    instances: instances.map(instanceOf),
  });
}

function at(address: string, link = 'eth0') {
  return { address: ip(address), prefixLength: address.includes(':') ? 128 : 32, interface: link };
}

const CLOSED = { accept: false };

describe('the table of Accept_Mode false', () => {
  test('is not wanted where every instance accepts, and the owner always does (F-A6)', () => {
    expect(rulesetOf({})).toBeUndefined();
    expect(rulesetOf({ accept: false, priority: 255 })).toBeUndefined();
  });

  test('drops behind IPVS (M-13)', () => {
    const lines = rulesetOf(CLOSED, { name: 'open', vrid: 56, addresses: [at('203.0.113.7')] });
    expect(lines).toContain('hook input priority 110;');
    expect(lines).toContain('elements = { 203.0.113.100 }');
    expect(lines).not.toContain('203.0.113.7');
  });

  test('lets Neighbor Solicitations and Advertisements through before it drops (F-A7)', () => {
    const text = rulesetOf(CLOSED) ?? '';
    const accepted = text.indexOf('icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept');
    expect(accepted).toBeGreaterThan(0);
    expect(text.indexOf('drop')).toBeGreaterThan(accepted);
  });

  test('has extra addresses of either family, each once, and link-local ones with their link', () => {
    const addresses = [at('fe80::1:1'), at('2001:db8::1')];
    const extraAddresses = [at('203.0.113.5'), at('fe80::1:1', 'eth1')];
    const text = rulesetOf({ ...CLOSED, family: 'ipv6', addresses, extraAddresses });
    expect(text).toContain('elements = { 203.0.113.5 }');
    expect(text).toContain('elements = { 2001:db8::1 }');
    expect(text).toContain('elements = { "eth0" . fe80::1:1, "eth1" . fe80::1:1 }');
  });
});
