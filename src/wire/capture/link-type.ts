/**
 * Converts captured frames of other link layers to Ethernet; fields that a link layer lacks become zero.
 * See <https://www.tcpdump.org/linktypes.html>. Captures of all interfaces (`tcpdump -i any`) have:
 *
 *     LINUX_SLL    packet type (2) | ARPHRD type (2) | address length (2) | sender (8) | protocol (2)
 *     LINUX_SLL2   protocol (2) | reserved (2) | interface index (4) | ARPHRD type (2) |
 *                  packet type (1) | address length (1) | sender (8)
 *
 * The raw link types have no header: the first byte of a packet has the IP version.
 */
import { byteAt, uint32At } from '../bytes.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../ethernet.ts';

export const LINK_TYPE_ETHERNET = 1;
const LINK_TYPE_LINUX_SLL = 113;
export const LINK_TYPE_LINUX_SLL2 = 276;

/** LINKTYPE_RAW, DLT_RAW as Linux and OpenBSD number it, LINKTYPE_IPV4, LINKTYPE_IPV6. */
const RAW: readonly number[] = [101, 12, 14, 228, 229];

const ETHERNET_LENGTH = 14;
const SLL = { length: 16, sender: 6, protocol: 14 } as const;
const SLL2 = { length: 20, sender: 12, protocol: 0 } as const;
const MAC_LENGTH = 6;

export function isKnownLinkType(linkType: number): boolean {
  return (
    linkType === LINK_TYPE_ETHERNET ||
    linkType === LINK_TYPE_LINUX_SLL ||
    linkType === LINK_TYPE_LINUX_SLL2 ||
    RAW.includes(linkType)
  );
}

/** Undefined if the link layer is unknown or the frame too short. */
export function toEthernet(linkType: number, bytes: Uint8Array): Uint8Array | undefined {
  if (linkType === LINK_TYPE_ETHERNET) return bytes;
  if (linkType === LINK_TYPE_LINUX_SLL) return fromCooked(bytes, SLL);
  if (linkType === LINK_TYPE_LINUX_SLL2) return fromCooked(bytes, SLL2);
  return RAW.includes(linkType) ? fromRaw(bytes) : undefined;
}

/** The index of the interface that captured the frame, if the link layer has it. */
export function interfaceIndexOf(linkType: number, bytes: Uint8Array): number | undefined {
  if (linkType !== LINK_TYPE_LINUX_SLL2 || bytes.length < SLL2.length) return undefined;
  return uint32At(bytes, 4);
}

function fromCooked(bytes: Uint8Array, header: typeof SLL | typeof SLL2): Uint8Array | undefined {
  if (bytes.length < header.length) return undefined;
  const ethernet = new Uint8Array(bytes.length - header.length + ETHERNET_LENGTH);
  ethernet.set(bytes.subarray(header.sender, header.sender + MAC_LENGTH), MAC_LENGTH);
  ethernet.set(bytes.subarray(header.protocol, header.protocol + 2), ETHERNET_LENGTH - 2);
  ethernet.set(bytes.subarray(header.length), ETHERNET_LENGTH);
  return ethernet;
}

function fromRaw(bytes: Uint8Array): Uint8Array | undefined {
  const version = byteAt(bytes, 0) >>> 4;
  if (version !== 4 && version !== 6) return undefined;
  const etherType = version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  const ethernet = new Uint8Array(bytes.length + ETHERNET_LENGTH);
  ethernet.set([etherType >>> 8, etherType & 0xff], ETHERNET_LENGTH - 2);
  ethernet.set(bytes, ETHERNET_LENGTH);
  return ethernet;
}
