/** Authentication by HMAC (draft-cassen-vrrp-auth-hmac-00): what is signed, and whose messages count. */
import { describe, expect, test } from 'vitest';
import { RouterKeys } from '../../../src/keys/router-keys.ts';
import { ip, mac } from '../../../src/net/address.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type {
  HmacAuthentication,
  InstanceSettings,
} from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { decodeAdvertisement } from '../../../src/wire/vrrp/advertisement.ts';
import { matchingForm } from '../../../src/wire/vrrp/checksum.ts';
import { sequenceAt } from '../../../src/wire/vrrp/sequence.ts';
import {
  digestedBytes,
  digestIn,
  lengthBeforeTrailer,
  trailerAt,
} from '../../../src/wire/vrrp/trailer.ts';
import { toHex } from '../../unit/wire/hex.ts';
import {
  digest,
  hmac,
  KEY,
  KEYRING,
  OTHER_KEY,
  ROUTER4,
  type SignedOptions,
  signed,
} from '../hmac-rig.ts';
import { recordedRig, replayed } from '../recorded.ts';
import {
  type AdvertOptions,
  advert,
  instanceOf,
  OWN,
  PEER,
  PEER6,
  Rig,
  type RigOptions,
} from '../rig.ts';

/** The wall clock of the tests: 16 April 2025. */
const EPOCH = 0x6800_0000 * 1_000_000;

/** A router that authenticates, and whose wall clock is `EPOCH` when its engine starts. */
class Signing extends Rig {
  offset: number;

  constructor(
    authentication: Partial<HmacAuthentication> = {},
    more: Partial<InstanceSettings> = {},
    options: RigOptions = {},
  ) {
    super([{ authentication: hmac(authentication), ...more }], { keyring: KEYRING, ...options });
    this.offset = EPOCH - this.now;
    this.step(0);
    this.start();
  }

  get wall(): number {
    return this.now + this.offset;
  }

  /** The wall clock is set. */
  step(by: number): string[] {
    this.offset += by;
    return this.handle({ kind: 'wall.changed', offset: this.offset as Duration });
  }

  /** Hears a message that is signed now. */
  hearSigned(options: SignedOptions = {}, more: AdvertOptions = {}): string[] {
    return this.hear(advert(signed({ at: this.wall, ...options }, more)));
  }
}

interface Sent {
  readonly sequence: bigint;
  readonly keyId: number;
  readonly priority: number;
}

/** The signed messages of packets, whose digests have to be right. */
function readSent(rig: Rig, key: Uint8Array = KEY): Sent[] {
  return rig.sent.splice(0).map(({ packet }) => {
    const isIpv6 = (packet[0] ?? 0) >> 4 === 6;
    const family = isIpv6 ? 'ipv6' : 'ipv4';
    const offset = isIpv6 ? 40 : 20;
    const length = lengthBeforeTrailer(packet, offset, packet.length - offset, family);
    if (length === undefined) throw new Error('a packet is not signed');
    const trailer = trailerAt(packet, offset + length);
    const decoded = decodeAdvertisement(packet, offset, length, family);
    if (trailer === undefined || !decoded.ok) throw new Error('a packet is malformed');
    const source = isIpv6 ? ip('fe80::11') : OWN;
    const message = { bytes: packet, offset, length, source, trailer };
    expect(toHex(digestIn(message))).toBe(toHex(digest(digestedBytes(message), key)));
    return { ...trailer, priority: decoded.value.priority };
  });
}

