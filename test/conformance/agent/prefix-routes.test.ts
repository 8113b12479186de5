/** Routes of the kernel to the prefixes of the host's own addresses, which another program removes. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { addressOf, INDEX, linkOf, Rig } from '../rig.ts';

const PREFIX = { address: ip('192.0.2.0'), length: 24 };
const WIDE = { address: ip('192.0.2.100'), prefixLength: 24, interface: 'eth0' };
const OWN_ROUTE = 'route 192.0.2.0/24 dev eth0 src 192.0.2.100';
const LOST = 'no route to 192.0.2.0/24 on eth0';
const BACK = 'a route to 192.0.2.0/24 on eth0 again';
const SHOWN = [{ prefix: '192.0.2.0/24', interface: 'eth0', address: '192.0.2.11' }];

function started(more: Partial<InstanceSettings> = { addresses: [WIDE] }): Rig {
  const rig = new Rig([more]);
  rig.start();
  return rig;
}

function master(more?: Partial<InstanceSettings>): Rig {
  const rig = started(more);
  rig.becomeMaster();
  return rig;
}

const change = (routed: boolean, prefix = PREFIX) =>
  ({ kind: 'prefix.changed', index: INDEX, prefix, routed }) as const;

describe('FR-A a route of the kernel that another program has removed', () => {
  test('is replaced by one of a MASTER whose VIPs have the prefix, until it is back', () => {
    const rig = master();
    expect(rig.handle(change(false))).toEqual([]);
    const lines = rig.elapse(milliseconds(1_100));
    expect(lines).toContain(`add ${OWN_ROUTE}`);
    expect(lines).toContain(LOST);
    expect(rig.view().unrouted).toEqual(SHOWN);
    expect(rig.handle(change(true))).toEqual([BACK, `remove ${OWN_ROUTE}`].toReversed());
    expect(rig.view().unrouted).toBeUndefined();
  });

  test('is reported by a BACKUP, which adds nothing', () => {
    const rig = started({ addresses: [WIDE], priority: 100 });
    rig.hear();
    rig.handle(change(false));
    expect(rig.elapse(milliseconds(1_100))).toEqual([LOST]);
    expect(rig.view().unrouted).toEqual(SHOWN);
    expect(rig.handle(change(true))).toEqual([BACK]);
  });

  test('is only reported where no VIP has the prefix', () => {
    const rig = master({});
    rig.handle(change(false));
    const lines = rig.elapse(milliseconds(1_100));
    expect(lines).toContain(LOST);
    expect(lines.join()).not.toContain('add route');
  });

  test('is none while it is renewed, or if the host has no address there', () => {
    const rig = master();
    rig.handle(change(false));
    rig.elapse(milliseconds(100));
    expect(rig.handle(change(true))).toEqual([]);
    rig.handle(change(false, { address: ip('198.51.100.0'), length: 24 }));
    expect(rig.elapse(seconds(3)).filter((line) => !line.startsWith('advert'))).toEqual([]);
  });

  test('is found in the first dump', () => {
    const rig = new Rig([{ addresses: [WIDE] }], { links: [{ ...linkOf(), unrouted: [PREFIX] }] });
    expect(rig.start()).toContain(LOST);
    expect(rig.becomeMaster()).toContain(`add ${OWN_ROUTE}`);
  });

  test('is expected again with the next address of the prefix', () => {
    const rig = started({ addresses: [WIDE], priority: 100 });
    rig.hear();
    rig.handle(change(false));
    rig.elapse(milliseconds(1_100));
    const own = { index: INDEX, address: ip('192.0.2.11'), prefixLength: 24 };
    rig.handle({ kind: 'address.removed', ...own });
    rig.handle({ kind: 'address.added', index: INDEX, address: addressOf('192.0.2.21/24') });
    expect(rig.view().unrouted).toBeUndefined();
  });
});
