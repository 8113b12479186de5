import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import type { KernelChange, LinkState, OutgoingDatagram } from '../../../../src/net/link.ts';
import { seconds } from '../../../../src/net/time.ts';
import type { Keyring } from '../../../../src/protocol/engine/keyring.ts';
import type { InstanceSettings } from '../../../../src/protocol/engine/settings.ts';
import { emergencyRelease } from '../../../../src/protocol/thread/emergency-release.ts';
import { isWithin, sequenceAt } from '../../../../src/wire/vrrp/sequence.ts';
import { trailerAt } from '../../../../src/wire/vrrp/trailer.ts';
import { hmac, KEYRING } from '../../../conformance/hmac-rig.ts';
import { addressOf, INDEX, instanceOf, linkOf } from '../../../conformance/rig.ts';

const EPERM = 1;
const ENOMEM = 12;
const EADDRNOTAVAIL = 99;

function vip(address: string) {
  return [{ address: ip(address), prefixLength: 32, interface: 'eth0' }];
}

interface Scene {
  readonly keyring?: Keyring;
  readonly lastNumber?: bigint;
  readonly instances?: readonly Partial<InstanceSettings>[];
  readonly masters?: readonly string[];
  readonly links: readonly LinkState[];
  /** The kernel's answers, in order. */
  readonly errnos?: readonly number[];
  /** What the kernel refuses, and how often. */
  readonly refuses?: Partial<Record<'snapshot' | 'send' | 'routing', number>>;
}

/** What is sent, as source and priority, what is removed, and the returned count. */
function releaseIn(scene: Scene) {
  const {
    instances = [{}],
    masters = ['web'],
    links,
    errnos = [],
    refuses = {},
    keyring,
    lastNumber,
  } = scene;
  const left = { ...refuses };
  const refuse = (what: keyof typeof refuses) => {
    const count = left[what] ?? 0;
    left[what] = count - 1;
    if (count > 0) throw new Error('EMFILE');
  };
  const answers = [...errnos];
  const sent: string[] = [];
  const numbers: bigint[] = [];
  const removed: string[] = [];
  const { removed: count, ...outcome } = emergencyRelease({
    instances: instances.map(instanceOf),
    masters: new Set(masters),
    ...(keyring === undefined ? {} : { keyring, lastNumber }),
    packets: {
      sendDatagrams: (datagrams: readonly OutgoingDatagram[]) => {
        refuse('send');
        for (const { packet } of datagrams) {
          if (packet.length > 32)
            numbers.push(trailerAt(packet, packet.length - 28)?.sequence ?? 0n);
          const signature = packet.length > 32 ? ` with key ${packet[33]}` : '';
          sent.push(`${packet.subarray(12, 16).join('.')} says ${packet[22]}${signature}`);
        }
        return 0;
      },
    },
    routes: {
      snapshot: () => {
        refuse('snapshot');
        return { links: [...links], complete: true };
      },
      clearRouting: () => {
        refuse('routing');
        return [];
      },
      changeKernel: (changes: readonly KernelChange[]) => {
        for (const change of changes) {
          if ('entry' in change) throw new Error('no routes here');
          const { operation, index, address } = change;
          expect([operation, index]).toEqual(['remove', INDEX]);
          removed.push(address);
        }
        return changes.map(() => ({ errno: answers.shift() ?? 0, text: undefined }));
      },
    },
  });
  return { sent, removed, count, ...outcome, ...(keyring === undefined ? {} : { numbers }) };
}

/** The agent has added the addresses in 203.0.113.0/24. */
function eth0(...addresses: string[]): LinkState {
  return linkOf({
    addresses: addresses.map((one) => addressOf(one, { ours: one.startsWith('203.0.113.') })),
  });
}

describe('priority 0 of a router that authenticates by HMAC', () => {
  const signing = [{ authentication: hmac() }];

  test('is signed', () => {
    const { sent } = releaseIn({
      instances: signing,
      links: [eth0('192.0.2.11/24')],
      keyring: KEYRING,
    });
    expect(sent).toEqual(['192.0.2.11 says 0 with key 1']);
  });

  test.each([
    ['of the same moment', 0, {}],
    ['of before the clock was set back by less than the window', seconds(4), {}],
    [
      'of long after this clock, where nothing judges the clock',
      seconds(999),
      { antiReplay: 'monotonic' },
    ],
  ] as const)('has a number that is newer than the last one, %s', (_, ahead, more) => {
    // Some routers have signed more than one message in the last millisecond.
    const lastNumber = sequenceAt(Date.now() * 1_000 + 2_000 + ahead);
    const { numbers } = releaseIn({
      instances: [{ authentication: hmac(more), alsoVersion2: true }],
      links: [eth0('192.0.2.11/24')],
      keyring: KEYRING,
      lastNumber,
    });
    expect(numbers).toHaveLength(2);
    expect(numbers?.[0]).toBeGreaterThan(lastNumber);
    expect(numbers?.[1]).toBeGreaterThan(numbers?.[0] ?? 0n);
  });

  test('has a number that peers believe after the clock was set back by more than the window', () => {
    const now = Date.now() * 1_000;
    const { numbers } = releaseIn({
      instances: signing,
      links: [eth0('192.0.2.11/24')],
      keyring: KEYRING,
      lastNumber: sequenceAt(now + seconds(60)),
    });
    expect(isWithin(seconds(5), now, numbers?.[0] ?? 0n)).toBe(true);
  });

  test('is not sent without the key, and its VIPs are removed all the same', () => {
    const { sent, removed } = releaseIn({
      instances: signing,
      links: [eth0('192.0.2.11/24', '203.0.113.100/32')],
    });
    expect(sent).toEqual([]);
    expect(removed).toEqual(['203.0.113.100']);
  });

  test('is not signed while it only receives', () => {
    const instances = [{ authentication: hmac({ mode: 'receive_only' }) }];
    const { sent } = releaseIn({ instances, links: [eth0('192.0.2.11/24')], keyring: KEYRING });
    expect(sent).toEqual(['192.0.2.11 says 0']);
  });
});

