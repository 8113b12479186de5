/** Advertisements for somebody's VRID that every receiver has to refuse, each for one reason. */
import type { LabHost } from '../../src/lab/layout.ts';
import type { IpAddress, MacAddress } from '../../src/net/address.ts';
import { seconds } from '../../src/net/time.ts';
import { ETHERTYPE_IPV4, encodeEthernetFrame, multicastMac } from '../../src/wire/ethernet.ts';
import { encodeIpv4Packet } from '../../src/wire/ip.ts';
import { vrrpGroup } from '../../src/wire/vrrp/addresses.ts';
import { encodeAdvertisement } from '../../src/wire/vrrp/advertisement.ts';
import { PROTOCOL_VRRP } from '../../src/wire/vrrp/checksum.ts';

export const FORGERIES = ['ttl', 'checksum', 'version', 'truncated', 'password'] as const;
export type Forgery = (typeof FORGERIES)[number];

export interface ForgeryTarget {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly address: IpAddress;
}

export interface Forger {
  readonly host: Pick<LabHost, 'address'>;
  readonly mac: MacAddress;
}

/** The highest priority there is: were it believed, the MASTER would yield at once. */
const PRIORITY = 255;

export function forgedFrame(forgery: Forgery, target: ForgeryTarget, by: Forger): Uint8Array {
  const group = vrrpGroup('ipv4');
  const source = by.host.address;
  const version = forgery === 'version' ? otherVersion(target.version) : target.version;
  const { vrid, address } = target;
  const message = encodeAdvertisement(
    {
      version,
      vrid,
      priority: PRIORITY,
      interval: seconds(1),
      addresses: [address],
      ...(forgery === 'password' ? { authentication: { type: 'pass', password: 'wrong' } } : {}),
    },
    { source, destination: group },
    'rfc9568',
  );
  if (forgery === 'checksum') message[6] = (message[6] ?? 0) ^ 0xff;
  const packet = encodeIpv4Packet(
    {
      source,
      destination: group,
      ttl: forgery === 'ttl' ? 64 : 255,
      trafficClass: 0xc0,
      identification: 1,
      protocol: PROTOCOL_VRRP,
    },
    forgery === 'truncated' ? message.subarray(0, 8) : message,
  );
  const ethernet = { source: by.mac, destination: multicastMac(group), etherType: ETHERTYPE_IPV4 };
  return encodeEthernetFrame(ethernet, packet);
}

function otherVersion(version: 2 | 3): 2 | 3 {
  return version === 2 ? 3 : 2;
}
