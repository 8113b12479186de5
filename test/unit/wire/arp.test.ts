import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import {
  decodeArp,
  encodeArp,
  encodeArpAnnouncement,
  encodeArpProbe,
  encodeArpQuestion,
} from '../../../src/wire/arp.ts';
import { anyAddress, anyBytes, anyMac } from './arbitraries.ts';
import { fromHex, MARGIN, surrounded } from './hex.ts';

describe('the announcement of a virtual address', () => {
  const VIRTUAL_MAC = mac('00:00:5e:00:01:33');
  const VIP = ip('192.0.2.100');
  const both = '00005e000133 c0000264 00005e000133 c0000264';

  test.each([
    { form: 'request', operation: '0001' },
    { form: 'reply', operation: '0002' },
  ] as const)('as a $form is a broadcast from the address to itself', ({ form, operation }) => {
    const frame = encodeArpAnnouncement(VIRTUAL_MAC, VIP, form);
    expect(frame).toEqual(
      fromHex(`ffffffffffff 00005e000133 0806 0001 0800 06 04 ${operation} ${both}`),
    );
    expect(frame).toHaveLength(42);
  });

  test('is for IPv4 addresses only', () => {
    expect(() => encodeArpAnnouncement(VIRTUAL_MAC, ip('2001:db8::1'), 'request')).toThrow(
      RangeError,
    );
  });
});

describe('an ARP packet', () => {
  const anyArp = fc.record({
    operation: fc.integer({ min: 0, max: 0xffff }),
    senderMac: anyMac,
    senderIp: anyAddress('ipv4'),
    targetMac: anyMac,
    targetIp: anyAddress('ipv4'),
  });

  test('reads back as what was sent', () => {
    fc.assert(
      fc.property(anyArp, (arp) => {
        const packet = encodeArp(arp);
        expect(decodeArp(packet, 0, packet.length)).toEqual({ ok: true, value: arp });
      }),
    );
  });

  test('has an operation of 16 bits', () => {
    const address = mac('00:00:5e:00:01:33');
    const host = { senderMac: address, senderIp: ip('192.0.2.1') };
    const arp = { operation: 0x1_0000, ...host, targetMac: address, targetIp: ip('192.0.2.2') };
    expect(() => encodeArp(arp)).toThrow('ARP operation is 65536, not 0..65535');
  });

  test('may be padded, but must be complete', () => {
    const packet = new Uint8Array(46);
    packet.set(fromHex('0001080006040001'));
    expect(decodeArp(packet, 0, 46).ok).toBe(true);
    expect(decodeArp(packet, 0, 27)).toEqual({
      ok: false,
      error: { code: 'arp-truncated', length: 27, expected: 28 },
    });
  });

  const format = { hardwareType: 1, protocolType: 0x0800, hardwareLength: 6, protocolLength: 4 };

  test.each([
    { hex: '0006080006040001', error: { ...format, hardwareType: 6 } },
    { hex: '000186dd06040001', error: { ...format, protocolType: 0x86dd } },
    { hex: '0001080008040001', error: { ...format, hardwareLength: 8 } },
    { hex: '0001080006100001', error: { ...format, protocolLength: 16 } },
  ])('that begins with $hex is not IPv4 over Ethernet', ({ hex, error }) => {
    const packet = new Uint8Array(28);
    packet.set(fromHex(hex));
    expect(decodeArp(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'arp-format-error', ...error },
    });
  });

  test('of any bytes gives a result that surrounding bytes do not change', () => {
    const likely = anyBytes.map((rest) => Uint8Array.of(...fromHex('000108000604'), ...rest));
    fc.assert(
      fc.property(fc.oneof(anyBytes, likely), (bytes) => {
        const alone = decodeArp(bytes, 0, bytes.length);
        for (const filler of [0x00, 0xff]) {
          expect(decodeArp(surrounded(bytes, filler), MARGIN, bytes.length)).toEqual(alone);
        }
      }),
    );
  });
});

test('the probe of an address has no sender address (RFC 5227 section 2.1.1)', () => {
  const frame = encodeArpProbe(mac('02:00:00:00:00:01'), ip('203.0.113.100'));
  const decoded = decodeArp(frame, 14, frame.length - 14);
  expect(decoded).toEqual({
    ok: true,
    value: {
      operation: 1,
      senderMac: '02:00:00:00:00:01',
      senderIp: '0.0.0.0',
      targetMac: '00:00:00:00:00:00',
      targetIp: '203.0.113.100',
    },
  });
});

test('the question for an address makes its sender known (RFC 826)', () => {
  const frame = encodeArpQuestion(mac('02:00:00:00:00:01'), ip('192.0.2.11'), ip('192.0.2.12'));
  expect(decodeArp(frame, 14, frame.length - 14)).toEqual({
    ok: true,
    value: {
      operation: 1,
      senderMac: '02:00:00:00:00:01',
      senderIp: '192.0.2.11',
      targetMac: '00:00:00:00:00:00',
      targetIp: '192.0.2.12',
    },
  });
});
