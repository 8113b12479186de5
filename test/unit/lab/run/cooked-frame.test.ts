import { describe, expect, test } from 'vitest';
import { decodeCooked } from '../../../../src/lab/run/cooked-frame.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { ARP_REPLY, encodeArp } from '../../../../src/wire/arp.ts';
import { decodeFrame } from '../../../../src/wire/frame.ts';

const SENDER = mac('02:00:00:00:00:11');

function cooked(packetType: number): Uint8Array {
  const arp = encodeArp({
    operation: ARP_REPLY,
    senderMac: SENDER,
    senderIp: ip('192.0.2.100'),
    targetMac: mac('02:00:00:00:00:50'),
    targetIp: ip('192.0.2.50'),
  });
  const header = [8, 6, 0, 0, 0, 0, 0, 3, 0, 1, packetType, 6, 2, 0, 0, 0, 0, 0x11, 0, 0];
  return Uint8Array.from([...header, ...arp]);
}

describe('a frame of a capture of all ports', () => {
  test('becomes an Ethernet frame with port and direction', () => {
    const frame = decodeCooked(cooked(0));
    expect(frame).toMatchObject({ interfaceIndex: 3, isOutgoing: false });
    expect(frame && decodeFrame(frame.ethernet)).toMatchObject({
      kind: 'arp',
      ethernet: { source: SENDER },
      arp: { senderIp: '192.0.2.100' },
    });
  });

  test('is outgoing when the switch sends it', () => {
    expect(decodeCooked(cooked(4))?.isOutgoing).toBe(true);
  });

  test('is refused when truncated', () => {
    expect(decodeCooked(new Uint8Array(19))).toBeUndefined();
  });
});
