/**
 * `vrrp-agent/wire`: codecs of the packets of VRRP, and of captures. Decoders return errors and never
 * throw; encoders throw `RangeError` for a field out of range.
 */
export {
  type Family,
  familyOf,
  type IpAddress,
  ip,
  ipFromBytes,
  ipToBytes,
  type MacAddress,
  mac,
  parseIp,
  parseMac,
} from '../net/address.ts';
export type { Result } from '../net/result.ts';
export { type Duration, milliseconds, seconds } from '../net/time.ts';
export { PROTOCOL_VRRP, VRRP_GROUP, VRRP_TTL } from '../net/vrrp.ts';
export type { DiscardReason } from '../protocol/engine/intake-reasons.ts';
export { type ArpPacket, decodeArp, encodeArp } from '../wire/arp.ts';
export { type CaptureError, scanCapture } from '../wire/capture/capture.ts';
export type { CapturedLink, CaptureEnd, CaptureSink } from '../wire/capture/captured-frame.ts';
export { toEthernet } from '../wire/capture/link-type.ts';
export {
  decodeEthernetHeader,
  type EthernetHeader,
  encodeEthernetFrame,
  multicastMac,
} from '../wire/ethernet.ts';
export { decodeFrame, type FragmentFrame, type VrrpFrame } from '../wire/frame.ts';
export {
  decodeIpv4Header,
  decodeIpv6Header,
  encodeIpv4Packet,
  encodeIpv6Packet,
} from '../wire/ip.ts';
export {
  decodeNeighborAdvertisement,
  encodeNeighborAdvertisement,
  type NeighborAdvertisement,
} from '../wire/neighbor.ts';
export {
  type Advertisement,
  decodeAdvertisement,
  type Envelope,
  encodeAdvertisement,
  type ReceivedAdvertisement,
} from '../wire/vrrp/advertisement.ts';
export { type ChecksumForm, matchingForm } from '../wire/vrrp/checksum.ts';
export { lengthBeforeTrailer, type Trailer, trailerAt, withTrailer } from '../wire/vrrp/trailer.ts';
export {
  type DecodeDocument,
  type DecodeRequest,
  decodePacket,
  type PacketDocument,
  type TrailerDocument,
} from './decode-packet.ts';
