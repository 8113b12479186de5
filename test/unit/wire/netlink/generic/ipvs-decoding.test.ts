/** Dumps of kernels that omit attributes, or have values that this program does not know. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { type Attributes, AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeFamilyNumber,
  decodeGeneric,
  encodeGeneric,
} from '../../../../../src/wire/netlink/generic/generic.ts';
import { decodeDaemon } from '../../../../../src/wire/netlink/generic/ipvs/daemon.ts';
import { decodeInfo, decodeTimeouts } from '../../../../../src/wire/netlink/generic/ipvs/info.ts';
import { decodeServer } from '../../../../../src/wire/netlink/generic/ipvs/server.ts';
import { decodeService } from '../../../../../src/wire/netlink/generic/ipvs/service.ts';
import { fromHex } from '../../hex.ts';

type Values = Readonly<Record<number, Uint8Array>>;

/** Types of the lists in a message (<linux/ip_vs.h>, IPVS_CMD_ATTR_*). */
const SERVICE = 1;
const DEST = 2;
const DAEMON = 3;

function without(values: Values, ...types: number[]): Values {
  const kept = Object.entries(values).filter(([type]) => !types.includes(Number(type)));
  return Object.fromEntries(kept);
}

function listOf(values: Values): AttributeWriter {
  const writer = new AttributeWriter();
  for (const [type, value] of Object.entries(values)) writer.bytes(Number(type), value);
  return writer;
}

function received(writer: AttributeWriter): Attributes {
  const message = decodeGeneric(encodeGeneric(1, 1, writer));
  if (!message.ok) throw new Error(message.error.code);
  return message.value.attributes;
}

function holding(list: number, values: Values): Attributes {
  const inner = listOf(values).finish();
  return received(new AttributeWriter().bytes(list, inner));
}

function missing(within: string, attribute: number) {
  return { ok: false, error: { code: 'ipvs-attribute-missing', within, attribute } };
}

function unknown(within: string, attribute: number) {
  return { ok: false, error: { code: 'ipvs-value-unknown', within, attribute } };
}

const ADDRESS = fromHex('c0000201000000000000000000000000');
const ADDRESS6 = fromHex('20010db8000000000000000000000001');

