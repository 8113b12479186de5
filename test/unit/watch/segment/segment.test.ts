import { describe, expect, test } from 'vitest';
import { trailerCheck } from '../../../../src/keys/trailer-check.ts';
import { type IpAddress, ip, mac } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import { encodeNeighborAdvertisement } from '../../../../src/wire/neighbor.ts';
import { KEY, OTHER_KEY, signed } from '../../../conformance/hmac-rig.ts';
import { A, B, frameOf, Listener, macOf, VIP } from './frames.ts';

const OTHER_VIP = ip('203.0.113.200');
const V6 = ip('fe80::11');

/** Both advertise in turn, `rounds` times, a second apart. */
function inTurn(listener: Listener, rounds: number): Listener {
  for (let round = 0; round < rounds; round++) {
    listener.hear({ source: A, priority: 150 }).wait(milliseconds(500));
    listener.hear({ source: B, priority: 100 }).wait(milliseconds(500));
  }
  return listener;
}

/** Signed at this moment of the listener's clock. */
function signedFrom(source: IpAddress, at: number, keyId = 1) {
  return { source, ...signed({ source, at, keyId }) };
}

describe('a sender that signs', () => {
  const row = (listener: Listener) => listener.snapshot().senders[0];

  test('is shown with its key and its clock, unchecked without the key', () => {
    const listener = new Listener();
    listener.hear(signedFrom(A, listener.now + 2_040_000));
    expect(row(listener)).toMatchObject({
      claims: { signature: { keyId: 1, verified: false } },
      clockTenths: 20,
    });
  });

  test('is checked with the key', () => {
    const right = new Listener(trailerCheck([{ id: 1, bytes: KEY }]));
    right.hear(signedFrom(A, right.now));
    expect(row(right)?.claims?.signature).toEqual({ keyId: 1, verified: true });
    right.hear(signedFrom(A, right.now, 2));
    const wrong = new Listener(trailerCheck([{ id: 1, bytes: OTHER_KEY }]));
    wrong.hear(signedFrom(A, wrong.now));
    expect(row(right)?.refused).toEqual([{ reason: 'hmac-unknown-key', count: 1 }]);
    expect(row(wrong)?.refused).toEqual([{ reason: 'hmac-failure', count: 1 }]);
  });
});

