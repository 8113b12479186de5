/**
 * A socket filter for messages about routes, which the kernel runs on each from its header on
 * (netlink(7)): a router that learns the Internet's table must not wake the protocol for it.
 */
import { ACCEPT, assemble, DROP, JUMP_EQUAL, LOAD_BYTE, LOAD_HALF } from '../ffi/classic-bpf.ts';

const TYPE_OFFSET = 4;
const HEADER_LENGTH = 16;

/** Lets everything pass but messages of these types whose payload does not have the value there. */
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

/** Filters read numbers in network byte order, and netlink has them in that of the processor. */
function swapped(type: number): number {
  return ((type & 0xff) << 8) | (type >> 8);
}
