/** Each receive check at its boundary: the last packet that passes, and the first that does not. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../../src/net/time.ts';
import { judge, type ReceiverProfile } from '../../../../../src/protocol/engine/router/intake.ts';
import {
  type AdvertOptions,
  advert,
  OWN,
  OWN6,
  PEER,
  PEER6,
  VIP,
  VIP6,
} from '../../../../conformance/rig.ts';
import { ROUTER, verdict } from './receivers.ts';

const FAR = ip('198.51.100.9');

const UNICAST: ReceiverProfile = {
  ...ROUTER,
  delivery: {
    source: undefined,
    peers: [
      { address: PEER, minimumTtl: 255 },
      { address: FAR, minimumTtl: 250 },
    ],
  },
};

const IPV6: ReceiverProfile = { ...ROUTER, addresses: [VIP6], localAddress: OWN6 };

describe('a multicast router', () => {
  test.each(['224.0.0.18', '239.255.255.255'])('hears what is sent to %s', (group) => {
    expect(verdict(ROUTER, { destination: ip(group) })).toEqual([]);
  });

  test.each(['223.255.255.255', '240.0.0.1'])('does not hear what is sent to %s', (address) => {
    expect(verdict(ROUTER, { destination: ip(address) })).toBe('delivery-mismatch');
  });

  test('hears ff02::12, and over IPv6 no unicast', () => {
    expect(verdict(IPV6, { source: PEER6 })).toEqual([]);
    expect(verdict(IPV6, { source: PEER6, destination: OWN6 })).toBe('delivery-mismatch');
    expect(verdict(IPV6, { source: OWN6 })).toBe('own-packet');
  });

  test('checks the TTL before the destination, and both before the source', () => {
    expect(verdict(ROUTER, { ttl: 254, destination: OWN })).toBe('ip-ttl-error');
    expect(verdict(ROUTER, { source: OWN, destination: OWN })).toBe('delivery-mismatch');
  });
});

describe('a unicast router', () => {
  test('hears each peer down to the TTL of that peer', () => {
    expect(verdict(UNICAST, { destination: OWN })).toEqual([]);
    expect(verdict(UNICAST, { destination: OWN, ttl: 254 })).toBe('ip-ttl-error');
    expect(verdict(UNICAST, { source: FAR, destination: OWN, ttl: 250 })).toEqual([]);
    expect(verdict(UNICAST, { source: FAR, destination: OWN, ttl: 249 })).toBe('ip-ttl-error');
  });

  test('hears no unknown source and no multicast', () => {
    const stranger = ip('198.51.100.10');
    expect(verdict(UNICAST, { source: stranger, destination: OWN })).toBe('unknown-peer');
    expect(verdict(UNICAST)).toBe('delivery-mismatch');
  });

  test('does not hear itself, even as its own peer', () => {
    const own = { source: undefined, peers: [{ address: OWN, minimumTtl: 255 }] };
    const options = { source: OWN, destination: OWN };
    expect(verdict({ ...UNICAST, delivery: own }, options)).toBe('own-packet');
  });
});

describe('a receiver of any delivery', () => {
  const anybody = { ...ROUTER, addresses: undefined, delivery: 'any' } as const;
  const global = ip('2001:db8::12');
  const hears = (options: AdvertOptions) => verdict(anybody, options);

  test('wants TTL 255 of multicast and of IPv4', () => {
    expect(hears({ ttl: 254 })).toBe('ip-ttl-error');
    expect(hears({ ttl: 254, destination: OWN })).toBe('ip-ttl-error');
    expect(hears({ source: PEER6, ttl: 254 })).toBe('ip-ttl-error');
    expect(hears({ destination: OWN })).toEqual([]);
  });

  test('FR-F2 hears IPv6 unicast with the hop limit of Linux, from a link-local address with any', () => {
    expect(hears({ source: global, destination: OWN6, ttl: 64 })).toEqual([]);
    expect(hears({ source: global, destination: OWN6, ttl: 63 })).toBe('ip-ttl-error');
    expect(hears({ source: PEER6, destination: OWN6, ttl: 1 })).toEqual([]);
  });
});

describe('the checksum', () => {
  test('over IPv4 in version 3 has the configured form', () => {
    const strict = { ...ROUTER, checksum: 'rfc9568' as const };
    expect(verdict(strict)).toEqual([]);
    expect(verdict(strict, { form: 'pseudo_header' })).toBe('checksum-error');
    const other = { ...ROUTER, checksum: 'pseudo_header' as const };
    expect(verdict(other, { form: 'pseudo_header' })).toEqual([]);
    expect(verdict(other)).toBe('checksum-error');
  });

  test('in version 2 and over IPv6 has one form, whatever is configured', () => {
    for (const checksum of ['rfc9568', 'pseudo_header'] as const) {
      expect(verdict({ ...ROUTER, version: 2, checksum }, { version: 2 })).toEqual([]);
      expect(verdict({ ...IPV6, checksum }, { source: PEER6 })).toEqual([]);
    }
  });
});

describe('a router of one version', () => {
  test.each([2, 3] as const)('of version %i does not hear the other one', (version) => {
    const other = version === 2 ? 3 : 2;
    expect(verdict({ ...ROUTER, version }, { version })).toEqual([]);
    expect(verdict({ ...ROUTER, version }, { version: other })).toBe('version-error');
  });

  test.each([0, 1, 4, 15])(
    'does not hear version %i, nor does one that accepts any version',
    (version) => {
      const bend = (message: Uint8Array) => {
        message[0] = (version << 4) | 1;
        return message;
      };
      expect(verdict(ROUTER, { bend })).toBe('version-error');
      expect(verdict({ ...ROUTER, version: undefined }, { bend })).toBe('version-error');
    },
  );

  test('of version 2 refuses another interval, and as owner every MASTER', () => {
    const old = { ...ROUTER, version: 2 as const };
    expect(verdict(old, { version: 2, interval: seconds(2) })).toBe('interval-error');
    expect(verdict({ ...old, priority: 255 }, { version: 2 })).toBe('owner-conflict');
    expect(verdict({ ...old, interval: undefined }, { version: 2, interval: seconds(2) })).toEqual(
      [],
    );
  });

  test('of version 3 adopts another interval, and warns of it', () => {
    expect(verdict(ROUTER, { interval: seconds(2) })).toEqual(['interval-error']);
  });
});

describe('a router of both versions', () => {
  const both = { ...ROUTER, alsoVersion2: true, interval: milliseconds(1_500) };

  test('hears version 2 and version 3', () => {
    expect(verdict(both, { interval: milliseconds(1_500) })).toEqual([]);
    expect(verdict(both, { version: 2, interval: seconds(2) })).toEqual([]);
  });

  test('is warned of an interval of version 2 that is not its own, rounded up', () => {
    expect(verdict(both, { version: 2, interval: seconds(1) })).toEqual(['interval-error']);
    expect(verdict(both, { version: 2, interval: seconds(3) })).toEqual(['interval-error']);
    expect(verdict(both, { interval: seconds(2) })).toEqual(['interval-error']);
  });

  test('does not hear version 3 where its own is 2', () => {
    expect(verdict({ ...both, version: 2 }, { interval: seconds(2) })).toBe('version-error');
  });
});

describe('the authentication of version 2', () => {
  const pass = (password: string) => ({ type: 'pass', password }) as const;
  const receiver = (authentication: ReceiverProfile['authentication']) => ({
    ...ROUTER,
    version: 2 as const,
    authentication,
  });

  test('checks the type before the password', () => {
    expect(verdict(receiver(pass('secret12')), { version: 2 })).toBe('auth-type-mismatch');
    const sent = { version: 2, authentication: pass('secret12') } as const;
    expect(verdict(receiver({ type: 'none' }), sent)).toBe('auth-type-mismatch');
    expect(verdict(receiver(pass('secret12')), sent)).toEqual([]);
    expect(verdict(receiver(pass('secret13')), sent)).toBe('auth-failure');
    expect(verdict(receiver(undefined), sent)).toEqual([]);
  });

  test('is not checked in version 3', () => {
    expect(verdict({ ...ROUTER, authentication: pass('secret12') })).toEqual([]);
  });
});

describe('the address list', () => {
  const other = ip('203.0.113.9');

  test('counts as a set of the same size', () => {
    const two = { ...ROUTER, addresses: [VIP, other] };
    expect(verdict(two, { addresses: [other, VIP] })).toEqual([]);
    expect(verdict(two, { addresses: [VIP] })).toEqual(['address-list-error']);
    expect(verdict(two, { addresses: [VIP, ip('203.0.113.8')] })).toEqual(['address-list-error']);
    expect(verdict({ ...ROUTER, addresses: undefined }, { addresses: [other] })).toEqual([]);
  });

  test('of version 3 is never refused, even where lists are checked', () => {
    const strict = { ...ROUTER, checkAddressList: true };
    expect(verdict(strict, { addresses: [other] })).toEqual(['address-list-error']);
  });

  test('of version 2 that is not checked only gives a warning', () => {
    const old = { ...ROUTER, version: 2 as const };
    expect(verdict(old, { version: 2, addresses: [other] })).toEqual(['address-list-error']);
  });

  test('over IPv6 begins with a link-local address if the receiver insists', () => {
    const addresses = [ip('2001:db8::1'), VIP6];
    const insisting = { ...IPV6, requireLinkLocal: true as const };
    expect(verdict(insisting, { source: PEER6, addresses })).toBe('address-list-error');
    expect(verdict(insisting, { source: PEER6 })).toEqual([]);
    expect(verdict({ ...ROUTER, requireLinkLocal: true })).toEqual([]);
    expect(
      verdict({ ...IPV6, addresses }, { source: PEER6, addresses: [VIP6, ip('2001:db8::1')] }),
    ).toEqual([]);
  });
});

describe('the priority', () => {
  test('equal to its own gives a warning, and the owner is warned of every MASTER', () => {
    expect(verdict(ROUTER, { priority: 100 })).toEqual(['priority-conflict']);
    expect(verdict(ROUTER, { priority: 99 })).toEqual([]);
    expect(verdict({ ...ROUTER, priority: undefined }, { priority: 100 })).toEqual([]);
    expect(verdict({ ...ROUTER, priority: 255 }, { priority: 255 })).toEqual(['owner-conflict']);
  });
});

describe('the packet', () => {
  test('carries VRRP, whatever its VRID', () => {
    expect(verdict(ROUTER, { protocol: 111 })).toBe('invalid-type');
    expect(verdict(IPV6, { source: PEER6, protocol: 111 })).toBe('invalid-type');
    expect(verdict(ROUTER, { vrid: 54 })).toBe('vrid-error');
    expect(verdict({ ...ROUTER, vrid: undefined }, { vrid: 54 })).toEqual([]);
  });

  test('without bytes after the header has no version', () => {
    const packet = advert().slice(0, 20);
    expect(judge(packet, 20, ROUTER)).toEqual({ ok: false, reason: 'packet-length-error' });
  });

  test('is refused with the same object each time: a flood allocates no verdicts', () => {
    const packet = advert({ ttl: 1 });
    expect(judge(packet, packet.length, ROUTER)).toBe(judge(packet, packet.length, ROUTER));
  });
});