describe('a MASTER that signs', () => {
  test.each([
    ['version 3', {}],
    ['version 2', { version: 2 }],
    ['both versions', { alsoVersion2: true }],
    ['IPv6', { family: 'ipv6' }],
    ['a virtual MAC', { virtualMac: { interface: 'vrrp.55', mac: mac('00:00:5e:00:01:37') } }],
  ] as const)('of %s signs each message, with a newer number each time', (_, more) => {
    const rig = new Signing({}, more);
    rig.becomeMaster();
    if (rig.state !== 'MASTER') return;
    rig.elapse(seconds(2));
    const sent = readSent(rig);
    expect(sent.length).toBeGreaterThan(2);
    for (const [at, one] of sent.entries()) {
      if (at > 0) expect(one.sequence).toBeGreaterThan(sent[at - 1]?.sequence ?? 0n);
    }
  });

  test('signs each message to each unicast peer', () => {
    const peers = [PEER, ip('192.0.2.13')].map((address) => ({ address, minimumTtl: 255 }));
    const rig = new Signing({}, { unicast: { source: OWN, peers } });
    rig.elapse(seconds(10));
    expect(readSent(rig).length).toBeGreaterThan(3);
  });

  test('signs its resignation', () => {
    const rig = new Signing();
    rig.becomeMaster();
    rig.sent.length = 0;
    rig.handle({ kind: 'shutdown' });
    expect(readSent(rig).map(({ priority }) => priority)).toEqual([0]);
  });

  test('signs priority 0 of a router that the next process does not have', () => {
    const rig = new Signing();
    expect(rig.engine.resignationsOf(new Set([ROUTER4]), rig.now)).toEqual([]);
    rig.becomeMaster();
    expect(rig.engine.resignationsOf(new Set(['eth0 ipv4 56']), rig.now)).toEqual([]);
    const [last] = readSent(rig).slice(-1);
    rig.sent.push(...rig.engine.resignationsOf(new Set([ROUTER4]), rig.now));
    const [zero, ...more] = readSent(rig);
    expect([zero?.priority, more]).toEqual([0, []]);
    expect(zero?.sequence).toBeGreaterThan(last?.sequence ?? 0n);
  });

  test('shows the last number to who has to sign in its place, also that of the process before', () => {
    const lastNumber = new BigUint64Array(1);
    const rig = new Signing({}, {}, { lastNumber });
    rig.becomeMaster();
    expect(lastNumber[0]).toBe(readSent(rig).at(-1)?.sequence);
    rig.step(-seconds(2));
    rig.elapse(seconds(1));
    expect(lastNumber[0]).toBe(readSent(rig).at(-1)?.sequence);

    const next = new BigUint64Array(1);
    const successor = new Signing({}, {}, { lastNumber: next, standby: true });
    successor.handle({ kind: 'adopt', capture: rig.engine.capture() });
    expect(next[0]).toBeGreaterThanOrEqual(lastNumber[0] ?? 0n);
  });

  test('sends the virtual MAC frame around the signed packet', () => {
    const virtualMac = { interface: 'vrrp.55', mac: mac('00:00:5e:00:01:37') };
    const rig = new Signing({}, { virtualMac });
    rig.becomeMaster();
    for (const { packet, frame } of rig.sent) {
      if (frame !== undefined) expect(frame.subarray(14)).toEqual(packet);
    }
  });

  test('signs nothing while it only receives', () => {
    const rig = new Signing({ mode: 'receive_only' });
    rig.becomeMaster();
    expect(rig.sent.length).toBeGreaterThan(0);
    expect(() => readSent(rig)).toThrow('a packet is not signed');
  });

  test('sends nothing without its key', () => {
    const rig = new Signing({}, {}, { keyring: new RouterKeys() });
    rig.becomeMaster();
    expect(rig.state).toBe('MASTER');
    expect(rig.sent).toEqual([]);
  });
});

