/**
 * Ethernet II frames without their check sequence. VLAN tags (IEEE 802.1Q, 802.1ad) are skipped on
 * receive and never sent: a tagged interface adds its own.
 *
 *     +-----------------+-----------+- - - - - - - - - - - - +-----------+---------+
 *     | Destination (6) | Source (6): 0x8100, VLAN tag (2+2) | EtherType | Payload |
 *     +-----------------+-----------+- - - - - - - - - - - - +-----------+---------+
 */
import {
  type IpAddress,
  ipToBytes,
  type MacAddress,
  mac,
  macFromBytes,
  macToBytes,
} from '../net/address.ts';
import { failure, type Result, success } from '../net/result.ts';
import { byteAt, heldLength, putUint16, ranged, uint16At } from './bytes.ts';

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

export const BROADCAST_MAC = mac('ff:ff:ff:ff:ff:ff');

const HEADER_LENGTH = 14;
const TAG_LENGTH = 4;

interface EthernetAddresses {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly etherType: number;
}

export interface EthernetHeader extends EthernetAddresses {
  /** VLAN IDs of the tags, outermost first. */
  readonly vlans: readonly number[];
  readonly headerLength: number;
}

export interface EthernetDecodeError {
  readonly code: 'ethernet-truncated';
  readonly length: number;
  readonly expected: number;
}

export function encodeEthernetFrame(header: EthernetAddresses, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_LENGTH + payload.length);
  frame.set(macToBytes(header.destination), 0);
  frame.set(macToBytes(header.source), 6);
  putUint16(frame, 12, ranged('EtherType', header.etherType, 0, 0xffff));
  frame.set(payload, HEADER_LENGTH);
  return frame;
}

export function decodeEthernetHeader(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Result<EthernetHeader, EthernetDecodeError> {
  const held = heldLength(bytes, offset, length);
  const vlans: number[] = [];
  let headerLength = HEADER_LENGTH;
  while (held >= headerLength) {
    const etherType = uint16At(bytes, offset + headerLength - 2);
    if (!isVlanTag(etherType)) {
      const destination = macFromBytes(bytes, offset);
      const source = macFromBytes(bytes, offset + 6);
      return success({ destination, source, etherType, vlans, headerLength });
    }
    headerLength += TAG_LENGTH;
    vlans.push(uint16At(bytes, offset + headerLength - 4) & 0xfff);
  }
  return failure({ code: 'ethernet-truncated', length: held, expected: headerLength });
}

/** The group address that carries an IP multicast (RFC 1112 section 6.4, RFC 2464 section 7). */
export function multicastMac(group: IpAddress): MacAddress {
  const bytes = ipToBytes(group);
  const low = bytes.subarray(bytes.length - 4);
  if (bytes.length === 16) return macFromBytes(Uint8Array.of(0x33, 0x33, ...low));
  return macFromBytes(Uint8Array.of(1, 0, 0x5e, byteAt(low, 1) & 0x7f, ...low.subarray(2)));
}

function isVlanTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8;
}
