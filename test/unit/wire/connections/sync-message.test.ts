import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import type { Connection } from '../../../../src/net/connection.ts';
import {
  encodeSyncMessages,
  isSendable,
  type SyncEntry,
} from '../../../../src/wire/connections/sync-message.ts';

const CONNECTION: Connection = {
  protocol: 'TCP',
  client: { address: ip('203.0.113.200'), port: 0x9c40 },
  service: { address: ip('203.0.113.100'), port: 80 },
  server: { address: ip('192.0.2.11'), port: 8080 },
  state: 'ESTABLISHED',
  isSynced: false,
  seconds: 897,
};
const TEMPLATE = { address: ip('203.0.113.200'), port: 0 };
const ENTRY: SyncEntry = { connection: CONNECTION, forwarding: 'nat', mark: 0, timeout: 900 };

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('connections for the sync daemon of another director', () => {
  test('IPv4 takes 36 bytes behind a header of eight', () => {
    const [message, ...more] = encodeSyncMessages([ENTRY], 55, 1_400);
    expect(more).toEqual([]);
    expect(hex(message)).toBe(
      ['0037002c', '01010000', '00060024', '00000000', '00019c40', '00501f90'].join('') +
        ['00000000', '00000384', 'cb0071c8', 'cb007164', 'c000020b'].join(''),
    );
  });

  test('IPv6 takes 72 bytes, and says so in its type', () => {
    const connection: Connection = {
      ...CONNECTION,
      protocol: 'UDP',
      state: 'UDP',
      client: { address: ip('2001:db8::c8'), port: 1 },
      service: { address: ip('2001:db8::100'), port: 53 },
      server: { address: ip('2001:db8:1::b'), port: 53 },
    };
    const [message] = encodeSyncMessages(
      [{ ...ENTRY, connection, mark: 7, timeout: 300 }],
      1,
      1_400,
    );
    expect(hex(message)).toBe(
      ['00010050', '01010000', '01110048', '00000000', '00000001', '00350035'].join('') +
        ['00000007', '0000012c'].join('') +
        '20010db80000000000000000000000c8' +
        '20010db8000000000000000000000100' +
        '20010db800010000000000000000000b',
    );
  });

  test.each([
    ['nat', '00000000'],
    ['local', '00000081'],
    ['tun', '00000082'],
    ['dr', '00000083'],
    ['bypass', '00000084'],
  ] as const)('%s has the flags %s: answers pass by only with nat', (forwarding, flags) => {
    const [message] = encodeSyncMessages([{ ...ENTRY, forwarding }], 55, 1_400);
    expect(hex(message).slice(24, 32)).toBe(flags);
  });

  test('a message holds what fits, and 255 entries at most', () => {
    const entries = Array.from({ length: 300 }, () => ENTRY);
    const lengths = (maximum: number) =>
      encodeSyncMessages(entries, 55, maximum).map((message) => message.length);
    expect(new Set(lengths(1_452))).toEqual(new Set([8 + 36 * 40, 8 + 36 * 20]));
    expect(lengths(8 + 36 * 150)).toEqual([8 + 36 * 150, 8 + 36 * 150]);
    expect(lengths(8 + 36 * 150 - 1)).toEqual([8 + 36 * 149, 8 + 36 * 149, 8 + 36 * 2]);
    expect(lengths(65_000)).toEqual([8 + 36 * 255, 8 + 36 * 45]);
    expect(encodeSyncMessages([], 55, 1_400)).toEqual([]);
  });

  test('a template of a mark has no protocol and no ports, but its own flag and state', () => {
    const connection: Connection = {
      ...CONNECTION,
      protocol: 'IP',
      state: 'ASSURED',
      client: TEMPLATE,
      service: { address: ip('0.0.0.7'), port: 0 },
      server: { address: ip('192.0.2.11'), port: 0 },
    };
    const [message] = encodeSyncMessages([{ ...ENTRY, connection, mark: 7 }], 55, 1_400);
    expect(hex(message).slice(16)).toBe(
      ['00000024', '00001000', '00010000', '00000000'].join('') +
        ['00000007', '00000384', 'cb0071c8', '00000007', 'c000020b'].join(''),
    );
  });

  test.each([
    [{}, true],
    [{ protocol: 'UDP', state: 'UDP' }, true],
    [{ protocol: 'SCTP' }, false],
    [{ state: 'NONE' }, false],
    [{ client: TEMPLATE, state: 'ASSURED' }, true],
    [{ client: TEMPLATE, state: 'ASSURED', protocol: 'SCTP' }, true],
    [{ client: TEMPLATE, state: 'NONE', protocol: 'UDP' }, true],
    [{ client: TEMPLATE, state: 'ESTABLISHED' }, false],
    [{ client: TEMPLATE, state: 'ASSURED', protocol: 'ESP' }, false],
    [{ state: 'SYN_RECV' }, false],
    [{ server: { address: ip('2001:db8::1'), port: 80 } }, false],
  ])('%o can be expressed: %s', (more, sendable) => {
    const connection = { ...CONNECTION, ...more };
    expect(isSendable(connection)).toBe(sendable);
    expect(encodeSyncMessages([{ ...ENTRY, connection }], 55, 1_400)).toHaveLength(
      sendable ? 1 : 0,
    );
  });
});
