/** The version and table size of IPVS, and its connection timeouts (<linux/ip_vs.h>). */
import type { ConnectionTimeouts } from '../../../../net/ipvs.ts';
import { type Attributes, AttributeWriter } from '../../attributes.ts';
import { encodeIpvs } from './message.ts';

const TIMEOUT_TCP = 4;
const TIMEOUT_TCP_FIN = 5;
const TIMEOUT_UDP = 6;

const INFO_VERSION = 1;
const INFO_CONN_TAB_SIZE = 2;

export interface IpvsInfo {
  /** Such as `1.2.1`. */
  readonly version: string;
  /** The number of rows in the hash table of connections. */
  readonly tableSize: number;
}

export function decodeInfo(attributes: Attributes): IpvsInfo {
  const version = attributes.uint32(INFO_VERSION) ?? 0;
  return {
    version: `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`,
    tableSize: attributes.uint32(INFO_CONN_TAB_SIZE) ?? 0,
  };
}

/** A timeout of zero is not changed. */
export function encodeTimeouts({ tcp, tcpFin, udp }: ConnectionTimeouts): Uint8Array {
  const list = new AttributeWriter()
    .uint32(TIMEOUT_TCP, tcp)
    .uint32(TIMEOUT_TCP_FIN, tcpFin)
    .uint32(TIMEOUT_UDP, udp);
  return encodeIpvs('setConfig', list);
}

export function decodeTimeouts(attributes: Attributes): ConnectionTimeouts {
  return {
    tcp: attributes.uint32(TIMEOUT_TCP) ?? 0,
    tcpFin: attributes.uint32(TIMEOUT_TCP_FIN) ?? 0,
    udp: attributes.uint32(TIMEOUT_UDP) ?? 0,
  };
}
