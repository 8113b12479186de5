/** `on_interface_down: ignore`: a link that carries advertisements only, such as a cable to the peer. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import type { LinkState } from '../../../src/net/link.ts';
import { seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { addressOf, advert, INDEX, instanceOf, linkOf, Rig, VIP, VIP6 } from '../rig.ts';

const LAN = linkOf({ index: 3, name: 'lan', mac: mac('02:00:00:00:00:03'), addresses: [] });
const ON_LAN = [{ address: VIP, prefixLength: 32, interface: 'lan' }];
const SETTINGS = { addresses: ON_LAN, onInterfaceDown: 'ignore' } as const;

function started(more: Partial<InstanceSettings> = {}, cable: readonly LinkState[] = [linkOf()]) {
  const rig = new Rig([{ ...SETTINGS, ...more }], { links: [...cable, LAN] });
  rig.start();
  return rig;
}

function changed(rig: Rig, { addresses: _, ...link }: LinkState): string[] {
  return rig.handle({ kind: 'link.changed', link });
}

const unplugged = linkOf({ running: false });

describe('FR-D1 a router that does not depend on the link of its advertisements', () => {
  test('stays MASTER when the cable loses its carrier, and advertises when it is back', () => {
    const rig = started();
    rig.becomeMaster();
    expect(changed(rig, unplugged)).toEqual([]);
    expect(rig.elapse(seconds(3))).toEqual([]);
    expect([rig.state, rig.view().faults]).toEqual(['MASTER', []]);
    changed(rig, linkOf());
    expect(rig.elapse(seconds(1))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test('takes over when the peer is switched off together with the cable', () => {
    const rig = started();
    rig.hear(advert());
    expect(changed(rig, unplugged)).toEqual([]);
    expect(rig.elapse(seconds(4))).toEqual([
      'add 203.0.113.100/32',
      'BACKUP -> MASTER (master-timeout)',
    ]);
  });

  test.each([
    ['without carrier', [unplugged]],
    ['missing', []],
  ])('starts with the cable %s', (_, cable) => {
    const rig = started({}, cable);
    expect(rig.becomeMaster()).toContain('add 203.0.113.100/32');
    expect(rig.view()).toMatchObject({ state: 'MASTER', faults: [] });
  });

  test('shows itself as MASTER once the cable is there', () => {
    const rig = started({}, []);
    rig.becomeMaster();
    expect(rig.view().master).toBeNull();
    rig.start([linkOf(), { ...LAN, addresses: [addressOf('203.0.113.100/32', { ours: true })] }]);
    expect(rig.view().master?.address).toBe('192.0.2.11');
  });

  test('is in FAULT without the link of its VIPs, and says so to its peer', () => {
    const rig = started();
    rig.becomeMaster();
    expect(changed(rig, { ...LAN, running: false })).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> FAULT (interface-down)',
    ]);
  });

  test('serves while the IPv6 source is missing, but a BACKUP needs one', () => {
    const vip6 = [{ address: VIP6, prefixLength: 64, interface: 'lan' }];
    const rig = started({ family: 'ipv6', addresses: vip6 });
    rig.becomeMaster();
    changed(rig, unplugged);
    const gone = { index: INDEX, address: ip('fe80::11'), prefixLength: 64 };
    rig.handle({ kind: 'address.removed', ...gone });
    changed(rig, linkOf());
    expect(rig.state).toBe('MASTER');
    rig.hear(advert({ source: ip('fe80::12') }));
    expect(rig.state).toBe('BACKUP');
    changed(rig, linkOf());
    expect(rig.view().faults).toEqual(['no-link-local']);
    changed(rig, unplugged);
    expect(rig.state).toBe('BACKUP');
  });

  test('becomes one by a reload, and comes back from FAULT', () => {
    const rig = started({ onInterfaceDown: 'fault' });
    changed(rig, unplugged);
    expect(rig.view().faults).toEqual(['interface-down']);
    const settings = (more: Partial<InstanceSettings>) => ({
      router: 'lb1',
      linger: 'off' as const,
      syncGroups: [],
      instances: [instanceOf({ ...SETTINGS, ...more })],
    });
    const change = settingsChange(settings({ onInterfaceDown: 'fault' }), settings({}));
    expect(rig.handle({ kind: 'settings.changed', change })).toEqual([
      'FAULT -> BACKUP (interface-up)',
    ]);
  });
});
