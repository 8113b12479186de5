import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { addressOf, advert, INDEX, linkOf, NO_GARP, OWN, Rig, VIP } from '../rig.ts';

const ENOBUFS = 105;
const EEXIST = 17;
const REMOVED = { kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 } as const;
const OWN_REMOVED = {
  kind: 'address.removed',
  index: INDEX,
  address: OWN,
  prefixLength: 24,
} as const;
const GARP = { ...NO_GARP, repeat: 1 };
/** 3.4140625 s. */
const MASTER_DOWN_AT_150 = milliseconds(3_415);

function master(more = {}): Rig {
  const rig = new Rig([{ garp: GARP, ...more }]);
  rig.start();
  rig.becomeMaster();
  return rig;
}

describe('a VIP that another program removes', () => {
  test('from a MASTER is restored, and announced once it is present', () => {
    const rig = master();
    expect(rig.handle(REMOVED)).toEqual([
      'add 203.0.113.100/32',
      'arp request 203.0.113.100',
      'restored 203.0.113.100',
    ]);
    expect(rig.count('addresses-restored')).toBe(1);
  });

  test('is not reported as restored when another program was quicker', () => {
    const rig = master();
    rig.errnoOf = () => EEXIST;
    expect(rig.handle(REMOVED)).toEqual(['add 203.0.113.100/32']);
    expect(rig.count('addresses-restored')).toBe(0);
  });

  test('is not missed when the change was only seen in a new dump', () => {
    const rig = master();
    expect(rig.start([linkOf()])).toEqual([
      'add 203.0.113.100/32',
      'arp request 203.0.113.100',
      'restored 203.0.113.100',
    ]);
  });

  test('the echo of its own change is ignored', () => {
    const rig = master();
    const address = addressOf('203.0.113.100/32', { ours: true });
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual([]);
  });
});

describe('a VIP that another program adds', () => {
  test('to a BACKUP with the mark of the agent is removed', () => {
    const rig = new Rig();
    rig.start();
    const address = addressOf('203.0.113.100/32', { ours: true });
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual([
      'remove 203.0.113.100/32',
      'cleaned 203.0.113.100',
    ]);
  });

  test('as the real address of the owner stays when the owner stops', () => {
    const rig = new Rig([{ priority: 255 }]);
    rig.start([linkOf({ addresses: [addressOf('203.0.113.100/32')] })]);
    expect(rig.state).toBe('MASTER');
    expect(rig.view().master?.address).toBe(VIP);
    expect(rig.handle({ kind: 'shutdown' })).toEqual([
      'advert 0 to 224.0.0.18',
      'MASTER -> INIT (shutdown)',
      'finished',
    ]);
  });

  test('is not the source of an owner with unicast peers, which would not accept it', () => {
    const peers = [{ address: ip('192.0.2.12'), minimumTtl: 255 }];
    const rig = new Rig([{ priority: 255, unicast: { source: undefined, peers } }]);
    rig.start([linkOf({ addresses: [addressOf('203.0.113.100/32')] })]);
    expect(rig.view().faults).toEqual(['no-address']);
  });
});