describe('a sender', () => {
  test('is shown with the values that it advertises', () => {
    const listener = new Listener().hear({ source: A, priority: 150, form: 'pseudo_header' });
    expect(listener.snapshot().senders).toEqual([
      {
        family: 'ipv4',
        vrid: 55,
        source: A,
        version: 3,
        state: 'master',
        mac: macOf(A),
        ttl: 255,
        claims: {
          priority: 150,
          interval: seconds(1),
          checksumForm: 'pseudo_header',
          authType: undefined,
          signature: undefined,
          password: undefined,
          delivery: 'multicast',
          addresses: [VIP],
        },
        clockTenths: undefined,
        measuredInterval: undefined,
        firstSeen: listener.now,
        lastSeen: listener.now,
        adverts: 1,
        refused: [],
      },
    ]);
  });

  test('has a measured interval from its fifth advertisement, despite a lost one', () => {
    const listener = new Listener();
    for (const pause of [1_000, 1_010, 2_000, 990, 0]) {
      listener.hear({ source: A });
      if (pause > 0) {
        expect(listener.snapshot().senders[0]?.measuredInterval).toBeUndefined();
        listener.wait(milliseconds(pause));
      }
    }
    expect(listener.snapshot().senders[0]?.measuredInterval).toBe(milliseconds(1_010));
  });

  test('is silent after the longest Master_Down_Interval, and MASTER when it advertises again', () => {
    const listener = new Listener().hear({ source: A }).wait(milliseconds(3_996));
    expect(listener.snapshot().senders[0]?.state).toBe('master');
    listener.wait(milliseconds(1));
    expect(listener.snapshot().senders[0]?.state).toBe('silent');
    listener.hear({ source: A });
    expect(listener.snapshot().senders[0]?.state).toBe('master');
  });

  test('that resigns keeps its last priority', () => {
    const listener = new Listener().hear({ source: A, priority: 150 });
    listener.hear({ source: A, priority: 0 });
    expect(listener.snapshot().senders[0]).toMatchObject({
      state: 'resigned',
      claims: { priority: 150 },
    });
  });

  test('is separate for each family and version', () => {
    const listener = new Listener().hear({ source: A }).hear({ source: A, version: 2 });
    listener.hear({ source: V6 });
    const keys = listener.snapshot().senders.map(({ family, version }) => `${family} ${version}`);
    expect(keys).toEqual(['ipv4 2', 'ipv4 3', 'ipv6 3']);
  });

  test('with refused packets is shown with the reasons', () => {
    const bend = (message: Uint8Array) => message.fill(0xff, 6, 8);
    const listener = new Listener().hear({ source: A, bend }).hear({ source: A, bend });
    expect(listener.snapshot().senders[0]).toMatchObject({
      state: 'refused',
      claims: undefined,
      adverts: 0,
      refused: [{ reason: 'checksum-error', count: 2 }],
    });
    expect(listener.findings()).toEqual([`packets-refused: ${A}: refused: checksum-error 2`]);
  });

  test('FR-L6 that sends CARP is named so', () => {
    const header = [0x21, 55, 0, 7, 0, 1, 0x5a, 0xa5];
    const bend = () => Uint8Array.of(...header, ...new Uint8Array(28).fill(0xc4));
    const listener = new Listener().hear({ source: A, bend });
    expect(listener.findings()).toEqual([
      `carp: ${A}: sends CARP, not VRRP, with VHID 55: no VRRP router may have this VRID`,
    ]);
  });

  test('with a wrong TTL is shown with its settings', () => {
    const listener = new Listener().hear({ source: A, ttl: 64, priority: 150 });
    expect(listener.snapshot().senders[0]).toMatchObject({
      state: 'refused',
      claims: { priority: 150, addresses: [VIP] },
    });
    expect(listener.findings()).toEqual([`ttl-not-255: ${A}: TTL 64; refused: ip-ttl-error 1`]);
  });

  test('whose message has no VRID is listed under 0', () => {
    const frame = frameOf({ source: A, bend: () => Uint8Array.of(0x31) });
    expect(new Listener().frame(frame).snapshot().senders[0]).toMatchObject({
      vrid: 0,
      refused: [{ reason: 'packet-length-error', count: 1 }],
    });
  });

  test('with a wrong IPv4 header checksum is refused, as receivers do', () => {
    const frame = frameOf({ source: A });
    frame[24] = (frame[24] ?? 0) ^ 0xff;
    expect(new Listener().frame(frame).snapshot().senders[0]?.state).toBe('refused');
  });

  test('is one of a bounded number, with room after old ones are forgotten', () => {
    const listener = new Listener();
    for (let i = 0; i < 2_100; i++) {
      const vrid = 1 + (i % 255);
      listener.hear({ vrid, source: ip(`2001:db8::${i.toString(16)}`) });
    }
    expect(listener.snapshot()).toMatchObject({ overflow: 52 });
    expect(listener.snapshot().senders).toHaveLength(2_048);
    listener.wait(seconds(601)).hear({ source: A });
    expect(listener.snapshot().senders.map(({ source }) => source)).toEqual([A]);
  });
});

