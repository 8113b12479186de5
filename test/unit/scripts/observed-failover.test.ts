import { describe, expect, test } from 'vitest';
import { failoverIn } from '../../../scripts/observed-failover.ts';
import { type IpAddress, ip, mac } from '../../../src/net/address.ts';
import { centiseconds } from '../../../src/net/time.ts';
import { encodeArpAnnouncement } from '../../../src/wire/arp.ts';
import type { CapturedFrame } from '../../../src/wire/capture/pcap.ts';
import { ETHERTYPE_IPV4, encodeEthernetFrame } from '../../../src/wire/ethernet.ts';
import { encodeIpv4Packet } from '../../../src/wire/ip.ts';
import { encodeAdvertisement } from '../../../src/wire/vrrp/advertisement.ts';

const LB1 = ip('192.0.2.11');
const LB2 = ip('192.0.2.12');
const VIP = ip('192.0.2.100');
const MAC = mac('02:00:00:00:00:02');
const QUESTION = { address: VIP, formerMaster: LB1, successor: LB2 };

function advert(at: number, source: IpAddress, priority: number): CapturedFrame {
  const envelope = { source, destination: ip('224.0.0.18') };
  const message = encodeAdvertisement(
    { version: 3, vrid: 55, priority, interval: centiseconds(100), addresses: [VIP] },
    envelope,
    'rfc9568',
  );
  const header = { ...envelope, ttl: 255, trafficClass: 0xc0, protocol: 112 };
  const ethernet = { source: MAC, destination: mac('01:00:5e:00:00:12') };
  const packet = encodeIpv4Packet(header, message);
  return { at, bytes: encodeEthernetFrame({ ...ethernet, etherType: ETHERTYPE_IPV4 }, packet) };
}

describe('a failover on the wire', () => {
  test('lasts from the last advertisement of one MASTER to the announcement of the next', () => {
    const announcement = { at: 46, bytes: encodeArpAnnouncement(MAC, VIP, 'request') };
    const frames = [advert(0, LB1, 150), advert(10, LB1, 150), advert(45, LB2, 100), announcement];
    expect(failoverIn(frames, QUESTION)).toMatchObject({
      lastAdvertisement: 10,
      resigned: false,
      firstAdvertisement: 45,
      firstAnnouncement: 46,
      firstAnswer: undefined,
    });
  });

  test('begins with the resignation of a stopped MASTER', () => {
    const frames = [advert(0, LB1, 150), advert(3, LB1, 0), advert(9, LB2, 100)];
    expect(failoverIn(frames, QUESTION)).toMatchObject({ lastAdvertisement: 3, resigned: true });
  });

  test('is not found while the successor is silent', () => {
    expect(failoverIn([advert(0, LB1, 150)], QUESTION)).toBeUndefined();
  });
});
