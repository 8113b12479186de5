import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import {
  type HostSupport,
  hostSupport,
  missingOnHost,
} from '../../../../src/daemon/host/host-needs.ts';
import { Routes } from '../../../../src/kernel/rtnetlink/routes.ts';
import { ip } from '../../../../src/net/address.ts';

const FULL: HostSupport = {
  ...{ hasNft: true, hasMacvlan: true, hasRightTime: true, hasUser: () => true },
  ...{ lacksForIpvs: () => [], ownAddresses: () => [] },
};
const BARE: HostSupport = {
  ...FULL,
  ...{ hasNft: false, hasMacvlan: false, hasRightTime: false, hasUser: () => false },
};
const SIGNED = `, authentication: { type: hmac, keys: { 1: "hex:${'ab'.repeat(32)}" } }`;
const SYNC = 'ipvs: { sync: { instance: web, interface: eth1 } }';

function missing(keys: string, facts: HostSupport, top = ''): string[] {
  const instance = `{ name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1]${keys} }`;
  const loaded = loadConfig(`instances: [${instance}]\n${top}`, { hostName: 'lb1' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return missingOnHost(loaded.value.settings, loaded.value.agent, facts);
}

describe('a host', () => {
  test.each([
    ['accept: false', ', accept: false', '', '"accept: false" of web'],
    ['virtual_mac', ', virtual_mac: true', '', '"virtual_mac" of web'],
    ['HMAC', SIGNED, '', 'nothing keeps the clock of this host right'],
    ['rst_guard', '', SYNC, '"rst_guard" of ipvs'],
    ['checker.user', '', 'checker: { user: vrrp }', 'there is no local user "vrrp"'],
  ])('that lacks what %s needs is reported, one that has it is not', (_, keys, top, text) => {
    expect(missing(keys, BARE, top)).toEqual([expect.stringContaining(text)]);
    expect(missing(keys, FULL, top)).toEqual([]);
  });

  test('lacks nothing that is not configured', () => {
    expect(missing('', BARE)).toEqual([]);
    expect(missing(', accept: false, priority: 255', BARE)).toEqual([]);
  });

  test('is reported with what its kernel lacks for IPVS', () => {
    const lacksForIpvs = () => ['the kernel has no IPVS'];
    expect(missing('', { ...FULL, lacksForIpvs }, SYNC)).toEqual(['the kernel has no IPVS']);
  });

  test('whose clock is unknown, or does not matter, is not reported for it', () => {
    expect(missing(SIGNED, { ...BARE, hasRightTime: undefined })).toEqual([]);
    const monotonic = SIGNED.replace('type: hmac', 'type: hmac, anti_replay: monotonic');
    expect(missing(monotonic, BARE)).toEqual([]);
  });

  test('with unknown macvlan support is not reported', () => {
    expect(missing(', virtual_mac: true', { ...BARE, hasMacvlan: undefined })).toEqual([]);
  });

  test('whose addresses cannot be read is not reported, and refuses no reload', () => {
    const snapshot = vi.spyOn(Routes.prototype, 'snapshot').mockImplementation(() => {
      throw new Error('ENOMEM');
    });
    onTestFinished(() => snapshot.mockRestore());
    const { ownAddresses } = hostSupport();
    expect(missing('', { ...FULL, ownAddresses })).toEqual([]);
  });

  test('FR-H that has a VIP anyway is reported with the command that mends it', () => {
    const place = { prefixLength: 24, interface: 'eth0' };
    const own = [
      { address: ip('192.0.2.11'), ...place },
      { address: ip('203.0.113.1'), ...place },
    ];
    const facts = { ...FULL, ownAddresses: () => own };
    const [sentence, ...others] = missing('', facts);
    expect(others).toEqual([]);
    expect(sentence).toContain('203.0.113.1 of web is already on eth0');
    expect(sentence).toContain('ip addr del 203.0.113.1/24 dev eth0');
    expect(missing(', priority: 255', facts)).toEqual([]);
  });

  test('FR-J6 that has a VIP in a VRF of others has nothing to change', () => {
    const apart = { address: ip('203.0.113.1'), prefixLength: 24, interface: 'eth7', vrf: 'blue' };
    expect(missing('', { ...FULL, ownAddresses: () => [apart] })).toEqual([]);
  });
});