describe('an emergency release', () => {
  test('sends priority 0 for a MASTER and removes its VIP', () => {
    const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
    expect(releaseIn({ links })).toEqual({
      ...{ sent: ['192.0.2.11 says 0'], removed: ['203.0.113.100'], count: 1 },
      ...{ isComplete: true, problems: [] },
    });
  });

  test('sends nothing for a BACKUP, but removes a VIP that is present', () => {
    const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
    expect(releaseIn({ links, masters: [] })).toMatchObject({
      ...{ sent: [], removed: ['203.0.113.100'] },
    });
  });

  test('removes a VIP that is configured with a prefix, and the wide one of an earlier version', () => {
    const wide = [{ address: ip('203.0.113.100'), prefixLength: 24, interface: 'eth0' }];
    const links = [eth0('192.0.2.11/24', '203.0.113.100/24', '203.0.113.100/32')];
    expect(releaseIn({ instances: [{ addresses: wide }], links })).toMatchObject({
      removed: ['203.0.113.100', '203.0.113.100'],
    });
  });

  test('FR-H removes no address that the agent has not added', () => {
    const instances = [{ addresses: [...vip('192.0.2.11'), ...vip('203.0.113.100')] }];
    const theirs = addressOf('203.0.113.100/32');
    const links = [linkOf({ addresses: [addressOf('192.0.2.11/32'), theirs] })];
    expect(releaseIn({ instances, links })).toMatchObject({ removed: [], count: 0 });
  });

  test('does not remove missing addresses', () => {
    const gone = [eth0('192.0.2.11/24')];
    expect(releaseIn({ links: gone })).toMatchObject({ removed: [], count: 0 });
    expect(releaseIn({ links: [] })).toMatchObject({ sent: [], removed: [], count: 0 });
  });

  test('sends from the address of the interface, never from a VIP of another router', () => {
    const instances = [
      { name: 'web' },
      { name: 'mail', vrid: 56, addresses: vip('203.0.113.200') },
    ];
    const links = [eth0('203.0.113.200/32', '203.0.113.100/32', '192.0.2.11/24')];
    const { sent } = releaseIn({ instances, masters: ['web', 'mail'], links });
    expect(sent).toEqual(['192.0.2.11 says 0', '192.0.2.11 says 0']);
  });

  test('leaves the owner its own addresses', () => {
    const owner = [{ priority: 255, addresses: vip('192.0.2.11') }];
    const own = linkOf({ addresses: [addressOf('192.0.2.11/32')] });
    expect(releaseIn({ instances: owner, links: [own] })).toMatchObject({
      ...{ sent: ['192.0.2.11 says 0'], removed: [] },
    });
    const placed = linkOf({ addresses: [addressOf('192.0.2.11/32', { ours: true })] });
    expect(releaseIn({ instances: owner, links: [placed] }).removed).toEqual(['192.0.2.11']);
  });

  test('counts only the addresses that the kernel has removed, and says what is left', () => {
    const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
    expect(releaseIn({ links, errnos: [EPERM, EPERM, EPERM] })).toMatchObject({
      ...{ count: 0, isComplete: false },
      problems: ['1 VIPs could not be removed: errno 1'],
    });
  });

  test('defence: asks again for what a kernel that is short of memory has refused', () => {
    const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
    const refuses = { snapshot: 2, send: 2, routing: 2 };
    expect(releaseIn({ links, errnos: [ENOMEM, ENOMEM], refuses })).toMatchObject({
      ...{ sent: ['192.0.2.11 says 0'], count: 1, isComplete: true, problems: [] },
    });
  });

  test('defence: counts what is gone already as released', () => {
    const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
    expect(releaseIn({ links, errnos: [EADDRNOTAVAIL] })).toMatchObject({
      ...{ count: 0, isComplete: true },
    });
  });

  test.each(['send', 'routing'] as const)(
    'defence: removes VIPs even if it cannot do this: %s',
    (what) => {
      const links = [eth0('192.0.2.11/24', '203.0.113.100/32')];
      const { removed, isComplete, problems } = releaseIn({ links, refuses: { [what]: 99 } });
      expect(removed).toEqual(['203.0.113.100']);
      expect(isComplete).toBe(true);
      expect(problems.join()).toContain('EMFILE');
    },
  );

  test('defence: says that VIPs may be left when the kernel does not list the links', () => {
    const outcome = releaseIn({ links: [], refuses: { snapshot: 99 } });
    expect(outcome).toMatchObject({ isComplete: false, problems: ['links are unknown: EMFILE'] });
  });
});