describe('a VIP that the kernel refuses', () => {
  test('to add is a FAULT, and is tried again after five seconds', () => {
    const rig = new Rig([{ garp: GARP }]);
    rig.start();
    rig.errnoOf = () => ENOBUFS;
    expect(rig.becomeMaster()).toEqual([
      'add 203.0.113.100/32',
      'advert 100 to 224.0.0.18',
      'BACKUP -> MASTER (master-timeout)',
      'advert 0 to 224.0.0.18',
      'failed add 203.0.113.100 105',
      'MASTER -> FAULT (no-virtual-ip-addresses)',
    ]);
    expect(rig.view().faults).toEqual(['address-failed']);
    rig.errnoOf = () => 0;
    expect(rig.elapse(milliseconds(4_600))).toEqual([]);
    expect(rig.elapse(milliseconds(10))).toEqual(['FAULT -> BACKUP (virtual-ip-addresses)']);
    expect(rig.elapse(seconds(4))).toContain('arp request 203.0.113.100');
  });

  test('is reported with the error message of the kernel', () => {
    const rig = new Rig();
    rig.start();
    rig.errnoOf = () => ENOBUFS;
    rig.words = 'ipv4: Address already assigned';
    rig.becomeMaster();
    expect(rig.reports).toContainEqual(
      expect.objectContaining({ kind: 'address-failed', errno: ENOBUFS, text: rig.words }),
    );
  });

  test('to add repeatedly does not displace a peer, and is tried less and less often', () => {
    const rig = new Rig([{ garp: GARP, priority: 150 }]);
    rig.start();
    rig.errnoOf = () => ENOBUFS;
    rig.becomeMaster();
    const failed = [
      'add 203.0.113.100/32',
      'BACKUP -> MASTER (master-timeout)',
      'failed add 203.0.113.100 105',
      'MASTER -> FAULT (no-virtual-ip-addresses)',
    ];
    for (const wait of [5, 10, 20, 40, 60, 60]) {
      expect(rig.elapse(seconds(wait - 1))).not.toContain('FAULT -> BACKUP (virtual-ip-addresses)');
      expect(rig.elapse(seconds(1))).toEqual(['FAULT -> BACKUP (virtual-ip-addresses)']);
      // The successor of a lower priority is MASTER, and must stay MASTER.
      rig.hear(advert({ priority: 100 }));
      const lines = rig.elapse(MASTER_DOWN_AT_150);
      expect(lines).toEqual(failed);
    }
    rig.errnoOf = () => 0;
    rig.elapse(seconds(60));
    const lines = rig.elapse(MASTER_DOWN_AT_150);
    expect(lines.indexOf('advert 150 to 224.0.0.18')).toBeGreaterThan(
      lines.indexOf('add 203.0.113.100/32'),
    );
    expect(lines.filter((line) => line.startsWith('advert'))).toEqual(['advert 150 to 224.0.0.18']);
    expect(rig.state).toBe('MASTER');
    expect(rig.elapse(seconds(1))).toContain('advert 150 to 224.0.0.18');
  });

  test('to add removes the others that were added', () => {
    const addresses = ['203.0.113.1', '203.0.113.2'].map((text) => ({
      address: ip(text),
      prefixLength: 32,
      interface: 'eth0',
    }));
    const rig = new Rig([{ addresses }]);
    rig.start();
    rig.errnoOf = (change) =>
      'address' in change && change.address === ip('203.0.113.2') ? ENOBUFS : 0;
    const lines = rig.becomeMaster();
    expect(lines).toContain('remove 203.0.113.1/32');
    expect(lines).not.toContain('remove 203.0.113.2/32');
  });

  test('to remove is tried again twice a second, not immediately (sim seed 1072)', () => {
    const rig = master();
    rig.errnoOf = (change) => (change.operation === 'remove' ? ENOBUFS : 0);
    expect(rig.handle({ kind: 'shutdown' })).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> INIT (shutdown)',
      'failed remove 203.0.113.100 105',
    ]);
    expect(rig.elapse(milliseconds(499))).toEqual([]);
    expect(rig.elapse(milliseconds(1))).toEqual([
      'remove 203.0.113.100/32',
      'failed remove 203.0.113.100 105',
    ]);
  });

  test('to remove keeps a stop from ending until it is gone', () => {
    const rig = master();
    rig.errnoOf = () => ENOBUFS;
    expect(rig.handle({ kind: 'shutdown' })).not.toContain('finished');
    rig.errnoOf = () => 0;
    expect(rig.elapse(milliseconds(500))).toEqual(['remove 203.0.113.100/32', 'finished']);
  });

  test('to remove is left behind when the stop is requested a second time', () => {
    const rig = master();
    rig.errnoOf = () => ENOBUFS;
    rig.handle({ kind: 'shutdown' });
    expect(rig.handle({ kind: 'shutdown' })).toEqual(['finished']);
  });
});

