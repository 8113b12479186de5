/**
 * The classic BPF program (<linux/filter.h>) of a receive socket. Packets of other virtual routers on
 * the segment never reach the queue. Packets too short to have a VRID pass, because they have to be
 * counted (RFC 8347 packet-length-errors).
 */

import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import {
  A_TO_X,
  ACCEPT,
  ADD,
  AND,
  assemble,
  DROP,
  type Instruction,
  JUMP,
  JUMP_EQUAL,
  JUMP_GREATER_X,
  JUMP_SET,
  LOAD_BYTE_INDEXED,
  LOAD_IMMEDIATE,
  LOAD_LENGTH,
  LOAD_SCRATCH,
  LOAD_X_HEADER_LENGTH,
  LOAD_X_IMMEDIATE,
  SHIFT_RIGHT,
  SHIFT_RIGHT_X,
  STORE_SCRATCH,
  X_TO_A,
} from '../ffi/classic-bpf.ts';

/** The kernel gives IPv4 raw sockets the whole packet, and IPv6 raw sockets only the payload. */
type FilterStart = 'ipv4-header' | 'vrrp-header';

const VRID_OFFSET = 1;

/** An Authentication Header with 12 bytes of HMAC-MD5-96, as RFC 2338 prescribes. */
const AH_LENGTH = 24;

/** Passes nothing: for senders, and while a receiver is being configured. */
export function dropAllFilter(): Uint8Array {
  return assemble([DROP]);
}

/** Passes exactly these VRIDs, each 0..255. */
export function vridFilter(vrids: readonly number[], start: FilterStart): Uint8Array {
  return assemble([
    ...loadVridOffset(start),
    [LOAD_LENGTH],
    [JUMP_GREATER_X, 0, 1, 0],
    ACCEPT,
    [LOAD_BYTE_INDEXED],
    ...passIfAmong(vrids),
  ]);
}

/** Of packets with an Authentication Header over IPv4, passes VRRP with these VRIDs. */
export function enclosedVridFilter(vrids: readonly number[]): Uint8Array {
  return assemble([
    [LOAD_X_HEADER_LENGTH],
    [LOAD_BYTE_INDEXED],
    [JUMP_EQUAL, PROTOCOL_VRRP, 1, 0],
    DROP,
    [LOAD_BYTE_INDEXED, AH_LENGTH + VRID_OFFSET],
    ...passIfAmong(vrids),
  ]);
}

/** A is the VRID. */
function passIfAmong(vrids: readonly number[]): Instruction[] {
  return [
    [STORE_SCRATCH],
    [AND, 31],
    [A_TO_X],
    [LOAD_SCRATCH],
    [SHIFT_RIGHT, 5],
    ...selectWord(bitmapWords(vrids)),
    DROP,
    [SHIFT_RIGHT_X],
    [JUMP_SET, 1, 0, 1],
    ACCEPT,
    DROP,
  ];
}

/** Loads the offset of the VRID into X. */
function loadVridOffset(start: FilterStart): Instruction[] {
  if (start === 'vrrp-header') return [[LOAD_X_IMMEDIATE, VRID_OFFSET]];
  return [[LOAD_X_HEADER_LENGTH], [X_TO_A], [ADD, VRID_OFFSET], [A_TO_X]];
}

/** Replaces the number of a word in A by the word, and jumps over the DROP that follows. */
function selectWord(words: ReadonlyMap<number, number>): Instruction[] {
  const choices = [...words];
  return choices.flatMap(([position, word], choice): Instruction[] => [
    [JUMP_EQUAL, position, 0, 2],
    [LOAD_IMMEDIATE, word],
    [JUMP, (choices.length - choice - 1) * 3 + 1],
  ]);
}

/** The words of 32 VRIDs with at least one bit set, by their number. */
function bitmapWords(vrids: readonly number[]): Map<number, number> {
  const words = new Map<number, number>();
  for (const vrid of vrids) {
    const position = vrid >>> 5;
    words.set(position, ((words.get(position) ?? 0) | (1 << (vrid & 31))) >>> 0);
  }
  return words;
}
