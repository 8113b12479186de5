/** Which counters one packet moves: dashboards and RFC 8347 know them by these names. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { seconds } from '../../../../src/net/time.ts';
import { COUNTERS, type CounterName } from '../../../../src/protocol/engine/counters.ts';
import {
  DISCARD_REASONS,
  type DiscardReason,
  type PacketWarning,
  REFUSAL_COUNTERS,
  refusalCounter,
} from '../../../../src/protocol/engine/intake-reasons.ts';
import type { InstanceSettings } from '../../../../src/protocol/engine/settings.ts';
import { hmac, KEYRING, type SignedOptions, signedBend } from '../../../conformance/hmac-rig.ts';
import { type AdvertOptions, advert, OWN, PEER, Rig } from '../../../conformance/rig.ts';

interface Case {
  readonly packet: AdvertOptions;
  readonly router?: Partial<InstanceSettings>;
  /** Heard, and accepted, before. */
  readonly before?: AdvertOptions;
  readonly counters: readonly CounterName[];
}

const V2 = { version: 2 } as const;
const PASS = { authentication: { type: 'pass', password: 'secret12' } } as const;
const OTHER_PASS = { authentication: { type: 'pass', password: 'secret13' } } as const;
const STRANGER = ip('192.0.2.99');
const UNICAST = { unicast: { source: OWN, peers: [{ address: PEER, minimumTtl: 255 }] } };

const NO_ADDRESS = (message: Uint8Array) => {
  message.set([0x31, 55, 200, 0, 0, 100, 0, 0]);
  return message.slice(0, 8);
};

const NO_INTERVAL = (message: Uint8Array) => {
  const checksum = ((message[6] ?? 0) << 8) + (message[7] ?? 0) + 100;
  message.set([0, 0, checksum >> 8, checksum & 0xff], 4);
  return message;
};

/** As FreeBSD sends it: advskew 0, advbase 1, a counter and an HMAC. */
function carp(vhid: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0x21, vhid, 0, 7, 0, 1, 0x5a, 0xa5, ...new Uint8Array(28).fill(0xc4));
}

const HMAC = { authentication: hmac() };

/** The rig has a key 1 of its own, and its wall clock is that of its engine. */
const signed = (more: SignedOptions) => ({ bend: signedBend({ at: 1_000_000_000, ...more }) });

const REFUSED: { readonly [Reason in Exclude<DiscardReason, 'address-list-error'>]: Case } = {
  'packet-length-error': {
    packet: { bend: (message) => message.slice(0, -1) },
    counters: ['packet-length-errors'],
  },
  'ip-ttl-error': { packet: { ttl: 254 }, counters: ['ip-ttl-errors'] },
  'version-error': { packet: V2, counters: ['version-errors'] },
  'invalid-type': { packet: { protocol: 89 }, counters: ['invalid-type-pkts-rcvd'] },
  'checksum-error': {
    packet: { bend: (message) => message.fill(0, 6, 8) },
    counters: ['checksum-errors'],
  },
  'vrid-error': { packet: { vrid: 56 }, counters: ['vrid-errors'] },
  'address-count-zero': {
    packet: { bend: NO_ADDRESS },
    counters: ['address-list-errors', 'address-list-discards'],
  },
  'interval-error': {
    packet: { bend: NO_INTERVAL },
    counters: ['interval-errors', 'interval-discards'],
  },
  'auth-type-mismatch': {
    packet: { ...V2, ...PASS },
    router: V2,
    counters: ['auth-type-mismatches'],
  },
  'auth-failure': {
    packet: { ...V2, ...OTHER_PASS },
    router: { ...V2, ...PASS },
    counters: ['auth-failures'],
  },
  'hmac-missing': {
    packet: {},
    router: HMAC,
    counters: ['hmac-missing', 'hmac-missing-discards'],
  },
  'hmac-malformed': {
    packet: signed({ bend: (message) => message.with(14, 1) }),
    router: HMAC,
    counters: ['hmac-malformed'],
  },
  'hmac-unknown-key': {
    packet: signed({ keyId: 2 }),
    router: HMAC,
    counters: ['hmac-unknown-keys'],
  },
  'hmac-stale': {
    packet: signed({ at: 994_000_000 }),
    router: HMAC,
    counters: ['hmac-stale'],
  },
  'hmac-failure': {
    packet: signed({ bend: (message) => message.with(message.length - 1, 0) }),
    router: HMAC,
    counters: ['hmac-failures'],
  },
  'hmac-replay': {
    packet: signed({}),
    router: HMAC,
    before: signed({}),
    counters: ['hmac-replays'],
  },
  'owner-conflict': {
    packet: V2,
    router: { ...V2, priority: 255 },
    counters: ['owner-conflicts', 'owner-conflict-discards'],
  },
  'unknown-peer': {
    packet: { source: STRANGER, destination: OWN },
    router: UNICAST,
    counters: ['unknown-peers'],
  },
  'delivery-mismatch': { packet: { destination: OWN }, counters: ['delivery-mismatches'] },
  'own-packet': { packet: { source: OWN }, counters: ['own-packets'] },
  carp: { packet: { bend: () => carp(55) }, counters: ['carp-packets'] },
};

