/**
 * Passes ARP from, and Neighbor Advertisements for, any of the given addresses. Compares only the last 4
 * bytes of an IPv6 address: the reader of the frame must compare the rest.
 */
import { type Family, type IpAddress, ipToBytes } from '../../net/address.ts';
import { NEIGHBOR_ADVERTISEMENT, PROTOCOL_ICMPV6 } from '../../wire/neighbor.ts';
import {
  ACCEPT,
  ANCILLARY,
  assemble,
  DROP,
  type Instruction,
  JUMP_EQUAL,
  LOAD_BYTE,
  LOAD_WORD,
} from '../ffi/classic-bpf.ts';

/** The type of frames that this host sends (<linux/if_packet.h>). */
const PACKET_OUTGOING = 4;
const PACKET_TYPE = 4;

/** Offsets in an Ethernet frame. */
const ARP_SENDER_ADDRESS = 28;
const IPV6_NEXT_HEADER = 20;
const ICMPV6_TYPE = 54;
const TARGET_ADDRESS_END = 74;

export function claimFilter(family: Family, addresses: readonly IpAddress[]): Uint8Array {
  const words = new Set(addresses.map(lastWord));
  const choices = [...words].flatMap((word): Instruction[] => [[JUMP_EQUAL, word, 0, 1], ACCEPT]);
  return assemble([
    [LOAD_WORD, ANCILLARY + PACKET_TYPE],
    [JUMP_EQUAL, PACKET_OUTGOING, 0, 1],
    DROP,
    ...(family === 'ipv4' ? [] : only(IPV6_NEXT_HEADER, PROTOCOL_ICMPV6)),
    ...(family === 'ipv4' ? [] : only(ICMPV6_TYPE, NEIGHBOR_ADVERTISEMENT)),
    [LOAD_WORD, family === 'ipv4' ? ARP_SENDER_ADDRESS : TARGET_ADDRESS_END],
    ...choices,
    DROP,
  ]);
}

function only(offset: number, value: number): Instruction[] {
  return [[LOAD_BYTE, offset], [JUMP_EQUAL, value, 1, 0], DROP];
}

function lastWord(address: IpAddress): number {
  const bytes = ipToBytes(address);
  return new DataView(bytes.buffer).getUint32(bytes.length - 4);
}
