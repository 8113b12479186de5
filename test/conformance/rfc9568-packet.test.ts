/** RFC 9568 section 5: the headers of an advertisement, and the meaning of its address list. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import { seconds } from '../../src/net/time.ts';
import { decodeIpv4Header, decodeIpv6Header, type IpHeader } from '../../src/wire/ip.ts';
import { advert, PEER, Rig } from './rig.ts';

/** Headers of all datagrams until the router is MASTER. */
function headersOf(rig: Rig): IpHeader[] {
  rig.start();
  const headers: IpHeader[] = [];
  while (headers.length === 0) {
    rig.now = rig.engine.deadline();
    const outputs = [
      ...rig.engine.handle({ kind: 'wake' }, rig.now),
      ...rig.engine.handle({ kind: 'quiet' }, rig.now),
    ];
    for (const output of outputs) {
      if (output.kind !== 'datagrams.send') continue;
      for (const { packet } of output.datagrams) {
        const decoders = [decodeIpv4Header, decodeIpv6Header];
        const read = decoders.map((decode) => decode(packet, 0, packet.length));
        headers.push(...read.flatMap((one) => (one.ok ? [one.value] : [])));
      }
    }
  }
  return headers;
}

describe('an advertisement', () => {
  test('P-02 P-03 P-04 P-05 P-09 over IPv4: protocol, group, TTL, source, DSCP', () => {
    expect(headersOf(new Rig())).toEqual([
      expect.objectContaining({
        ...{ protocol: 112, destination: '224.0.0.18', ttl: 255 },
        ...{ source: '192.0.2.11', trafficClass: 0xc0 },
      }),
    ]);
  });

  test('P-02 P-03 P-04 P-05 P-09 over IPv6: next header, group, hop limit, source, DSCP', () => {
    expect(headersOf(new Rig([{ family: 'ipv6' }]))).toEqual([
      expect.objectContaining({
        ...{ protocol: 112, destination: 'ff02::12', ttl: 255 },
        ...{ source: 'fe80::11', trafficClass: 0xc0 },
      }),
    ]);
  });

  test('P-08 with the same addresses in another order has the same list', () => {
    const [one, two] = [ip('203.0.113.1'), ip('203.0.113.2')];
    const vip = (address: typeof one) => ({ address, prefixLength: 32, interface: 'eth0' });
    const rig = new Rig([{ addresses: [vip(one), vip(two)] }]);
    rig.start();
    rig.hear(advert({ source: PEER, addresses: [two, one] }));
    expect(rig.count('address-list-errors')).toBe(0);
    rig.elapse(seconds(1));
    rig.hear(advert({ source: PEER, addresses: [two, ip('203.0.113.3')] }));
    expect(rig.count('address-list-errors')).toBe(1);
  });
});
