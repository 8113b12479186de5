/**
 * Passes VRRP of both families, also in fragments, gratuitous ARP and Neighbor Advertisements to an
 * observer of a link. The kernel drops everything else, so a busy link does not load the observer.
 *
 * Frames of VLANs on top of the link belong to other segments and are dropped. The kernel removes their
 * tag and keeps it beside the frame (<linux/filter.h>, SKF_AD_VLAN_TAG).
 */

import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { NEIGHBOR_ADVERTISEMENT, PROTOCOL_ICMPV6 } from '../../wire/neighbor.ts';
import {
  A_TO_X,
  ACCEPT,
  ANCILLARY,
  AND,
  assemble,
  DROP,
  type Instruction,
  JUMP_EQUAL,
  JUMP_EQUAL_X,
  LOAD_BYTE,
  LOAD_HALF,
  LOAD_WORD,
} from '../ffi/classic-bpf.ts';

/** SKF_AD_VLAN_TAG: 0 without a tag. A tag with VLAN ID 0 only carries a priority. */
const VLAN_TAG = ANCILLARY + 44;
const VLAN_ID_MASK = 0xfff;

const ETHERTYPE = 12;
const IPV4 = 0x0800;
const ARP = 0x0806;
const IPV6 = 0x86dd;

/** Offsets in the frame. */
const IPV4_PROTOCOL = 23;
const IPV6_NEXT_HEADER = 20;
const ICMPV6_TYPE = 54;
/** In a Fragment header: the protocol of the whole packet. */
const FRAGMENT_NEXT_HEADER = 54;
const ARP_SENDER = 28;
const ARP_TARGET = 38;

const FRAGMENT = 44;

export function observeFilter(): Uint8Array {
  const ipv4 = [[LOAD_BYTE, IPV4_PROTOCOL], ...only(PROTOCOL_VRRP)] satisfies Instruction[];
  const ipv6 = [
    [LOAD_BYTE, IPV6_NEXT_HEADER],
    [JUMP_EQUAL, PROTOCOL_VRRP, 0, 1],
    ACCEPT,
    [JUMP_EQUAL, FRAGMENT, 0, 4],
    [LOAD_BYTE, FRAGMENT_NEXT_HEADER],
    ...only(PROTOCOL_VRRP),
    [JUMP_EQUAL, PROTOCOL_ICMPV6, 1, 0],
    DROP,
    [LOAD_BYTE, ICMPV6_TYPE],
    ...only(NEIGHBOR_ADVERTISEMENT),
  ] satisfies Instruction[];
  const arp = [
    [LOAD_WORD, ARP_SENDER],
    [A_TO_X],
    [LOAD_WORD, ARP_TARGET],
    [JUMP_EQUAL_X, 0, 0, 1],
    ACCEPT,
    DROP,
  ] satisfies Instruction[];
  return assemble([
    [LOAD_WORD, VLAN_TAG],
    [AND, VLAN_ID_MASK],
    [JUMP_EQUAL, 0, 1, 0],
    DROP,
    [LOAD_HALF, ETHERTYPE],
    ...when(IPV4, ipv4),
    ...when(IPV6, ipv6),
    ...when(ARP, arp),
    DROP,
  ]);
}

/** Each branch ends with ACCEPT or DROP, so the next comparison finds the EtherType still in A. */
function when(etherType: number, branch: readonly Instruction[]): Instruction[] {
  return [[JUMP_EQUAL, etherType, 0, branch.length], ...branch];
}

function only(value: number): Instruction[] {
  return [[JUMP_EQUAL, value, 0, 1], ACCEPT, DROP];
}
