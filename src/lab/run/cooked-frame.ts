/**
 * A frame from a capture of all ports of the switch at once, as Ethernet again
 * (<https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>).
 *
 *     +-------------------------------+-------------------------------+
 *     | Protocol type (2)             | Reserved (2)                  |
 *     +-------------------------------+-------------------------------+
 *     | Interface index (4)                                           |
 *     +-------------------------------+---------------+---------------+
 *     | ARPHRD type (2)               | Packet type   | Addr. length  |
 *     +-------------------------------+---------------+---------------+
 *     | Link-layer address of the sender (8, of which Ethernet has 6) |
 *     +---------------------------------------------------------------+
 */
const HEADER_LENGTH = 20;
const ETHERNET_LENGTH = 14;
const SENDER_OFFSET = 12;

/** PACKET_OUTGOING of <linux/if_packet.h>: the switch sends it. */
const OUTGOING = 4;

export interface CookedFrame {
  readonly interfaceIndex: number;
  readonly isOutgoing: boolean;
  /** The destination is lost and reads as zeros. */
  readonly ethernet: Uint8Array;
}

/** Undefined: too short to hold anything. */
export function decodeCooked(bytes: Uint8Array): CookedFrame | undefined {
  if (bytes.length < HEADER_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ethernet = new Uint8Array(bytes.length - HEADER_LENGTH + ETHERNET_LENGTH);
  ethernet.set(bytes.subarray(SENDER_OFFSET, SENDER_OFFSET + 6), 6);
  ethernet.set(bytes.subarray(0, 2), 12);
  ethernet.set(bytes.subarray(HEADER_LENGTH), ETHERNET_LENGTH);
  return { interfaceIndex: view.getUint32(4), isOutgoing: bytes[10] === OUTGOING, ethernet };
}
