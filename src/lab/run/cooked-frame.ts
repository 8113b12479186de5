/** A frame from a capture of all ports of the switch at once (`tcpdump -i any`), as Ethernet again. */
import {
  interfaceIndexOf,
  LINK_TYPE_LINUX_SLL2,
  toEthernet,
} from '../../wire/capture/link-type.ts';

/** Where the packet type lies, and PACKET_OUTGOING of <linux/if_packet.h>: the switch sends it. */
const PACKET_TYPE_OFFSET = 10;
const OUTGOING = 4;

export interface CookedFrame {
  readonly interfaceIndex: number;
  readonly isOutgoing: boolean;
  /** The destination is lost and reads as zeros. */
  readonly ethernet: Uint8Array;
}

/** Undefined: too short to hold anything. */
export function decodeCooked(bytes: Uint8Array): CookedFrame | undefined {
  const interfaceIndex = interfaceIndexOf(LINK_TYPE_LINUX_SLL2, bytes);
  const ethernet = toEthernet(LINK_TYPE_LINUX_SLL2, bytes);
  if (interfaceIndex === undefined || ethernet === undefined) return undefined;
  return { interfaceIndex, isOutgoing: bytes[PACKET_TYPE_OFFSET] === OUTGOING, ethernet };
}
