import { describe, expect, test } from 'vitest';
import { decodeEcho, encodeEchoRequest } from '../../../../src/lab/packets/echo.ts';
import {
  firstAnswerAfter,
  longestOutage,
  probeReport,
  probesIn,
} from '../../../../src/lab/probes/probe.ts';
import { type IpAddress, ip, mac } from '../../../../src/net/address.ts';
import type { CapturedFrame } from '../../../../src/wire/capture/pcap.ts';
import { ETHERTYPE_IPV4, encodeEthernetFrame } from '../../../../src/wire/ethernet.ts';
import { encodeIpv4Packet } from '../../../../src/wire/ip.ts';

const VIP = ip('192.0.2.100');
const CLIENT = ip('192.0.2.50');
const ETHERNET = {
  source: mac('02:00:00:00:00:01'),
  destination: mac('02:00:00:00:00:02'),
  etherType: ETHERTYPE_IPV4,
};

function echoFrame(kind: 'request' | 'reply', counter: number, peer: IpAddress = VIP): Uint8Array {
  const message = encodeEchoRequest('ipv4', 7, counter);
  if (kind === 'reply') message[0] = 0;
  const [source, destination] = kind === 'request' ? [CLIENT, peer] : [peer, CLIENT];
  const header = { source, destination, ttl: 64, trafficClass: 0, protocol: 1 };
  return encodeEthernetFrame(ETHERNET, encodeIpv4Packet(header, message));
}

function asked(at: number, counter: number, peer?: IpAddress): CapturedFrame {
  return { at, bytes: echoFrame('request', counter, peer) };
}

function answered(at: number, counter: number, peer?: IpAddress): CapturedFrame {
  return { at, bytes: echoFrame('reply', counter, peer) };
}

describe('an echo', () => {
  test('has a counter beyond the sequence number', () => {
    expect(decodeEcho(echoFrame('request', 70_000))).toEqual({
      kind: 'request',
      source: CLIENT,
      destination: VIP,
      identifier: 7,
      counter: 70_000,
    });
  });

  test('is not found in a truncated frame', () => {
    const frame = echoFrame('request', 1);
    for (let length = 0; length < frame.length; length++) {
      expect(decodeEcho(frame.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('probes', () => {
  test('are requests with the first answer to each', () => {
    const frames = [asked(1, 0), answered(2, 0), answered(3, 0), asked(4, 1)];
    expect(probesIn(frames, VIP)).toEqual([
      { sentAt: 1, answeredAt: 2 },
      { sentAt: 4, answeredAt: undefined },
    ]);
  });

  test('to other addresses are left out', () => {
    const other = ip('192.0.2.101');
    expect(probesIn([asked(1, 0, other), answered(2, 0, other)], VIP)).toEqual([]);
  });
});

describe('an outage', () => {
  const frames = [0, 1, 2, 3, 4, 5].flatMap((counter) => {
    const at = counter * 1_000;
    const lost = counter === 2 || counter === 3;
    return lost ? [asked(at, counter)] : [asked(at, counter), answered(at + 10, counter)];
  });
  const probes = probesIn(frames, VIP);

  test('lasts from the last answer before it to the first after it', () => {
    expect(longestOutage(probes)).toEqual({ from: 1_010, to: 4_010, microseconds: 3_000 });
    expect(firstAnswerAfter(probes, 3_000)).toBe(4_010);
    expect(firstAnswerAfter(probes, 5_010)).toBeUndefined();
  });

  test('is reported with the distances between requests', () => {
    expect(probeReport(probes)).toMatchObject({
      sent: 6,
      lost: 2,
      spacing: { median: 1_000, p99: 1_000, max: 1_000 },
    });
  });

  test('is unknown without answers', () => {
    expect(longestOutage(probesIn([asked(1, 0)], VIP))).toBeUndefined();
    expect(probeReport([])).toMatchObject({ sent: 0, lost: 0, longestOutage: undefined });
  });
});
