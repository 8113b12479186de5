/**
 * A socket filter for netlink messages about routes; the kernel runs it on the whole message, header
 * included. On a router that learns the Internet's table, its routes must not wake the protocol.
 */
import { ACCEPT, assemble, DROP, JUMP_EQUAL, LOAD_BYTE, LOAD_HALF } from '../ffi/classic-bpf.ts';

const TYPE_OFFSET = 4;
const HEADER_LENGTH = 16;

/** Drops messages of the two types unless their payload has `value` at `offset`; passes all others. */
export function messageFilter(
  [first, second]: readonly [number, number],
  offset: number,
  value: number,
): Uint8Array {
  return assemble([
    [LOAD_HALF, TYPE_OFFSET],
    [JUMP_EQUAL, swapped(first), 2, 0],
    [JUMP_EQUAL, swapped(second), 1, 0],
    ACCEPT,
    [LOAD_BYTE, HEADER_LENGTH + offset],
    [JUMP_EQUAL, value, 0, 1],
    ACCEPT,
    DROP,
  ]);
}

/** Filters read numbers in network byte order, netlink has the byte order of the host. */
function swapped(type: number): number {
  return ((type & 0xff) << 8) | (type >> 8);
}
