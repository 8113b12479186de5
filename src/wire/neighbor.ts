/**
 * Neighbor Advertisements (RFC 4861 section 4.4), which announce the MAC address of a virtual IPv6
 * address.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |   Type 136    |    Code 0     |           Checksum            |
 *     +-+-+-+---------+---------------+-------------------------------+
 *     |R|S|O|                        Reserved                         |
 *     +-+-+-+---------------------------------------------------------+
 *     |                      Target Address (16)                      |
 *     +---------------+---------------+-------------------------------+
 *     |  Option 2     |  Length 1     | Target Link-Layer Address (6) |
 *     +---------------+---------------+-------------------------------+
 */
import {
  type IpAddress,
  ip,
  ipFromBytes,
  ipToBytes,
  isMulticast,
  type MacAddress,
  macFromBytes,
  macToBytes,
} from '../net/address.ts';
import { failure, type Result, success } from '../net/result.ts';
import { addressBytes, byteAt, heldLength, putUint16, uint16At } from './bytes.ts';
import { finishChecksum, foldSum, sum16 } from './checksum.ts';
import { ETHERTYPE_IPV6, encodeEthernetFrame, multicastMac } from './ethernet.ts';
import { encodeIpv6Packet, type Ipv6Header } from './ip.ts';

export const PROTOCOL_ICMPV6 = 58;

export const NEIGHBOR_SOLICITATION = 135;
export const NEIGHBOR_ADVERTISEMENT = 136;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;
const ALL_NODES = ip('ff02::1');
const SOLICITED_NODE = ip('ff02::1:ff00:0');
const UNSPECIFIED = ip('::');
const HOP_LIMIT = 255;

const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

/** Bytes before the options. */
const FIXED_LENGTH = 24;
/** The unit of the length of an option, in bytes. */
const OPTION_UNIT = 8;
const CHECKSUM_OFFSET = 2;

export interface NeighborAdvertisement {
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly target: IpAddress;
  /** Undefined if the sender omitted the option. */
  readonly targetMac: MacAddress | undefined;
}

/** One code for each check of RFC 4861 section 7.1.2. */
interface NeighborDecodeError {
  readonly code:
    | 'neighbor-hop-limit-error'
    | 'neighbor-length-error'
    | 'neighbor-type-error'
    | 'neighbor-checksum-error'
    | 'neighbor-target-error'
    | 'neighbor-solicited-error'
    | 'neighbor-option-error';
}

/**
 * The unsolicited advertisement of a virtual address to all nodes, as a complete frame (RFC 9568
 * section 6.4.1). `router` says whether this host forwards: receivers drop a default router that
 * says it does not, and ignore the flag of one that says it does.
 */
export function encodeNeighborAdvertisement(
  mac: MacAddress,
  address: IpAddress,
  options: { readonly router: boolean },
): Uint8Array {
  const message = new Uint8Array(FIXED_LENGTH + OPTION_UNIT);
  message[0] = NEIGHBOR_ADVERTISEMENT;
  message[4] = options.router ? ROUTER | OVERRIDE : OVERRIDE;
  message.set(addressBytes(address, 'ipv6'), 8);
  message[FIXED_LENGTH] = TARGET_LINK_LAYER_ADDRESS;
  message[FIXED_LENGTH + 1] = 1;
  message.set(macToBytes(mac), FIXED_LENGTH + 2);
  return enclose(message, mac, { source: address, destination: ALL_NODES });
}

/**
 * The frame that asks which host has the address, without a source address: the solicitation of
 * duplicate address detection (RFC 4862 section 5.4.2). The host that has it answers to all nodes.
 */
export function encodeNeighborProbe(mac: MacAddress, address: IpAddress): Uint8Array {
  return enclose(solicitation(address, 0), mac, {
    source: UNSPECIFIED,
    destination: solicitedNodeGroup(address),
  });
}

/**
 * The same with a source address and its MAC address (RFC 4861 section 7.2.2): the host that is asked
 * learns both.
 */
export function encodeNeighborQuestion(
  mac: MacAddress,
  source: IpAddress,
  address: IpAddress,
): Uint8Array {
  const message = solicitation(address, OPTION_UNIT);
  message[FIXED_LENGTH] = SOURCE_LINK_LAYER_ADDRESS;
  message[FIXED_LENGTH + 1] = 1;
  message.set(macToBytes(mac), FIXED_LENGTH + 2);
  return enclose(message, mac, { source, destination: solicitedNodeGroup(address) });
}