const WARNED: { readonly [Warning in PacketWarning]?: Case } = {
  'interval-error': { packet: { interval: seconds(2) }, counters: ['interval-errors'] },
  'address-list-error': {
    packet: { addresses: [ip('203.0.113.9')] },
    counters: ['address-list-errors'],
  },
  'owner-conflict': {
    packet: { priority: 254 },
    router: { priority: 255 },
    counters: ['owner-conflicts'],
  },
  'hmac-missing': {
    packet: {},
    router: { authentication: hmac({ mode: 'permissive' }) },
    counters: ['hmac-missing'],
  },
  'priority-conflict': { packet: { priority: 100 }, counters: ['priority-conflicts'] },
};

/** Counters of what was received, of the router and of the packets that belong to none. */
function moved(rig: Rig): CounterName[] {
  const others = new Set<CounterName>([
    'advertisement-rcvd',
    'advertisement-sent',
    'announcements-sent',
    'master-transitions',
    'hmac-verified',
  ]);
  return COUNTERS.filter(
    (name) => !others.has(name) && rig.count(name, 0) + rig.count(name, 1) > 0,
  );
}

function listening({ router = {}, before, packet }: Case): { rig: Rig; lines: string[] } {
  const rig = new Rig([router], { keyring: KEYRING });
  rig.start();
  if (before !== undefined) rig.hear(advert(before));
  return { rig, lines: rig.hear(advert(packet)) };
}

/** No router refuses a list (FR-F1): only `decode` does. */
const ROUTER_REASONS = DISCARD_REASONS.filter((one) => one !== 'address-list-error');

describe('a packet that is refused', () => {
  test.each(ROUTER_REASONS)('as %s moves the counters of that reason alone', (reason) => {
    const { rig, lines } = listening(REFUSED[reason]);
    expect(lines).toContain(`discard ${reason}`);
    expect(moved(rig).sort()).toEqual([...REFUSED[reason].counters].sort());
  });

  test.each(ROUTER_REASONS)('as %s is counted once by the counter of refusals alone', (reason) => {
    const { rig } = listening(REFUSED[reason]);
    const counter = refusalCounter(reason);
    expect(counter).toBe(REFUSED[reason].counters.at(-1));
    expect(rig.count(counter, 0) + rig.count(counter, 1)).toBe(1);
  });
});

describe('a packet that is accepted with a warning', () => {
  test.each(Object.entries(WARNED))(
    'is reported as %s and not counted as refused',
    (warning, one) => {
      const { rig, lines } = listening(one);
      expect(lines).toContain(`warning ${warning}`);
      expect(moved(rig)).toEqual(one.counters);
    },
  );

  test('is reported when its sender changes the form of its checksum for good', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert());
    expect(rig.hear(advert({ form: 'pseudo_header' }))).toEqual([]);
    expect(rig.hear(advert({ form: 'pseudo_header' }))).toEqual(['warning checksum-form-changed']);
    expect(moved(rig)).toEqual(['checksum-form-changes']);
  });
});

test('a wrongly configured peer appears in the refusals, and an own packet does not', () => {
  const expected = DISCARD_REASONS.filter((reason) => reason !== 'own-packet').map(refusalCounter);
  expect(new Set(REFUSAL_COUNTERS)).toEqual(new Set(expected));
  expect(REFUSAL_COUNTERS).not.toContain('own-packets');
  expect(REFUSAL_COUNTERS.length).toBe(new Set(expected).size);
});
