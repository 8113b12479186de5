/**
 * Classic BPF (<linux/filter.h>, <linux/bpf_common.h>): the instructions that our filters need, the
 * assembler, and how a program is attached to a socket.
 */
import { SO_ATTACH_FILTER, SOL_SOCKET } from './constants.ts';
import { addressOf } from './memory.ts';
import { setOption } from './socket.ts';

const PROGRAM_BYTES = 16;
const INSTRUCTION_BYTES = 8;

// Instruction classes, sizes, modes and operations.
export const LOAD_LENGTH = 0x80; // ld len
export const LOAD_BYTE_INDEXED = 0x50; // ldb [x + k]
export const LOAD_IMMEDIATE = 0x00; // ld #k
export const LOAD_SCRATCH = 0x60; // ld M[k]
export const LOAD_X_HEADER_LENGTH = 0xb1; // ldx 4 * ([k] & 0xf)
export const LOAD_X_IMMEDIATE = 0x01; // ldx #k
export const STORE_SCRATCH = 0x02; // st M[k]
export const ADD = 0x04; // add #k
export const AND = 0x54; // and #k
export const SHIFT_RIGHT = 0x74; // rsh #k
export const SHIFT_RIGHT_X = 0x7c; // rsh x
export const A_TO_X = 0x07; // tax
export const X_TO_A = 0x87; // txa
export const JUMP = 0x05; // ja k
export const JUMP_EQUAL = 0x15; // jeq #k
export const JUMP_EQUAL_X = 0x1d; // jeq x
export const JUMP_AT_LEAST = 0x35; // jge #k
export const JUMP_GREATER_X = 0x2d; // jgt x
export const JUMP_SET = 0x45; // jset #k
const RETURN = 0x06; // ret #k
export const LOAD_WORD = 0x20; // ld [k]
export const LOAD_HALF = 0x28; // ldh [k]
export const LOAD_BYTE = 0x30; // ldb [k]

/** Offsets from here on read facts about the packet instead of its bytes: its type at 4. */
export const ANCILLARY = 0xfffff000;

export type Instruction = readonly [
  code: number,
  k?: number,
  jumpTrue?: number,
  jumpFalse?: number,
];

export const ACCEPT: Instruction = [RETURN, 0xffffffff];
export const DROP: Instruction = [RETURN, 0];

/**
 * `struct sock_filter`:
 *
 *      0               2       3       4               8
 *     +---------------+-------+-------+---------------+
 *     |     code      |  jt   |  jf   |       k       |
 *     +---------------+-------+-------+---------------+
 */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, k = 0, jumpTrue = 0, jumpFalse = 0], position) => {
    const offset = position * INSTRUCTION_BYTES;
    view.setUint16(offset, code, true);
    view.setUint8(offset + 2, jumpTrue);
    view.setUint8(offset + 3, jumpFalse);
    view.setUint32(offset + 4, k, true);
  });
  return bytes;
}

/**
 * Attaches the program to a socket in place of an earlier one, in one step: no packet is lost and none
 * gets past.
 *
 * `struct sock_fprog` (<linux/filter.h>); the code follows in the same memory, so that both exist
 * for as long as the call.
 *
 *      0              2              8                      16
 *     +--------------+--------------+----------------------+------
 *     | instructions |   padding    | address of the code  | code
 *     +--------------+--------------+----------------------+------
 */
export function attachFilter(what: string, fd: number, code: Uint8Array): void {
  const memory = new Uint8Array(PROGRAM_BYTES + code.length);
  const view = new DataView(memory.buffer);
  view.setUint16(0, code.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, BigInt(addressOf(memory) + PROGRAM_BYTES), true);
  memory.set(code, PROGRAM_BYTES);
  const program = memory.subarray(0, PROGRAM_BYTES);
  setOption(`filter ${what}`, fd, SOL_SOCKET, SO_ATTACH_FILTER, program);
}