describe('two MASTERs', () => {
  test('are found when both keep advertising', () => {
    expect(inTurn(new Listener(), 3).findings()).toEqual([
      `two-masters: 2 MASTERs at the same time: ${A} (priority 150), ${B} (priority 100)`,
    ]);
  });

  test('are over when one of them falls silent', () => {
    const listener = inTurn(new Listener(), 3);
    for (let i = 0; i < 5; i++) listener.hear({ source: A, priority: 150 }).wait();
    expect(listener.findings()).toEqual([]);
  });

  test('are not found in a takeover, even if two advertisements cross on the wire', () => {
    const listener = new Listener().hear({ source: B }).wait().hear({ source: B }).wait();
    listener.hear({ source: A, priority: 150 }).hear({ source: B }).wait();
    for (let i = 0; i < 3; i++) {
      listener.hear({ source: A, priority: 150 });
      expect(listener.findings()).toEqual([]);
      listener.wait();
    }
  });

  test('are not found when MASTERs resign to each other repeatedly', () => {
    const listener = new Listener();
    for (let i = 0; i < 6; i++) {
      const source = i % 2 === 0 ? A : B;
      listener.hear({ source }).wait(milliseconds(100)).hear({ source, priority: 0 });
    }
    expect(listener.findings()).toEqual([]);
  });
});

describe('senders of one virtual router differ', () => {
  const pair = (one: object, other: object) =>
    new Listener()
      .hear({ source: A, ...one })
      .hear({ source: B, ...other })
      .findings();

  test('in nothing if they have the same settings', () => {
    expect(pair({ priority: 150 }, { priority: 100 })).toEqual([]);
  });

  test('in disjoint address lists: two clusters', () => {
    expect(pair({}, { addresses: [OTHER_VIP] })).toEqual([
      `vrid-shared: two clusters: ${A} ${VIP}; ${B} ${OTHER_VIP}`,
    ]);
  });

  test('in their address lists, but not in their order', () => {
    expect(pair({ addresses: [VIP, OTHER_VIP] }, {})).toEqual([
      `address-lists-differ: address lists: ${A} ${VIP} ${OTHER_VIP}; ${B} ${VIP}`,
    ]);
    expect(pair({ addresses: [VIP, OTHER_VIP] }, { addresses: [OTHER_VIP, VIP] })).toEqual([]);
  });

  test('in the form of the checksum', () => {
    expect(pair({ form: 'pseudo_header' }, {})).toEqual([
      `checksum-forms-mixed: checksum forms: ${A} pseudo_header, ${B} rfc9568`,
    ]);
  });

  test('in the version, unless each sends both', () => {
    expect(pair({ version: 2 }, {})).toEqual([`versions-mixed: versions: ${A} 2, ${B} 3`]);
    const both = new Listener();
    for (const source of [A, B]) both.hear({ source, version: 2 }).hear({ source });
    expect(both.findings()).toEqual([]);
  });

  test('in the interval', () => {
    expect(pair({ interval: seconds(2) }, {})).toEqual([
      `intervals-differ: advertisement intervals: ${A} 2s, ${B} 1s`,
    ]);
  });

  test('in the authentication', () => {
    const password = { authentication: { type: 'pass', password: 'secret12' } };
    expect(pair({ version: 2, ...password }, { version: 2 })).toEqual([
      `authentication-mixed: authentication types: ${A} 1, ${B} 0`,
    ]);
  });

  test('in the signature', () => {
    const listener = new Listener();
    listener.hear(signedFrom(A, listener.now)).hear({ source: B });
    expect(listener.findings()).toEqual([`authentication-mixed: signatures: ${A} hmac, ${B} none`]);
  });

  test('FR-F3 in the password, which is not shown', () => {
    const of = (password: string) => ({
      ...{ version: 2, authentication: { type: 'pass', password } },
    });
    expect(pair(of('secret12'), of('other'))).toEqual([
      `passwords-differ: passwords differ: ${A}, ${B}`,
    ]);
    expect(pair(of('secret12'), of('secret12'))).toEqual([]);
  });

  test('FR-F3 in multicast and unicast', () => {
    expect(pair({ destination: B }, {})).toEqual([
      `delivery-mixed: delivery: ${A} unicast, ${B} multicast`,
    ]);
  });

  test('no longer if one was last heard ten minutes ago', () => {
    const listener = new Listener().hear({ source: A, addresses: [VIP, OTHER_VIP] });
    listener.wait(seconds(600)).hear({ source: B });
    expect(listener.findings()).toHaveLength(1);
    listener.wait(seconds(1)).hear({ source: B });
    expect(listener.findings()).toEqual([]);
  });

  describe('FR-G2 in everything: two clusters', () => {
    const CODES = (listener: Listener) => listener.snapshot().findings.map(({ code }) => code);

    function shared(more: object = {}): Listener {
      return new Listener().hear({ source: A, addresses: [OTHER_VIP], ...more });
    }

    test('also while the loser is silent, with a free VRID', () => {
      const listener = shared().wait(seconds(3_601)).hear({ source: B });
      expect(CODES(listener)).toEqual(['vrid-shared']);
      expect(listener.snapshot().findings[0]?.advice).toBe(
        'choose another VRID for all routers of one cluster, 1 is free',
      );
    });

    test('no longer once it has resigned, has another VRID, or no router is heard', () => {
      expect(CODES(shared({ priority: 0 }).wait(seconds(601)).hear({ source: B }))).toEqual([]);
      const moved = shared().wait(seconds(601)).hear({ source: B });
      moved.hear({ source: A, vrid: 56, addresses: [OTHER_VIP] });
      expect(CODES(moved)).toEqual([]);
      expect(CODES(shared().hear({ source: B }).wait(seconds(601)))).toEqual([]);
    });

    test('even if the lists of one of them differ', () => {
      const third = ip('203.0.113.3');
      const listener = shared()
        .hear({ source: B })
        .hear({
          ...{ source: ip('192.0.2.13'), addresses: [VIP, third] },
        });
      expect(CODES(listener)).toEqual(['vrid-shared']);
    });
  });

  test('only within one VRID', () => {
    expect(pair({ vrid: 56, addresses: [OTHER_VIP] }, {})).toEqual([]);
  });
});

