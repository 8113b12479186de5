/** The addresses that RFC 9568 assigns to VRRP. */
import {
  type Family,
  type IpAddress,
  ip,
  type MacAddress,
  macFromBytes,
} from '../../net/address.ts';
import { ranged } from '../bytes.ts';

const IPV4_GROUP = ip('224.0.0.18');
const IPV6_GROUP = ip('ff02::12');

/** Where advertisements go (RFC 9568 sections 5.1.1.2 and 5.1.2.2). */
export function vrrpGroup(family: Family): IpAddress {
  return family === 'ipv4' ? IPV4_GROUP : IPV6_GROUP;
}

/** 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6 (RFC 9568 section 7.3). */
export function virtualMac(family: Family, vrid: number): MacAddress {
  const block = family === 'ipv4' ? 1 : 2;
  return macFromBytes(Uint8Array.of(0, 0, 0x5e, 0, block, ranged('VRID', vrid, 1, 255)));
}