describe('an interface', () => {
  const { addresses: _, ...attributes } = linkOf();

  test('that goes down is a FAULT with priority 0 first, and its return a Startup', () => {
    const rig = master();
    const down = { ...attributes, running: false };
    expect(rig.handle({ kind: 'link.changed', link: down })).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> FAULT (interface-down)',
    ]);
    expect(rig.view().faults).toEqual(['interface-down']);
    expect(rig.handle({ kind: 'link.changed', link: attributes })).toEqual([
      'FAULT -> BACKUP (interface-up)',
    ]);
  });

  test('that is removed and created again is listened to under its new index', () => {
    const rig = new Rig();
    rig.start();
    expect(rig.handle({ kind: 'link.removed', index: INDEX })).toEqual([
      `unlisten ${INDEX} ipv4`,
      'BACKUP -> FAULT (interface-down)',
    ]);
    expect(rig.view().faults).toEqual(['interface-missing']);
    expect(rig.handle({ kind: 'link.changed', link: { ...attributes, index: 9 } })).toEqual([
      'listen eth0 ipv4 55',
    ]);
    expect(rig.view().faults).toEqual(['no-address']);
    const address = addressOf('192.0.2.11/24');
    expect(rig.handle({ kind: 'address.added', index: 9, address })).toEqual([
      'FAULT -> BACKUP (primary-ip-address)',
    ]);
  });

  test('without an address is a FAULT', () => {
    const rig = master();
    expect(rig.handle(OWN_REMOVED)).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> FAULT (no-primary-ip-address)',
    ]);
    const address = addressOf('192.0.2.11/24');
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual([
      'FAULT -> BACKUP (primary-ip-address)',
    ]);
  });

  test.each(['tentative', 'duplicate'])('with an address that is %s has none yet', (what) => {
    const rig = new Rig([{ family: 'ipv6' }]);
    rig.start([linkOf({ addresses: [addressOf('fe80::11/64', { [what]: true })] })]);
    expect(rig.view().faults).toEqual([`link-local-${what}`]);
    const address = addressOf('fe80::11/64');
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual([
      'FAULT -> BACKUP (primary-ip-address)',
    ]);
  });

  test('that has an address with the mark of a former run never sends from it', () => {
    const left = addressOf('192.0.2.7/32', { ours: true });
    const rig = new Rig([{}], { links: [linkOf({ addresses: [left] })] });
    rig.start();
    expect(rig.view().faults).toEqual(['no-address']);
    const address = addressOf('192.0.2.11/24');
    rig.handle({ kind: 'address.added', index: INDEX, address });
    rig.becomeMaster();
    expect(rig.view().master?.address).toBe('192.0.2.11');
  });

  test('that lacks the configured address is a FAULT, whatever other addresses it has', () => {
    const rig = new Rig([{ sourceAddress: ip('192.0.2.77') }]);
    rig.start();
    expect(rig.view().faults).toEqual(['no-address']);
  });

  test('that only has a VIP counts too', () => {
    const elsewhere = { address: ip('203.0.113.1'), prefixLength: 32, interface: 'eth1' };
    const rig = new Rig([{ extraAddresses: [elsewhere] }]);
    rig.start();
    expect(rig.view().faults).toEqual(['interface-missing']);
    const eth1 = linkOf({ index: 3, name: 'eth1', running: false, addresses: [] });
    rig.start([linkOf(), eth1]);
    expect(rig.view().faults).toEqual(['interface-down']);
    expect(rig.start([linkOf(), { ...eth1, running: true }])).toEqual([
      'FAULT -> BACKUP (interface-up)',
    ]);
  });

  test('with two reasons for FAULT stays there until both are gone', () => {
    const rig = new Rig();
    rig.start([linkOf({ running: false, addresses: [] })]);
    expect(rig.view().faults).toEqual(['interface-down', 'no-address']);
    expect(rig.handle({ kind: 'link.changed', link: attributes })).toEqual([]);
    expect(rig.state).toBe('FAULT');
    const address = addressOf('192.0.2.11/24');
    rig.handle({ kind: 'address.added', index: INDEX, address });
    expect(rig.state).toBe('BACKUP');
  });

  test('whose socket cannot be opened is a FAULT, and is tried again', () => {
    const rig = new Rig();
    rig.start();
    expect(rig.handle({ kind: 'listen.failed', index: INDEX, errno: 'EMFILE' })).toEqual([
      'BACKUP -> FAULT (fault)',
    ]);
    expect(rig.view().faults).toEqual(['socket-failed']);
    expect(rig.elapse(seconds(5))).toEqual([
      'listen eth0 ipv4 55',
      'FAULT -> BACKUP (fault-cleared)',
    ]);
  });

  test('gets another address: the advertisements come from the next one', () => {
    const rig = new Rig();
    const addresses = [addressOf('192.0.2.11/24'), addressOf('192.0.2.21/24')];
    rig.start([linkOf({ addresses })]);
    rig.becomeMaster();
    expect(rig.handle(OWN_REMOVED)).toEqual([]);
    expect(rig.view().master?.address).toBe(ip('192.0.2.21'));
  });
});
