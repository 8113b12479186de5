/** The numbers of <linux/ip_vs.h> and <linux/genetlink.h>, and the values at their limits. */
import { describe, expect, test } from 'vitest';
import { type Attributes, AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeGeneric,
  encodeFamilyRequest,
  encodeGeneric,
} from '../../../../../src/wire/netlink/generic/generic.ts';
import { encodeNewDaemon } from '../../../../../src/wire/netlink/generic/ipvs/daemon.ts';
import { decodeInfo, encodeTimeouts } from '../../../../../src/wire/netlink/generic/ipvs/info.ts';
import { encodeIpvs, IPVS_FAMILY } from '../../../../../src/wire/netlink/generic/ipvs/message.ts';
import { decodeService } from '../../../../../src/wire/netlink/generic/ipvs/service.ts';
import { decodeStatistics } from '../../../../../src/wire/netlink/generic/ipvs/statistics.ts';
import { fromHex, toHex } from '../../hex.ts';

function received(writer: AttributeWriter): Attributes {
  const message = decodeGeneric(encodeGeneric(1, 1, writer));
  if (!message.ok) throw new Error(message.error.code);
  return message.value.attributes;
}

test('a family is asked for by its name', () => {
  expect(toHex(encodeFamilyRequest(IPVS_FAMILY))).toBe(
    '03010000 0900 0200 4950565300 000000'.replaceAll(' ', ''),
  );
});

describe('a generic message', () => {
  test('may have no attributes, but has a whole header', () => {
    expect(encodeGeneric(15, 1)).toEqual(fromHex('0f010000'));
    expect(decodeGeneric(fromHex('0f010000'))).toMatchObject({ ok: true, value: { command: 15 } });
    for (const hex of ['', '0f', '0f0100']) {
      expect(decodeGeneric(fromHex(hex))).toEqual({
        ok: false,
        error: { code: 'generic-truncated', length: hex.length / 2 },
      });
    }
  });

  test('with broken attributes is refused', () => {
    expect(decodeGeneric(fromHex('0f010000 0300 0100')).ok).toBe(false);
  });
});

test.each([
  ['newService', 1],
  ['setService', 2],
  ['removeService', 3],
  ['getService', 4],
  ['newServer', 5],
  ['setServer', 6],
  ['removeServer', 7],
  ['getServer', 8],
  ['newDaemon', 9],
  ['removeDaemon', 10],
  ['getDaemon', 11],
  ['setConfig', 12],
  ['getConfig', 13],
  ['getInfo', 15],
] as const)('the command %s has the number %i, in version 1 of the family', (command, number) => {
  expect([...encodeIpvs(command)]).toEqual([number, 1, 0, 0]);
});

test('the timeouts have a request of their own', () => {
  expect(toHex(encodeTimeouts({ tcp: 900, tcpFin: 120, udp: 300 }))).toBe(
    '0c010000' + '0800040084030000' + '0800050078000000' + '080006002c010000',
  );
});

test('the version of IPVS has one byte for each part', () => {
  const info = received(new AttributeWriter().uint32(1, 0xff0a_0b0c).uint32(2, 0x8000_0000));
  expect(decodeInfo(info)).toEqual({ version: '10.11.12', tableSize: 0x8000_0000 });
});

test('a daemon is requested with the attributes that the kernel reads', () => {
  const daemon = {
    role: 'master',
    interface: 'e',
    syncId: 55,
    group: undefined,
    port: 8848,
    ttl: 3,
    maximumLength: 1400,
  } as const;
  expect(toHex(encodeNewDaemon(daemon))).toBe(
    '09010000' +
      '34000380' +
      '0800010001000000' +
      '0600020065000000' +
      '0800030037000000' +
      '0600040078050000' +
      '0600070090220000' +
      '0500080003000000',
  );
});

describe('the counters of a service', () => {
  const names = [
    'connections',
    'packetsIn',
    'packetsOut',
    'bytesIn',
    'bytesOut',
    'connectionRate',
    'packetRateIn',
    'packetRateOut',
    'byteRateIn',
    'byteRateOut',
  ];
  const expected = Object.fromEntries(names.map((name, at) => [name, 101 + at]));

  test.each([
    ['32', 4],
    ['64', 8],
  ])('are ten numbers of %s bits', (_, size) => {
    const list = received(
      new AttributeWriter().nested(9, (inner) => {
        for (let type = 1; type <= names.length; type++) {
          inner.bytes(type, new Uint8Array(size).with(0, 100 + type));
        }
      }),
    );
    expect(decodeStatistics(list, 9, 8)).toEqual(expected);
    expect(decodeStatistics(list, 8, 9)).toEqual(expected);
    expect(decodeStatistics(list, 7, 8)).toMatchObject({ connections: 0, byteRateOut: 0 });
  });

  test.each([
    ['ffffff', 0],
    ['ffffffff', 0xffff_ffff],
    ['ffffffff000000', 0xffff_ffff],
    ['ffffffff01000000', 0x1_ffff_ffff],
  ])('as the bytes %s are %i', (hex, value) => {
    const list = received(
      new AttributeWriter().nested(9, (inner) => {
        inner.bytes(1, fromHex(hex));
      }),
    );
    expect(decodeStatistics(list, 9, 8).connections).toBe(value);
  });
});

test.each([
  ['01', 0, false, true],
  ['02', 0, false, false],
  ['04', 0, true, false],
  ['08', 1, false, false],
  ['38', 7, false, false],
  ['c0', 0, false, false],
])(
  'the flags %s of a service are read bit by bit',
  (hex, schedulerFlags, onePacket, persistent) => {
    const attributes = received(
      new AttributeWriter().nested(1, (inner) => {
        inner.uint16(1, 2);
        inner.uint32(5, 7);
        inner.text(6, 'rr');
        inner.bytes(7, fromHex(`${hex}00000000000000`));
      }),
    );
    const row = decodeService(attributes);
    expect(row).toMatchObject({ ok: true, value: { schedulerFlags, onePacket } });
    expect(row.ok && row.value.persistence !== undefined).toBe(persistent);
  },
);
