/** Advertisements from a host that is not a director: receivers must refuse or ignore them. */

import { type IpAddress, ip, type MacAddress } from '../../net/address.ts';
import { type Duration, seconds } from '../../net/time.ts';
import { PROTOCOL_VRRP, VRRP_GROUP, VRRP_TTL } from '../../net/vrrp.ts';
import { ETHERTYPE_IPV4, encodeEthernetFrame, multicastMac } from '../../wire/ethernet.ts';
import { encodeIpv4Packet } from '../../wire/ip.ts';
import { encodeAdvertisement } from '../../wire/vrrp/advertisement.ts';
import type { LabHost } from '../topology/layout.ts';

/** Each must be refused for one reason. */
export const FORGERIES = ['ttl', 'checksum', 'version', 'truncated', 'password'] as const;
/** Valid, but with the lowest priority, or for a virtual router that no director has. */
export const HARMLESS = ['lower-priority', 'foreign-vrid'] as const;
export type Forgery = (typeof FORGERIES)[number] | (typeof HARMLESS)[number];

export interface ForgeryTarget {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly address: IpAddress;
}

export interface Forger {
  readonly host: Pick<LabHost, 'address'>;
  readonly mac: MacAddress;
}

/** The highest priority: a MASTER that accepted the packet would yield immediately. */
const PRIORITY = 255;
const LOWEST_PRIORITY = 1;

/** No machine of a lab has it. */
const FOREIGN_ADDRESS = ip('198.51.100.100');

export function forgedFrame(forgery: Forgery, target: ForgeryTarget, by: Forger): Uint8Array {
  const group = VRRP_GROUP.ipv4;
  const source = by.host.address;
  const version = forgery === 'version' ? otherVersion(target.version) : target.version;
  const { address } = target;
  const vrid = forgery === 'foreign-vrid' ? (target.vrid % 255) + 1 : target.vrid;
  const message = encodeAdvertisement(
    {
      version,
      vrid,
      priority: forgery === 'lower-priority' ? LOWEST_PRIORITY : PRIORITY,
      interval: seconds(1),
      addresses: [address],
      ...(forgery === 'password' ? { authentication: { type: 'pass', password: 'wrong' } } : {}),
    },
    { source, destination: group },
    'rfc9568',
  );
  if (forgery === 'checksum') message[6] = (message[6] ?? 0) ^ 0xff;
  const isCut = forgery === 'truncated';
  return enclose(isCut ? message.subarray(0, 8) : message, by, forgery === 'ttl' ? 64 : VRRP_TTL);
}

/** What a router of another cluster with the same VRID advertises. */
export function foreignFrame(
  { priority, interval }: { readonly priority: number; readonly interval: Duration },
  { version, vrid }: ForgeryTarget,
  by: Forger,
): Uint8Array {
  const way = { source: by.host.address, destination: VRRP_GROUP.ipv4 };
  const advert = { version, vrid, priority, interval, addresses: [FOREIGN_ADDRESS] };
  return enclose(encodeAdvertisement(advert, way, 'rfc9568'), by, VRRP_TTL);
}

function enclose(message: Uint8Array, by: Forger, ttl: number): Uint8Array {
  const group = VRRP_GROUP.ipv4;
  const packet = encodeIpv4Packet(
    {
      ...{ source: by.host.address, destination: group, ttl, trafficClass: 0xc0 },
      ...{ identification: 1, protocol: PROTOCOL_VRRP },
    },
    message,
  );
  const ethernet = { source: by.mac, destination: multicastMac(group), etherType: ETHERTYPE_IPV4 };
  return encodeEthernetFrame(ethernet, packet);
}

function otherVersion(version: 2 | 3): 2 | 3 {
  return version === 2 ? 3 : 2;
}
