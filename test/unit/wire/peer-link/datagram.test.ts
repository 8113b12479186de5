import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { milliseconds } from '../../../../src/net/time.ts';
import {
  datagramHead,
  decodeDatagram,
  emptyLength,
  encodeDatagram,
  LONGEST_DATAGRAM,
  type PeerDatagram,
  TAG_LENGTH,
} from '../../../../src/wire/peer-link/datagram.ts';
import {
  type InstanceStatement,
  statementLength,
} from '../../../../src/wire/peer-link/statement.ts';

const WEB: InstanceStatement = {
  name: 'web',
  interface: 'eth0',
  family: 'ipv4',
  vrid: 55,
  state: 'MASTER',
  priority: 150,
  canServe: 'yes',
  resigningTo: 'lb2',
  source: ip('192.0.2.11'),
  misses: false,
  faults: ['interface-down'],
  digests: [0xffffffff, 0],
};

const DATAGRAM: PeerDatagram = {
  boot: '00000000000000ff',
  sequence: 2 ** 40 + 1,
  sentAt: 86_400_000_000,
  wall: 1_700_000_000_000_000,
  echo: { boot: 'fedcba9876543210', sequence: 17, sentAt: 99, heldFor: 50_000 },
  heartbeat: 100_000,
  part: 2,
  parts: 3,
  name: 'lb1',
  version: '0.1.0',
  services: 7,
  statements: [WEB],
  table: null,
};

function decoded(bytes: Uint8Array): PeerDatagram {
  const result = decodeDatagram(bytes);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const word = fc.stringMatching(/^[!-~]{0,64}$/);
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const whole = fc.maxSafeNat();
const boot = fc.stringMatching(/^[0-9a-f]{15}[1-9a-f]$/);

const statement = fc.record({
  name: word,
  interface: word,
  family: fc.constantFrom('ipv4' as const, 'ipv6' as const),
  vrid: fc.integer({ min: 1, max: 255 }),
  state: fc.constantFrom('INIT' as const, 'BACKUP' as const, 'MASTER' as const, 'FAULT' as const),
  priority: fc.integer({ min: 0, max: 255 }),
  canServe: fc.constantFrom('yes' as const, 'no' as const, 'unknown' as const),
  resigningTo: fc.option(word.filter((text) => text !== '')),
  source: fc.option(fc.constantFrom(ip('192.0.2.11'), ip('fe80::11'))),
  misses: fc.boolean(),
  faults: fc.array(word, { maxLength: 4 }),
  digests: fc.array(uint32, { maxLength: 16 }),
});

/** What a statement about an instance with a witness has as well. */
const agreement = fc.record(
  {
    claims: fc.constant(true as const),
    promise: fc.record({
      to: word.filter((text) => text !== ''),
      ttl: fc.integer({ min: 0, max: 60_000 }).map(milliseconds),
    }),
  },
  { requiredKeys: [] },
);
const agreed = fc
  .tuple(statement, agreement)
  .map(([one, more]): InstanceStatement => ({ ...one, ...more }));

test('a promise that has no time is malformed', () => {
  const promise = { to: 'lb1', ttl: milliseconds(2_000) };
  const bytes = encodeDatagram({ ...DATAGRAM, statements: [{ ...WEB, promise }] }, 1);
  const at = bytes.findIndex((_, place) =>
    bytes.subarray(place, place + 4).every((byte, digit) => byte === '2000'.charCodeAt(digit)),
  );
  expect(at).toBeGreaterThan(0);
  bytes[at] = 'x'.charCodeAt(0);
  expect(decodeDatagram(bytes)).toMatchObject({ ok: false, error: { code: 'malformed' } });
});

describe('a datagram of the peer link', () => {
  test('is decoded as it was encoded', () => {
    const datagram = fc.record({
      boot,
      sequence: whole,
      sentAt: whole,
      wall: whole,
      echo: fc.option(fc.record({ boot, sequence: whole, sentAt: whole, heldFor: uint32 })),
      heartbeat: uint32,
      part: fc.integer({ min: 0, max: 255 }),
      parts: fc.integer({ min: 0, max: 255 }),
      name: word,
      version: word,
      services: uint32,
      statements: fc.array(agreed, { maxLength: 2 }),
      table: fc.constant(null),
    });
    fc.assert(
      fc.property(datagram, fc.integer({ min: 1, max: 255 }), (value, keyId) => {
        const bytes = encodeDatagram(value, keyId);
        const body = value.statements.reduce((sum, one) => sum + statementLength(one), 0);
        expect(bytes.length).toBe(emptyLength(value) + body);
        expect(decoded(bytes)).toEqual(value);
        expect(datagramHead(bytes)).toEqual({
          ok: true,
          value: { keyId, boot: value.boot, sequence: value.sequence },
        });
      }),
    );
  });

  test('carries a summary of the connection table in place of statements', () => {
    const datagram = { ...DATAGRAM, name: '', version: '', statements: [], table: '00ff10' };
    expect(decoded(encodeDatagram(datagram, 1))).toEqual(datagram);
  });

  test('that is cut anywhere is refused', () => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeDatagram(bytes.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
  });

  test('that continues after its last statement is malformed', () => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(decodeDatagram(longer)).toEqual({ ok: false, error: { code: 'malformed' } });
  });

  test('that is longer than the smallest MTU allows is refused by its length', () => {
    const bytes = new Uint8Array(LONGEST_DATAGRAM + 1);
    bytes.set(encodeDatagram(DATAGRAM, 1));
    expect(datagramHead(bytes)).toEqual({ ok: false, error: { code: 'length' } });
    expect(decodeDatagram(bytes)).toEqual({ ok: false, error: { code: 'length' } });
  });

  test('of another version, or of another protocol, is refused by its version', () => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    bytes[3] = 2;
    expect(datagramHead(bytes)).toEqual({ ok: false, error: { code: 'version' } });
    expect(datagramHead(new Uint8Array(200))).toEqual({ ok: false, error: { code: 'version' } });
  });

  test.each([
    ['no boot id', 8, [0, 0, 0, 0, 0, 0, 0, 0]],
    ['a sequence beyond 2^53', 16, [0xff]],
    ['an unknown kind', 4, [9]],
    ['a name longer than 64', 76, [65]],
    ['a version text beyond the end', 80, [64]],
    ['an address family of 5', 87, [5]],
    ['an unknown state', 89, [4]],
    ['an unknown ability to serve', 91, [3]],
    ['more faults than four', 92, [5]],
    ['more digests than sixteen', 93, [17]],
  ])('with %s is malformed', (_, offset, values) => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    bytes.set(values, offset);
    expect(decodeDatagram(bytes)).toEqual({ ok: false, error: { code: 'malformed' } });
  });

  test('with an address that is none is malformed', () => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    const text = Buffer.from(bytes).indexOf('192.0.2.11');
    bytes.set(Buffer.from('192.0.2.xx'), text);
    expect(decodeDatagram(bytes)).toEqual({ ok: false, error: { code: 'malformed' } });
  });

  test('cuts long texts, and shows nothing that could move a cursor', () => {
    const name = `\u001b[2J${'x'.repeat(100)}`;
    const [first] = decoded(
      encodeDatagram({ ...DATAGRAM, statements: [{ ...WEB, name }] }, 1),
    ).statements;
    expect(first?.name).toBe(`?[2J${'x'.repeat(60)}`);
  });

  test('has room for the HMAC at its end', () => {
    const bytes = encodeDatagram(DATAGRAM, 1);
    expect([...bytes.subarray(-TAG_LENGTH)]).toEqual(new Array(TAG_LENGTH).fill(0));
  });
});