describe('a BACKUP', () => {
  test.each(['enforce', 'permissive', 'receive_only'] as const)(
    'follows a signed message: %s',
    (mode) => {
      const rig = new Signing({ mode });
      expect(rig.hearSigned()).toEqual([]);
      expect(rig.view().master?.address).toBe(PEER);
      expect(rig.count('hmac-verified')).toBe(1);
    },
  );

  test('follows one of IPv6 and of version 2', () => {
    const rig6 = new Signing({}, { family: 'ipv6' });
    expect(rig6.hearSigned({ source: PEER6 })).toEqual([]);
    expect(rig6.view().master?.address).toBe(PEER6);
    const rig2 = new Signing({}, { version: 2 });
    expect(rig2.hearSigned({}, { version: 2 })).toEqual([]);
    expect(rig2.view().master?.address).toBe(PEER);
  });

  test.each([
    ['enforce', ['discard hmac-missing'], undefined],
    ['permissive', ['warning hmac-missing'], PEER],
    ['receive_only', ['warning hmac-missing'], PEER],
  ] as const)('of mode %s hears an unsigned message', (mode, lines, master) => {
    const rig = new Signing({ mode });
    expect(rig.hear(advert())).toEqual(lines);
    expect(rig.view().master?.address).toBe(master);
  });

  test('without authentication refuses a signed message for its length, and says why', () => {
    const rig = new Rig([{ authentication: { type: 'none' } }]);
    rig.start();
    expect(rig.hear(advert(signed()), advert(signed()))).toEqual([
      'discard packet-length-error',
      'discard packet-length-error',
      'master-refused 192.0.2.12 packet-length-error',
    ]);
    expect(rig.view().problems).toMatchObject([{ heard: 'hmac', expected: 'none' }]);
  });

  test('with a password refuses a signed message', () => {
    const authentication = { type: 'pass', password: 'secret12' } as const;
    const rig = new Rig([{ version: 2, authentication }]);
    rig.start();
    expect(rig.hear(advert(signed({}, { version: 2 })))).toEqual(['discard packet-length-error']);
  });

  test.each(['enforce', 'permissive', 'receive_only'] as const)(
    'refuses a wrong signature in mode %s, and no timer moves',
    (mode) => {
      const rig = new Signing({ mode });
      rig.hearSigned({ key: OTHER_KEY });
      const deadline = rig.engine.deadline();
      rig.freeze(milliseconds(500));
      expect(rig.hearSigned({ key: OTHER_KEY })).toContain('discard hmac-failure');
      expect(rig.engine.deadline()).toBe(deadline);
      expect(rig.view().senders).toEqual([]);
      expect(rig.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
    },
  );

  test('refuses every message with one bit changed', () => {
    const rig = new Signing();
    const whole = advert(signed({ at: rig.wall }));
    for (let bit = 20 * 8; bit < whole.length * 8; bit++) {
      const at = bit >> 3;
      rig.hear(whole.with(at, (whole[at] ?? 0) ^ (0x80 >> (bit & 7))));
    }
    expect(rig.count('advertisement-rcvd')).toBe(0);
    expect(rig.hear(whole)).toEqual([]);
    expect(rig.count('advertisement-rcvd')).toBe(1);
  });
});

test('a list that needs fragments is signed as a whole', () => {
  const addresses = Array.from({ length: 100 }, (_, at) => ({
    ...{ address: ip(`fe80::${(0x100 + at).toString(16)}`), prefixLength: 64, interface: 'eth0' },
  }));
  const master = new Signing({}, { family: 'ipv6', addresses });
  master.becomeMaster();
  const parts = master.sent.slice(0, 2).map(({ packet }) => packet);
  expect(parts.map((packet) => packet[6])).toEqual([44, 44]);
  const whole = wholeOf(parts);
  expect(whole.length).toBe(40 + 8 + 1_600 + 28);
  const trailer = trailerAt(whole, 1_648);
  if (trailer === undefined) throw new Error('there is no trailer');
  const source = ip('fe80::11');
  const message = { bytes: whole, offset: 40, length: 1_608, source, trailer };
  expect(toHex(digestIn(message))).toBe(toHex(digest(digestedBytes(message))));
  expect(matchingForm(whole, 40, 1_608, 'ipv6', 28)).toBe('rfc9568');
});

/** What the kernel of a receiver makes of the fragments of an IPv6 packet. */
function wholeOf(parts: readonly Uint8Array[]): Uint8Array {
  const payload = parts.flatMap((packet) => [...packet.subarray(48)]);
  const header = parts[0]?.slice(0, 40) ?? new Uint8Array(40);
  header[6] = 112;
  header.set([payload.length >> 8, payload.length & 0xff], 4);
  return Uint8Array.from([...header, ...payload]);
}

describe('a replay', () => {
  test('of a message that was followed is refused', () => {
    const rig = new Signing();
    const packet = advert(signed({ at: rig.wall }));
    rig.hear(packet);
    expect(rig.hear(packet)).toEqual(['discard hmac-replay']);
  });

  test('does not keep a BACKUP from taking over', () => {
    const rig = new Signing();
    const packet = advert(signed({ at: rig.wall }));
    rig.hear(packet);
    for (let count = 0; count < 10; count++) {
      rig.elapse(milliseconds(450));
      rig.hear(packet);
    }
    expect(rig.state).toBe('MASTER');
  });

  test('of an older message is refused, whatever its order', () => {
    const rig = new Signing();
    const older = advert(signed({ at: rig.wall - 1_000_000 }));
    rig.hearSigned();
    expect(rig.hear(older)).toEqual(['discard hmac-replay']);
  });

  test('of another sender is judged by the messages of that sender', () => {
    const rig = new Signing();
    rig.hearSigned();
    expect(rig.hearSigned({ source: ip('192.0.2.13') })).toEqual([]);
  });

  test('costs no digest outside the window', () => {
    let digests = 0;
    const counting = new (class extends RouterKeys {
      override isRight(...parameters: Parameters<RouterKeys['isRight']>): boolean {
        digests++;
        return super.isRight(...parameters);
      }
    })(new Map([[ROUTER4, { keys: [{ id: 1, bytes: KEY }], activeKey: 1 }]]));
    const rig = new Signing({}, {}, { keyring: counting });
    expect(rig.hearSigned({ at: rig.wall - 6_000_000 })).toEqual(['discard hmac-stale']);
    expect(rig.hearSigned({ at: rig.wall + 6_000_000 })).toContain('discard hmac-stale');
    expect(digests).toBe(0);
    rig.hearSigned();
    expect(digests).toBe(1);
  });

  test('of a sender that the table has forgotten is accepted within the window', () => {
    const rig = new Signing();
    const first = advert(signed({ at: rig.wall }));
    rig.hear(first);
    for (const last of [13, 14, 15, 16]) rig.hearSigned({ source: ip(`192.0.2.${last}`) });
    expect(rig.view().senders).toHaveLength(4);
    expect(rig.hear(first)).not.toContain('discard hmac-replay');
  });

  test('of monotonic is refused at any time, and nothing is stale', () => {
    const rig = new Signing({ antiReplay: 'monotonic' });
    const packet = advert(signed({ at: rig.wall - 86_400_000_000 }));
    expect(rig.hear(packet)).toEqual([]);
    rig.elapse(seconds(2));
    expect(rig.hear(packet)).toEqual(['discard hmac-replay']);
    expect(rig.hearSigned({ at: rig.wall + 86_400_000_000 })).toEqual([]);
  });
});

describe('a sender that starts again', () => {
  test('is followed at once, as its clock advances', () => {
    const rig = new Signing();
    rig.hearSigned();
    rig.freeze(milliseconds(50));
    expect(rig.hearSigned()).toEqual([]);
  });

  test('continues with the numbers of the process before, and with what was heard', () => {
    const before = new Signing();
    before.becomeMaster();
    const heard = advert(signed({ at: before.wall }, { priority: 90 }));
    before.hear(heard);
    const last = readSent(before).at(-1)?.sequence ?? 0n;
    const capture = JSON.parse(JSON.stringify(before.engine.capture()));
    const next = new Rig([{ authentication: hmac() }], { keyring: KEYRING, standby: true });
    next.now = before.now;
    // The clock was set back by 3 s meanwhile.
    next.handle({ kind: 'wall.changed', offset: (before.offset - 3_000_000) as Duration });
    next.start();
    next.handle({ kind: 'adopt', capture });
    expect(next.hear(heard)).toContain('discard hmac-replay');
    next.elapse(seconds(2));
    for (const { sequence } of readSent(next)) expect(sequence).toBeGreaterThan(last);
  });
});

describe('a clock that is set', () => {
  test('back by less than the window: the numbers of the MASTER go on growing', () => {
    const rig = new Signing();
    rig.becomeMaster();
    const last = readSent(rig).at(-1)?.sequence ?? 0n;
    rig.step(-4_000_000);
    rig.elapse(seconds(1));
    expect(readSent(rig)[0]?.sequence).toBeGreaterThan(last);
  });

  test('back by an hour on both: the MASTER starts again, and is heard', () => {
    const [master, backup] = [new Signing(), new Signing()];
    master.becomeMaster();
    backup.freeze(seconds(4));
    backup.hearSigned();
    master.step(-3_600_000_000);
    backup.step(-3_600_000_000);
    master.sent.length = 0;
    master.elapse(seconds(1));
    const [first] = readSent(master);
    expect(first?.sequence).toBeLessThan(sequenceAt(EPOCH));
    backup.freeze(seconds(1));
    expect(backup.hearSigned({ at: backup.wall })).toEqual([]);
  });

  test('forward by an hour on both: the MASTER is heard', () => {
    const backup = new Signing();
    backup.hearSigned();
    backup.step(3_600_000_000);
    backup.freeze(milliseconds(10));
    expect(backup.hearSigned()).toEqual([]);
  });

  test.each([-60_000_000, 60_000_000])('by %i us on one of the two: all is stale there', (by) => {
    const rig = new Signing();
    rig.hearSigned();
    rig.step(by);
    rig.freeze(milliseconds(100));
    expect(rig.hearSigned({ at: rig.wall - by })).toEqual(['discard hmac-stale']);
  });

  test('near the wrap of the seconds makes no difference', () => {
    const rig = new Signing();
    rig.step(2 ** 32 * 1_000_000 - 500_000 - rig.wall);
    expect(rig.hearSigned()).toEqual([]);
    rig.freeze(seconds(1));
    expect(rig.wall).toBeGreaterThan(2 ** 32 * 1_000_000);
    expect(rig.hearSigned()).toEqual([]);
    expect(rig.hearSigned({ at: rig.wall - 1_000_000 })).toEqual(['discard hmac-replay']);
  });
});

describe('a clock that differs', () => {
  test('by more than half the window is reported once, and again when it agrees', () => {
    const rig = new Signing();
    const hear = (ahead: number) => {
      rig.freeze(milliseconds(100));
      return rig.hearSigned({ at: rig.wall + ahead });
    };
    expect(hear(2_400_000)).toEqual([]);
    expect(hear(2_600_000)).toEqual([
      expect.stringMatching(/^clock of 192.0.2.12 differs by 2[56]/),
    ]);
    expect(hear(2_700_000)).toEqual([]);
    expect(rig.view().senders).toEqual([{ address: PEER, keyId: 1, clockMs: 2_600 }]);
    rig.freeze(seconds(2));
    expect(hear(1_000_000)).toEqual(['clock of 192.0.2.12 agrees']);
  });

  test('is no matter to monotonic', () => {
    const rig = new Signing({ antiReplay: 'monotonic' });
    expect(rig.hearSigned({ at: rig.wall + 4_000_000 })).toEqual([]);
  });
});

describe('a reload', () => {
  const change = (before: Partial<InstanceSettings>, after: Partial<InstanceSettings>) => {
    const settings = (one: Partial<InstanceSettings>) => ({
      ...{ router: 'lb1', linger: 'off' as const, syncGroups: [] },
      instances: [instanceOf(one)],
    });
    return settingsChange(settings(before), settings(after));
  };

  test('rotates the key without a transition', () => {
    const keyring = new RouterKeys();
    const [old, next] = [
      { id: 1, bytes: KEY },
      { id: 2, bytes: OTHER_KEY },
    ];
    const stages = [
      [hmac(), { keys: [old], activeKey: 1 }, 1],
      [hmac({ keyIds: [1, 2] }), { keys: [old, next], activeKey: 1 }, 1],
      [hmac({ keyIds: [1, 2], activeKey: 2 }), { keys: [old, next], activeKey: 2 }, 2],
      [hmac({ keyIds: [2], activeKey: 2 }), { keys: [next], activeKey: 2 }, 2],
    ] as const;
    keyring.replace(new Map([[ROUTER4, stages[0][1]]]));
    const rig = new Signing({}, {}, { keyring });
    rig.becomeMaster();
    readSent(rig);
    let before: HmacAuthentication = hmac();
    for (const [authentication, keys, active] of stages.slice(1)) {
      keyring.replace(new Map([[ROUTER4, keys]]));
      const lines = rig.handle({
        kind: 'settings.changed',
        change: change({ authentication: before }, { authentication }),
      });
      expect(lines.filter((line) => line.includes('->'))).toEqual([]);
      rig.elapse(seconds(2));
      const sent = readSent(rig, active === 1 ? KEY : OTHER_KEY);
      expect(new Set(sent.map(({ keyId }) => keyId))).toEqual(new Set([active]));
      before = authentication;
    }
    expect(rig.state).toBe('MASTER');
  });

  test('goes from none through the three modes without a transition', () => {
    const rig = new Rig([{ authentication: { type: 'none' } }], { keyring: KEYRING });
    rig.start();
    rig.becomeMaster();
    let before: InstanceSettings['authentication'] = { type: 'none' };
    for (const mode of ['receive_only', 'permissive', 'enforce'] as const) {
      const authentication = hmac({ mode });
      rig.handle({
        kind: 'settings.changed',
        change: change({ authentication: before }, { authentication }),
      });
      rig.sent.length = 0;
      rig.elapse(seconds(1));
      if (mode === 'receive_only') expect(() => readSent(rig)).toThrow('not signed');
      else expect(readSent(rig).length).toBeGreaterThan(0);
      before = authentication;
    }
    expect(rig.state).toBe('MASTER');
    const off = change({ authentication: before }, { authentication: { type: 'none' } });
    rig.handle({ kind: 'settings.changed', change: off });
    expect(rig.view().senders).toBeUndefined();
    expect(rig.engine.capture().routers[0]?.authentication).toBeUndefined();
  });
});

test('a recording has no key, and a replay decides the same', () => {
  const options = { keyring: KEYRING };
  const { rig, lines } = recordedRig([{ authentication: hmac(), version: 2 }], options);
  rig.handle({ kind: 'wall.changed', offset: seconds(1_000_000) });
  rig.start();
  const at = rig.now + 1_000_000_000_000;
  rig.hear(advert(signed({ at }, { version: 2 })));
  rig.elapse(milliseconds(500));
  rig.hear(advert(signed({ at: at + 500_000, key: OTHER_KEY }, { version: 2 })));
  rig.elapse(seconds(20));
  expect(rig.state).toBe('MASTER');
  expect(lines().join('')).not.toContain(Buffer.from(KEY).toString('hex'));
  expect(lines().join('')).toContain('"authentic":false');
  expect(replayed(lines()).difference).toBeUndefined();
});

test('an unknown key is named beside those that are known', () => {
  const rig = new Signing({ keyIds: [1, 3] });
  const hear = (): string[] => rig.hearSigned({ keyId: 2 });
  hear();
  rig.freeze(milliseconds(100));
  expect(hear()).toContain('master-refused 192.0.2.12 hmac-unknown-key');
  expect(rig.view().problems).toMatchObject([{ heard: '2', expected: '1 or 3' }]);
});
