/**
 * The classic BPF program (<linux/filter.h>) of a receive socket. Virtual routers of others on the
 * segment cost nothing: their packets never reach the queue. What is too short to have a VRID is let
 * through, because it has to be counted (RFC 8347 packet-length-errors).
 */

/** Kernels hand IPv4 raw sockets the whole packet and IPv6 raw sockets the payload only. */
export type FilterStart = 'ipv4-header' | 'vrrp-header';

// Instruction classes, sizes, modes and operations.
const LOAD_LENGTH = 0x80; // ld len
const LOAD_BYTE_INDEXED = 0x50; // ldb [x + k]
const LOAD_IMMEDIATE = 0x00; // ld #k
const LOAD_SCRATCH = 0x60; // ld M[k]
const LOAD_X_HEADER_LENGTH = 0xb1; // ldx 4 * ([k] & 0xf)
const LOAD_X_IMMEDIATE = 0x01; // ldx #k
const STORE_SCRATCH = 0x02; // st M[k]
const ADD = 0x04; // add #k
const AND = 0x54; // and #k
const SHIFT_RIGHT = 0x74; // rsh #k
const SHIFT_RIGHT_X = 0x7c; // rsh x
const A_TO_X = 0x07; // tax
const X_TO_A = 0x87; // txa
const JUMP = 0x05; // ja k
const JUMP_EQUAL = 0x15; // jeq #k
const JUMP_GREATER_X = 0x2d; // jgt x
const JUMP_SET = 0x45; // jset #k
const RETURN = 0x06; // ret #k

const WHOLE_PACKET = 0xffffffff;
const VRID_OFFSET = 1;

type Instruction = readonly [code: number, k?: number, jumpTrue?: number, jumpFalse?: number];

const ACCEPT: Instruction = [RETURN, WHOLE_PACKET];
const DROP: Instruction = [RETURN, 0];

/** Lets nothing pass: for senders, and while a receiver is being set up. */
export function dropAllFilter(): Uint8Array {
  return assemble([DROP]);
}

/** Lets exactly these VRIDs pass, each 0..255. */
export function vridFilter(vrids: readonly number[], start: FilterStart): Uint8Array {
  const words = bitmapWords(vrids);
  return assemble([
    ...loadVridOffset(start),
    [LOAD_LENGTH],
    [JUMP_GREATER_X, 0, 1, 0],
    ACCEPT,
    [LOAD_BYTE_INDEXED],
    [STORE_SCRATCH],
    [AND, 31],
    [A_TO_X],
    [LOAD_SCRATCH],
    [SHIFT_RIGHT, 5],
    ...selectWord(words),
    DROP,
    [SHIFT_RIGHT_X],
    [JUMP_SET, 1, 0, 1],
    ACCEPT,
    DROP,
  ]);
}

/** Offset of the VRID into X. */
function loadVridOffset(start: FilterStart): Instruction[] {
  if (start === 'vrrp-header') return [[LOAD_X_IMMEDIATE, VRID_OFFSET]];
  return [[LOAD_X_HEADER_LENGTH], [X_TO_A], [ADD, VRID_OFFSET], [A_TO_X]];
}

/** A holds the number of a word: replaces it by the word and jumps over the DROP that follows. */
function selectWord(words: ReadonlyMap<number, number>): Instruction[] {
  const choices = [...words];
  return choices.flatMap(([position, word], choice): Instruction[] => [
    [JUMP_EQUAL, position, 0, 2],
    [LOAD_IMMEDIATE, word],
    [JUMP, (choices.length - choice - 1) * 3 + 1],
  ]);
}

/** The words of 32 VRIDs in which any is set. */
function bitmapWords(vrids: readonly number[]): Map<number, number> {
  const words = new Map<number, number>();
  for (const vrid of vrids) {
    const position = vrid >>> 5;
    words.set(position, ((words.get(position) ?? 0) | (1 << (vrid & 31))) >>> 0);
  }
  return words;
}

/**
 * `struct sock_filter`:
 *
 *      0               2       3       4               8
 *     +---------------+-------+-------+---------------+
 *     |     code      |  jt   |  jf   |       k       |
 *     +---------------+-------+-------+---------------+
 */
function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, k = 0, jumpTrue = 0, jumpFalse = 0], position) => {
    view.setUint16(position * 8, code, true);
    view.setUint8(position * 8 + 2, jumpTrue);
    view.setUint8(position * 8 + 3, jumpFalse);
    view.setUint32(position * 8 + 4, k, true);
  });
  return bytes;
}
