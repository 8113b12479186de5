/**
 * Netlink messages (netlink(7), <linux/netlink.h>). Fields are in the byte order of the host, which
 * is little-endian wherever this program runs.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |                   Length (header included)                    |
 *     +-------------------------------+-------------------------------+
 *     |             Type              |             Flags             |
 *     +-------------------------------+-------------------------------+
 *     |                        Sequence Number                        |
 *     +---------------------------------------------------------------+
 *     |                            Port ID                            |
 *     +---------------------------------------------------------------+
 *     |            Payload, padded to a multiple of 4 bytes           |
 */
import { failure, type Result, success } from '../../net/result.ts';

export const NLMSG_HEADER_LENGTH = 16;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x01;
export const NLM_F_ACK = 0x04;
/** In a dump: something changed during the dump, so it may miss or repeat entries. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** In an NLMSG_ERROR: the payload of the request is omitted. */
export const NLM_F_CAPPED = 0x100;
/** In an NLMSG_ERROR: attributes of an extended acknowledgement follow. */
export const NLM_F_ACK_TLVS = 0x200;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  readonly payload: Uint8Array;
}

interface NetlinkDecodeError {
  readonly code: 'netlink-message-truncated';
  readonly offset: number;
  readonly length: number;
  readonly held: number;
}

/** The size of the message with its padding. */
export function messageLength(payload: Uint8Array): number {
  return align4(NLMSG_HEADER_LENGTH + payload.length);
}

/** Writes one message at the offset and returns where the next one starts. */
export function putMessage(
  target: Uint8Array,
  offset: number,
  message: Omit<NetlinkMessage, 'port'>,
): number {
  putUint32(target, offset, NLMSG_HEADER_LENGTH + message.payload.length);
  putUint16(target, offset + 4, message.type);
  putUint16(target, offset + 6, message.flags);
  putUint32(target, offset + 8, message.sequence);
  putUint32(target, offset + 12, 0);
  target.set(message.payload, offset + NLMSG_HEADER_LENGTH);
  return offset + messageLength(message.payload);
}

export function encodeMessage(message: Omit<NetlinkMessage, 'port'>): Uint8Array {
  const bytes = new Uint8Array(messageLength(message.payload));
  putMessage(bytes, 0, message);
  return bytes;
}

/** All messages of one datagram; the payloads are views of `bytes`. */
export function decodeMessages(
  bytes: Uint8Array,
  length = bytes.length,
): Result<NetlinkMessage[], NetlinkDecodeError> {
  const view = viewOf(bytes);
  const end = Math.min(length, bytes.length);
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset < end; ) {
    const held = end - offset;
    const claimed = held < NLMSG_HEADER_LENGTH ? NLMSG_HEADER_LENGTH : view.getUint32(offset, true);
    if (claimed < NLMSG_HEADER_LENGTH || claimed > held) {
      return failure({ code: 'netlink-message-truncated', offset, length: claimed, held });
    }
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      port: view.getUint32(offset + 12, true),
      payload: bytes.subarray(offset + NLMSG_HEADER_LENGTH, offset + claimed),
    });
    offset += align4(claimed);
  }
  return success(messages);
}

/** For any 32-bit length: a bitwise sum would turn the longest ones negative. */
export function align4(length: number): number {
  return length + (-length & 3);
}

/** Byte by byte: a view for each of hundreds of short messages would cost more than the message. */
export function putUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

export function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