describe('a service', () => {
  const tcp: Values = {
    1: fromHex('0200'),
    2: fromHex('0600'),
    3: ADDRESS,
    4: fromHex('0050'),
    6: fromHex('727200'),
  };
  const key = {
    kind: 'address',
    family: 'ipv4',
    protocol: 'tcp',
    address: ip('192.0.2.1'),
    port: 80,
  };

  test('needs nothing but its key and its scheduler', () => {
    expect(decodeService(holding(SERVICE, tcp))).toMatchObject({
      ok: true,
      value: { key, scheduler: 'rr', schedulerFlags: 0, onePacket: false, persistence: undefined },
    });
  });

  test.each([
    ['its family', 1],
    ['its protocol', 2],
  ])('is refused without %s', (_, attribute) => {
    const decoded = decodeService(holding(SERVICE, without(tcp, attribute)));
    expect(decoded).toEqual(unknown('service', attribute));
  });

  test.each([
    ['its address', 3],
    ['its port', 4],
    ['its scheduler', 6],
  ])('is refused without %s', (_, attribute) => {
    const decoded = decodeService(holding(SERVICE, without(tcp, attribute)));
    expect(decoded).toEqual(missing('service', attribute));
  });

  test.each([
    ['family', 1, '0700'],
    ['protocol', 2, '1100ff'.slice(2, 6)],
  ])('of an unknown %s is refused', (_, attribute, hex) => {
    const decoded = decodeService(holding(SERVICE, { ...tcp, [attribute]: fromHex(hex) }));
    expect(decoded).toEqual(unknown('service', attribute));
  });

  test.each([
    ['its address', 3, 'c00002'],
    ['its port', 4, '00'],
  ])('is refused where %s is too short', (_, attribute, hex) => {
    const decoded = decodeService(holding(SERVICE, { ...tcp, [attribute]: fromHex(hex) }));
    expect(decoded).toEqual(missing('service', attribute));
  });

  test('over IPv6 needs sixteen bytes of address', () => {
    const six = { ...tcp, 1: fromHex('0a00'), 3: ADDRESS6 };
    expect(decodeService(holding(SERVICE, six))).toMatchObject({
      value: { key: { family: 'ipv6', address: '2001:db8::1' } },
    });
    const short = { ...six, 3: ADDRESS6.subarray(0, 15) };
    expect(decodeService(holding(SERVICE, short))).toEqual(missing('service', 3));
  });

  test('with the mark 0 is known by its address', () => {
    const unmarked = { ...tcp, 5: fromHex('00000000') };
    expect(decodeService(holding(SERVICE, unmarked))).toMatchObject({ value: { key } });
  });

  test.each([
    ['ipv4', '0200', 32],
    ['ipv6', '0a00', 128],
  ])('of %s is persistent for single clients if there is no netmask', (_, family, length) => {
    const flags = fromHex('0100000000000000');
    const sticky = { ...tcp, 1: fromHex(family), 3: ADDRESS6, 7: flags };
    const persistence = { seconds: 0, prefixLength: length, engine: undefined };
    expect(decodeService(holding(SERVICE, sticky))).toMatchObject({ value: { persistence } });
    const short = { ...sticky, 9: fromHex('ffff') };
    expect(decodeService(holding(SERVICE, short))).toMatchObject({ value: { persistence } });
  });

  test.each([
    ['0200', '00000000', 0],
    ['0200', 'ffffff00', 24],
    ['0200', 'ffffffff', 32],
    ['0a00', '40000000', 64],
  ])('of family %s with the netmask %s is persistent for prefixes', (family, mask, length) => {
    const sticky = {
      ...tcp,
      1: fromHex(family),
      3: ADDRESS6,
      7: fromHex('0100000000000000'),
      8: fromHex('2c010000'),
      9: fromHex(mask),
      11: fromHex('73697000'),
    };
    expect(decodeService(holding(SERVICE, sticky))).toMatchObject({
      value: { persistence: { seconds: 300, prefixLength: length, engine: 'sip' } },
    });
  });

  test('is refused if the message has none', () => {
    expect(decodeService(received(new AttributeWriter()))).toEqual(missing('service', SERVICE));
  });
});

