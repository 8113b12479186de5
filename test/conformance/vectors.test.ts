import { describe, expect, test } from 'vitest';
import { decodePacket } from '../../src/library/decode-packet.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { centiseconds, seconds } from '../../src/net/time.ts';
import { PROTOCOL_VRRP } from '../../src/net/vrrp.ts';
import { judge, type ReceiverProfile } from '../../src/protocol/engine/router/intake.ts';
import type { Authentication } from '../../src/protocol/engine/settings.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../src/wire/ip.ts';
import {
  VECTORS,
  type Vector,
  type VectorFields,
  type VectorReceiver,
} from '../fixtures/vectors.ts';

function packetOf({ family, src, dst, ttl, hex }: Vector): Uint8Array {
  const message = Uint8Array.from(Buffer.from(hex, 'hex'));
  const header = { source: ip(src), destination: ip(dst), trafficClass: 0xc0 };
  return family === 'ipv4'
    ? encodeIpv4Packet({ ...header, ttl, protocol: PROTOCOL_VRRP }, message)
    : encodeIpv6Packet({ ...header, hopLimit: ttl, nextHeader: PROTOCOL_VRRP }, message);
}

/** The default receiver of the file's `about`, with the vector's own differences. */
function receiverOf({ hex, src, rx = {} }: Vector): ReceiverProfile {
  const version = hex.startsWith('2') ? 2 : 3;
  const interval = rx.adverInt ?? (version === 2 ? 1 : 100);
  return {
    vrid: rx.vrid ?? 51,
    version,
    priority: rx.localPriority ?? 90,
    interval: version === 2 ? seconds(interval) : centiseconds(interval),
    addresses: rx.addresses?.map(ip),
    checkAddressList: rx.checkAddrList ?? false,
    requireLinkLocal: true,
    checksum: 'auto',
    authentication: authenticationOf(rx),
    delivery: rx.unicast ? unicastFrom(ip(src), rx.minTtl ?? 255) : 'multicast',
    localAddress: ip(rx.localAddress ?? '192.0.2.12'),
  };
}

function authenticationOf({ auth }: VectorReceiver): Authentication {
  return auth?.type === 1 ? { type: 'pass', password: auth.password ?? '' } : { type: 'none' };
}

function unicastFrom(address: IpAddress, minimumTtl: number) {
  return { source: undefined, peers: [{ address, minimumTtl }] };
}

function judged(vector: Vector, more: Partial<ReceiverProfile> = {}) {
  const packet = packetOf(vector);
  return judge(packet, packet.length, { ...receiverOf(vector), ...more });
}

/** A verdict in the format of the vectors. */
function fieldsOf(vector: Vector): VectorFields {
  const verdict = judged(vector);
  if (!verdict.ok) throw new Error(`refused: ${verdict.reason}`);
  const {
    version,
    type,
    vrid,
    priority,
    count,
    interval,
    authType,
    authData,
    checksum,
    addresses,
  } = verdict.advertisement;
  const unit =
    version === 2
      ? { adverInt: interval / 1_000_000, adverIntUnit: 's' }
      : { maxAdverInt: interval / 10_000, adverIntUnit: 'cs' };
  return {
    version,
    type,
    vrid,
    priority,
    count,
    ...(authType === undefined ? {} : { authType }),
    ...(authData === undefined ? {} : { auth: Buffer.from(authData).toString('hex') }),
    ...unit,
    checksum: `0x${checksum.toString(16).padStart(4, '0')}`,
    addresses,
  };
}

/** Long lists are given by their ends. */
function expectedFields(decoded: VectorFields, found: VectorFields): VectorFields {
  const { addresses } = decoded;
  if ('first' in addresses && Array.isArray(found.addresses)) {
    expect({
      count: found.addresses.length,
      first: found.addresses[0],
      last: found.addresses.at(-1),
    }).toEqual(addresses);
    return { ...decoded, addresses: found.addresses };
  }
  return decoded;
}

describe('a receiver', () => {
  test('is tried with all vectors', () => {
    expect(VECTORS.length).toBe(51);
  });

  for (const vector of VECTORS) {
    const { name, expect: expected } = vector;
    if (expected.result === 'ok') {
      test(`accepts ${name} and reads every field`, () => {
        const found = fieldsOf(vector);
        expect(found).toEqual(expectedFields(expected.decoded, found));
      });
      test(`warns of ${expected.warn ?? 'nothing'} in ${name}`, () => {
        const warnings = expected.warn === undefined ? [] : [expected.warn];
        expect(judged(vector, samePriority(vector))).toMatchObject({ ok: true, warnings });
      });
    } else {
      test(`refuses ${name} for ${expected.reason}`, () => {
        expect(judged(vector)).toEqual({ ok: false, reason: expected.reason });
      });
    }
  }

  for (const vector of VECTORS.filter(({ rx }) => rx?.checksum?.includes('pseudo'))) {
    test(`that is strict about RFC 9568 refuses ${vector.name}`, () => {
      expect(judged(vector, { checksum: 'rfc9568' })).toEqual({
        ok: false,
        reason: 'checksum-error',
      });
      expect(judged(vector, { checksum: 'pseudo_header' })).toMatchObject({ ok: true });
    });
  }
});

/** A router of the same priority gives a warning that the vectors omit. */
function samePriority({ rx }: Vector): Partial<ReceiverProfile> {
  return rx?.localPriority === 100 ? { priority: undefined } : {};
}

describe('decode', () => {
  /** Reasons that need a receiver with a configuration. */
  const LOCAL = new Set(['v2-interval-differs', 'v2-addrlist-differs', 'v2-auth-pass-on-none']);

  for (const vector of VECTORS.filter(({ rx }) => !rx?.unicast)) {
    const { name, src, dst, ttl, hex, rx, expect: expected } = vector;
    const isShown = expected.result === 'ok' || LOCAL.has(name);
    test(`${isShown ? 'shows' : 'refuses'} ${name}`, () => {
      const document = decodePacket(
        {
          message: Uint8Array.from(Buffer.from(hex, 'hex')),
          source: ip(src),
          destination: ip(dst),
          ttl,
          version: undefined,
          password: rx?.auth?.password,
        },
        judge,
      );
      const refused = expected.result === 'error' ? { ok: false, reason: expected.reason } : {};
      expect(document).toMatchObject(isShown ? { ok: true } : refused);
    });
  }
});
