/** Frames of a segment by hand, and a listener whose clock is moved by hand. */

import { type IpAddress, ip, type MacAddress, mac } from '../../../../src/net/address.ts';
import { after, type Duration, type Instant, instant, seconds } from '../../../../src/net/time.ts';
import {
  Segment,
  type SegmentSnapshot,
  type TrailerCheck,
} from '../../../../src/watch/segment/segment.ts';
import { encodeArpAnnouncement } from '../../../../src/wire/arp.ts';
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernetFrame,
  multicastMac,
} from '../../../../src/wire/ethernet.ts';
import { type AdvertOptions, advert } from '../../../conformance/rig.ts';

export const A = ip('192.0.2.11');
export const B = ip('192.0.2.12');
export const VIP = ip('203.0.113.100');

const MAC: { readonly [source: string]: MacAddress } = {
  [A]: mac('02:00:00:00:00:11'),
  [B]: mac('02:00:00:00:00:12'),
};

export function macOf(source: IpAddress): MacAddress {
  return MAC[source] ?? mac('02:00:00:00:00:99');
}

/** The packet of `advert` in its Ethernet frame. */
export function frameOf(options: AdvertOptions & { readonly source: IpAddress }): Uint8Array {
  const isIpv6 = options.source.includes(':');
  const destination = multicastMac(ip(isIpv6 ? 'ff02::12' : '224.0.0.18'));
  const etherType = isIpv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  const source = macOf(options.source);
  return encodeEthernetFrame({ destination, source, etherType }, advert(options));
}

export class Listener {
  readonly segment: Segment;
  now: Instant = instant(1_800_000_000_000_000);

  constructor(check?: TrailerCheck) {
    this.segment = new Segment(check);
  }

  hear(options: AdvertOptions & { readonly source: IpAddress }): this {
    return this.frame(frameOf(options));
  }

  announce(address: IpAddress, from: MacAddress): this {
    return this.frame(encodeArpAnnouncement(from, address, 'request'));
  }

  frame(bytes: Uint8Array): this {
    this.segment.observe(bytes, bytes.length, this.now);
    return this;
  }

  wait(duration: Duration = seconds(1)): this {
    this.now = after(this.now, duration);
    return this;
  }

  snapshot(): SegmentSnapshot {
    return this.segment.snapshot(this.now);
  }

  /** `code: message` of each contradiction. */
  findings(): string[] {
    return this.snapshot().findings.map(({ code, message }) => `${code}: ${message}`);
  }
}
