/**
 * A socket filter for netlink messages about routes; the kernel runs it on the whole message, header
 * included. On a router that learns the Internet's table, its routes must not wake the protocol.
 */
import {
  LENGTH_OFFSET,
  PROTOCOL_OFFSET,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
  TYPE_OFFSET,
} from '../../wire/netlink/route/route.ts';
import {
  ACCEPT,
  assemble,
  DROP,
  type Instruction,
  JUMP_EQUAL,
  LOAD_BYTE,
  LOAD_HALF,
} from '../ffi/classic-bpf.ts';

const KIND_OFFSET = 4;
const HEADER_LENGTH = 16;
const IPV6_BITS = 128;

interface PassedRoutes {
  /** Protocol number of the routes that pass, whatever they are. */
  readonly own: number;
  /** Protocol numbers of those that pass if they forward packets to more than a single IPv6 host. */
  readonly ofHost: readonly number[];
}

/** Drops other routes; passes every message that is about something else. */
export function routeFilter({ own, ofHost }: PassedRoutes): Uint8Array {
  return assemble([
    [LOAD_HALF, KIND_OFFSET],
    [JUMP_EQUAL, swapped(RTM_NEWROUTE), 2, 0],
    [JUMP_EQUAL, swapped(RTM_DELROUTE), 1, 0],
    ACCEPT,
    [LOAD_BYTE, HEADER_LENGTH + PROTOCOL_OFFSET],
    [JUMP_EQUAL, own, ofHost.length + 6, 0],
    ...ofHost.map((one, position): Instruction => [JUMP_EQUAL, one, ofHost.length - position, 0]),
    DROP,
    [LOAD_BYTE, HEADER_LENGTH + TYPE_OFFSET],
    [JUMP_EQUAL, RTN_UNICAST, 0, 2],
    [LOAD_BYTE, HEADER_LENGTH + LENGTH_OFFSET],
    [JUMP_EQUAL, IPV6_BITS, 0, 1],
    DROP,
    ACCEPT,
  ]);
}

/** Filters read numbers in network byte order, netlink has the byte order of the host. */
function swapped(type: number): number {
  return ((type & 0xff) << 8) | (type >> 8);
}
