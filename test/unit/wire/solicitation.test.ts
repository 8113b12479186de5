import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import { encodeIpv4Packet } from '../../../src/wire/ip.ts';
import { solicitedNodeGroup } from '../../../src/wire/neighbor.ts';
import {
  encodeEchoRequest,
  encodeNeighborSolicitation,
  isEchoReply,
  isNeighborAnswer,
} from '../../../src/wire/solicitation.ts';
import { fromHex as hex } from './hex.ts';

const ECHO = { identifier: 0x1234, sequence: 7 };

describe('an echo request', () => {
  test('over IPv4 has the checksum of RFC 792, over IPv6 leaves it to the kernel', () => {
    expect(encodeEchoRequest('ipv4', ECHO)).toEqual(hex('0800 e5c4 1234 0007'));
    expect(encodeEchoRequest('ipv6', ECHO)).toEqual(hex('8000 0000 1234 0007'));
  });

  test('is answered by the reply with its numbers, behind an IPv4 header', () => {
    const packet = (message: Uint8Array) =>
      encodeIpv4Packet(
        {
          source: ip('192.0.2.1'),
          destination: ip('192.0.2.2'),
          ttl: 64,
          trafficClass: 0,
          protocol: 1,
        },
        message,
      );
    expect(isEchoReply('ipv4', packet(hex('0000 0000 1234 0007')), ECHO)).toBe(true);
    expect(isEchoReply('ipv4', packet(hex('0000 0000 1234 0008')), ECHO)).toBe(false);
    expect(isEchoReply('ipv4', packet(hex('0800 0000 1234 0007')), ECHO)).toBe(false);
    expect(isEchoReply('ipv4', hex('0000 0000 1234 0007'), ECHO)).toBe(false);
    expect(isEchoReply('ipv6', hex('8100 0000 1234 0007'), ECHO)).toBe(true);
    expect(isEchoReply('ipv6', hex('8100 0000 1234'), ECHO)).toBe(false);
  });

  test('is not answered by a reply to another process, or by another request', () => {
    expect(isEchoReply('ipv6', hex('8100 0000 1235 0007'), ECHO)).toBe(false);
    expect(isEchoReply('ipv6', hex('8100 0000 1234 0008'), ECHO)).toBe(false);
    expect(isEchoReply('ipv6', hex('8000 0000 1234 0007'), ECHO)).toBe(false);
  });

  test('is not answered by what is too short, even if its numbers are zero', () => {
    const zero = { identifier: 0, sequence: 0 };
    expect(isEchoReply('ipv6', hex('8100 0000 0000 0000'), zero)).toBe(true);
    expect(isEchoReply('ipv6', hex('8100 0000 0000 00'), zero)).toBe(false);
    expect(isEchoReply('ipv4', hex('0000 0000 0000 0000'), zero)).toBe(false);
    expect(isEchoReply('ipv4', hex(''), zero)).toBe(false);
  });
});

describe('a neighbor solicitation', () => {
  const target = ip('fe80::1');

  test('has its target and the address for the answer', () => {
    expect(encodeNeighborSolicitation(target, mac('02:00:00:00:00:01'))).toEqual(
      hex('8700 0000 0000 0000 fe80 0000 0000 0000 0000 0000 0000 0001 0101 0200 0000 0001'),
    );
  });

  test('is answered only by an advertisement of the target', () => {
    const answer = hex('8800 0000 6000 0000 fe80 0000 0000 0000 0000 0000 0000 0001');
    expect(isNeighborAnswer(answer, target)).toBe(true);
    expect(isNeighborAnswer(answer, ip('fe80::2'))).toBe(false);
    expect(isNeighborAnswer(answer.subarray(0, 23), target)).toBe(false);
    expect(isNeighborAnswer(answer.with(0, 0x87), target)).toBe(false);
  });

  test('goes to the group of the last three bytes', () => {
    expect(solicitedNodeGroup(ip('2001:db8::1:2:3456'))).toBe('ff02::1:ff02:3456');
  });
});