function solicitation(target: IpAddress, optionBytes: number): Uint8Array {
  const message = new Uint8Array(FIXED_LENGTH + optionBytes);
  message[0] = NEIGHBOR_SOLICITATION;
  message.set(addressBytes(target, 'ipv6'), 8);
  return message;
}

/** ff02::1:ff00:0/104 and the last three bytes of the address (RFC 4291 section 2.7.1). */
export function solicitedNodeGroup(address: IpAddress): IpAddress {
  const group = ipToBytes(SOLICITED_NODE);
  group.set(addressBytes(address, 'ipv6').subarray(13), 13);
  return ipFromBytes(group);
}

/** A message to a multicast group as a complete frame, with its checksum. */
function enclose(
  message: Uint8Array,
  mac: MacAddress,
  addresses: { readonly source: IpAddress; readonly destination: IpAddress },
): Uint8Array {
  const header = { hopLimit: HOP_LIMIT, trafficClass: 0, nextHeader: PROTOCOL_ICMPV6 };
  const packet = encodeIpv6Packet({ ...addresses, ...header }, message);
  const start = packet.length - message.length;
  putUint16(packet, start + CHECKSUM_OFFSET, finishChecksum(messageSum(packet, start)));
  const destination = multicastMac(addresses.destination);
  return encodeEthernetFrame({ destination, source: mac, etherType: ETHERTYPE_IPV6 }, packet);
}

/** `packet` begins with the IPv6 header that `header` was read from. */
export function decodeNeighborAdvertisement(
  packet: Uint8Array,
  header: Ipv6Header,
): Result<NeighborAdvertisement, NeighborDecodeError> {
  const start = header.headerLength;
  const end = start + heldLength(packet, start, header.totalLength - start);
  if (header.ttl !== HOP_LIMIT) return failure({ code: 'neighbor-hop-limit-error' });
  if (end - start < FIXED_LENGTH) return failure({ code: 'neighbor-length-error' });
  const typeAndCode = uint16At(packet, start);
  if (typeAndCode !== NEIGHBOR_ADVERTISEMENT << 8) return failure({ code: 'neighbor-type-error' });
  const message = packet.subarray(0, end);
  if (foldSum(messageSum(message, start)) !== 0xffff) {
    return failure({ code: 'neighbor-checksum-error' });
  }
  const flags = byteAt(message, start + 4);
  const target = ipFromBytes(message, start + 8, 16);
  const solicited = (flags & SOLICITED) !== 0;
  if (isMulticast(target)) return failure({ code: 'neighbor-target-error' });
  if (solicited && isMulticast(header.destination)) {
    return failure({ code: 'neighbor-solicited-error' });
  }
  const options = readOptions(message, start + FIXED_LENGTH);
  if (!options.ok) return options;
  return success({
    router: (flags & ROUTER) !== 0,
    solicited,
    override: (flags & OVERRIDE) !== 0,
    target,
    targetMac: options.value,
  });
}

/**
 * The sum over the pseudo-header (RFC 8200 section 8.1) and the message up to the end of the packet.
 * Source and destination are adjacent in the header, so they are summed as one range.
 */
function messageSum(packet: Uint8Array, start: number): number {
  const length = packet.length - start;
  return sum16(packet, start, length, sum16(packet, 8, 32, PROTOCOL_ICMPV6 + length));
}

/** The target link-layer address; the options extend to the end of the packet. */
function readOptions(
  packet: Uint8Array,
  start: number,
): Result<MacAddress | undefined, NeighborDecodeError> {
  let targetMac: MacAddress | undefined;
  let at = start;
  while (at < packet.length) {
    const units = byteAt(packet, at + 1);
    const next = at + units * OPTION_UNIT;
    if (units === 0 || next > packet.length) return failure({ code: 'neighbor-option-error' });
    if (byteAt(packet, at) === TARGET_LINK_LAYER_ADDRESS) targetMac = macFromBytes(packet, at + 2);
    at = next;
  }
  return success(targetMac);
}