describe('other findings', () => {
  test('an interval that is not kept', () => {
    const listener = new Listener();
    for (let i = 0; i < 6; i++) listener.hear({ source: A }).wait(milliseconds(100));
    expect(listener.findings()).toEqual([
      `interval-not-kept: ${A}: advertises an interval of 1s, sends every 100ms`,
    ]);
  });

  test('an address announced by a host that does not advertise it', () => {
    const stranger = mac('02:00:00:00:00:77');
    const listener = new Listener().hear({ source: A }).announce(VIP, stranger);
    expect(listener.findings()).toEqual([`address-elsewhere: ${VIP} is announced by ${stranger}`]);
    expect(listener.announce(VIP, macOf(A)).findings()).toEqual([]);
    expect(listener.announce(VIP, mac('00:00:5e:00:01:37')).findings()).toEqual([]);
    expect(listener.announce(OTHER_VIP, stranger).findings()).toEqual([]);
  });

  test('the same for IPv6, by Neighbor Advertisement', () => {
    const target = ip('fe80::100');
    const stranger = mac('02:00:00:00:00:77');
    const listener = new Listener().hear({ source: V6 });
    listener.frame(encodeNeighborAdvertisement(stranger, target, { router: true }));
    expect(listener.findings()).toEqual([
      `address-elsewhere: ${target} is announced by ${stranger}`,
    ]);
  });

  test('the free VRID is the lowest without a sender, refused or not', () => {
    const listener = new Listener().hear({ source: A, vrid: 1 }).hear({ source: A, vrid: 3 });
    listener.hear({ source: V6, vrid: 2, ttl: 1 });
    expect(listener.snapshot().freeVrid).toBe(4);
    for (let vrid = 1; vrid <= 255; vrid++) listener.hear({ source: A, vrid });
    expect(listener.snapshot().freeVrid).toBeUndefined();
  });
});
