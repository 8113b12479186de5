import { SO_ATTACH_FILTER, SOL_SOCKET } from './constants.ts';
import { addressOf } from './memory.ts';
import { setOption } from './socket.ts';

const PROGRAM_BYTES = 16;
const INSTRUCTION_BYTES = 8;

/**
 * Replaces the filter that was there, in one step: no packet is lost and none slips through.
 *
 * `struct sock_fprog` (<linux/filter.h>); the code follows in the same memory, so that both live as
 * long as the call.
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
