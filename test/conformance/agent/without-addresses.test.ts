/** Unicast routers without addresses, which only elect a MASTER. */
import { expect, test } from 'vitest';
import { advert, OWN, PEER, Rig, VIP } from '../rig.ts';

const UNICAST = { source: OWN, peers: [{ address: PEER, minimumTtl: 255 }] };

function started(): Rig {
  const rig = new Rig([{ addresses: [], unicast: UNICAST }]);
  rig.start();
  return rig;
}

function heard(rig: Rig, more: Parameters<typeof advert>[0] = {}): string[] {
  return rig.hear(advert({ destination: OWN, addresses: [], ...more }));
}

test('a router without addresses becomes MASTER, and changes nothing in the kernel', () => {
  const rig = started();
  const lines = rig.becomeMaster();
  expect(lines).toContain('BACKUP -> MASTER (master-timeout)');
  expect(lines.filter((line) => line.startsWith('add'))).toEqual([]);
  expect(rig.handle({ kind: 'shutdown' })).toContain('advert 0 to 192.0.2.12');
});

test('it yields to a greater one that has no addresses either', () => {
  const rig = started();
  rig.becomeMaster();
  expect(heard(rig)).toContain('MASTER -> BACKUP (higher-priority-backup)');
  expect(rig.count('address-list-errors')).toBe(0);
});

test('it hears one that has addresses, which is no other cluster', () => {
  const rig = started();
  heard(rig, { addresses: [VIP] });
  expect(rig.view().master?.address).toBe(PEER);
  expect(rig.view().problems).toBeUndefined();
});

test('one that has addresses refuses a list without any', () => {
  const rig = new Rig([{ unicast: UNICAST }]);
  rig.start();
  heard(rig);
  expect(rig.view().master).toBeNull();
  expect(rig.count('address-list-errors')).toBe(1);
});
