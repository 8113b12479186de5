/** Turns a frame captured with `tcpdump -i any` back into an Ethernet frame. */
import {
  interfaceIndexOf,
  LINK_TYPE_LINUX_SLL2,
  toEthernet,
} from '../../wire/capture/link-type.ts';

/** The packet type, and PACKET_OUTGOING of <linux/if_packet.h>: sent by the switch. */
const PACKET_TYPE_OFFSET = 10;
const OUTGOING = 4;

export interface CookedFrame {
  readonly interfaceIndex: number;
  readonly isOutgoing: boolean;
  /** The capture drops the destination address: it is all zeros. */
  readonly ethernet: Uint8Array;
}

/** Undefined: truncated. */
export function decodeCooked(bytes: Uint8Array): CookedFrame | undefined {
  const interfaceIndex = interfaceIndexOf(LINK_TYPE_LINUX_SLL2, bytes);
  const ethernet = toEthernet(LINK_TYPE_LINUX_SLL2, bytes);
  if (interfaceIndex === undefined || ethernet === undefined) return undefined;
  return { interfaceIndex, isOutgoing: bytes[PACKET_TYPE_OFFSET] === OUTGOING, ethernet };
}