describe('a real server', () => {
  const nat: Values = { 1: ADDRESS, 2: fromHex('1f90'), 3: fromHex('00000000') };

  test('has zero for every number that is missing', () => {
    expect(decodeServer(holding(DEST, without(nat, 3)), 'ipv4')).toEqual({
      ok: true,
      value: {
        address: ip('192.0.2.1'),
        port: 8080,
        forwarding: 'nat',
        weight: 0,
        upperThreshold: 0,
        lowerThreshold: 0,
        tunnel: undefined,
        activeConnections: 0,
        inactiveConnections: 0,
        persistentConnections: 0,
        statistics: {
          connections: 0,
          packetsIn: 0,
          packetsOut: 0,
          bytesIn: 0,
          bytesOut: 0,
          connectionRate: 0,
          packetRateIn: 0,
          packetRateOut: 0,
          byteRateIn: 0,
          byteRateOut: 0,
        },
      },
    });
  });

  test('has the family of its service unless the message has one', () => {
    const six = { ...nat, 1: ADDRESS6 };
    expect(decodeServer(holding(DEST, six), 'ipv6')).toMatchObject({
      value: { address: '2001:db8::1' },
    });
    expect(decodeServer(holding(DEST, { ...six, 11: fromHex('0a00') }), 'ipv4')).toMatchObject({
      value: { address: '2001:db8::1' },
    });
  });

  test.each([
    ['its address', 1],
    ['its port', 2],
  ])('is refused without %s', (_, attribute) => {
    const decoded = decodeServer(holding(DEST, without(nat, attribute)), 'ipv4');
    expect(decoded).toEqual(missing('server', attribute));
  });

  test('of an unknown forwarding method is refused; other flags do not count', () => {
    const strange = { ...nat, 3: fromHex('05000000') };
    expect(decodeServer(holding(DEST, strange), 'ipv4')).toEqual(unknown('server', 3));
    const flagged = { ...nat, 3: fromHex('03010000') };
    expect(decodeServer(holding(DEST, flagged), 'ipv4')).toMatchObject({
      value: { forwarding: 'dr' },
    });
  });

  test('behind a tunnel of unknown type is behind IPIP', () => {
    const tunnel = { type: 'ipip', port: 0, checksum: 'none' };
    const plain = { ...nat, 3: fromHex('02000000') };
    expect(decodeServer(holding(DEST, plain), 'ipv4')).toMatchObject({ value: { tunnel } });
    const strange = { ...plain, 13: fromHex('09'), 15: fromHex('0900') };
    expect(decodeServer(holding(DEST, strange), 'ipv4')).toMatchObject({ value: { tunnel } });
  });

  test('has the narrow counters of a kernel without wide ones', () => {
    const statistics = listOf({ 1: fromHex('07000000'), 4: fromHex('00010000') }).finish();
    expect(decodeServer(holding(DEST, { ...nat, 10: statistics }), 'ipv4')).toMatchObject({
      value: { statistics: { connections: 7, bytesIn: 256, bytesOut: 0 } },
    });
    const wide = listOf({ 1: fromHex('0000000001000000'), 2: fromHex('0900') }).finish();
    const both = { ...nat, 10: statistics, 12: wide };
    expect(decodeServer(holding(DEST, both), 'ipv4')).toMatchObject({
      value: { statistics: { connections: 2 ** 32, packetsIn: 0, bytesIn: 0 } },
    });
  });

  test('is refused if the message has none', () => {
    expect(decodeServer(received(new AttributeWriter()), 'ipv4')).toEqual(missing('server', DEST));
  });
});

describe('a sync daemon', () => {
  const master: Values = { 1: fromHex('01000000'), 2: fromHex('6574683000') };

  test('needs nothing but its role and its interface', () => {
    expect(decodeDaemon(holding(DAEMON, master))).toEqual({
      ok: true,
      value: {
        role: 'master',
        interface: 'eth0',
        syncId: 0,
        group: undefined,
        port: undefined,
        ttl: undefined,
        maximumLength: undefined,
      },
    });
  });

  test.each([
    [5, 'e0000051', '224.0.0.81'],
    [6, 'ff020000000000000000000000000051', 'ff02::51'],
    [5, 'e00000', undefined],
  ])('with the group in attribute %i as %s has %s', (attribute, hex, group) => {
    const decoded = decodeDaemon(holding(DAEMON, { ...master, [attribute]: fromHex(hex) }));
    expect(decoded).toMatchObject({ value: { group } });
  });

  test('of an unknown role, or without a role or an interface, is refused', () => {
    const strange = { ...master, 1: fromHex('03000000') };
    expect(decodeDaemon(holding(DAEMON, strange))).toEqual(unknown('daemon', 1));
    expect(decodeDaemon(holding(DAEMON, without(master, 1)))).toEqual(unknown('daemon', 1));
    expect(decodeDaemon(holding(DAEMON, without(master, 2)))).toEqual(missing('daemon', 2));
    expect(decodeDaemon(received(new AttributeWriter()))).toEqual(missing('daemon', DAEMON));
  });
});

describe('the information about IPVS', () => {
  const nothing = received(new AttributeWriter());

  test('is zero where attributes are missing', () => {
    expect(decodeInfo(nothing)).toEqual({ version: '0.0.0', tableSize: 0 });
    expect(decodeTimeouts(nothing)).toEqual({ tcp: 0, tcpFin: 0, udp: 0 });
  });

  test('has a family number only in a whole answer', () => {
    expect(decodeFamilyNumber(fromHex('010100'))).toBeUndefined();
    expect(decodeFamilyNumber(fromHex('01010000'))).toBeUndefined();
    expect(decodeFamilyNumber(fromHex('01010000060001001d000000'))).toBe(29);
  });
});
