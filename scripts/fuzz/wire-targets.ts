/** The decoders of src/wire: total, within bounds, and consistent with the encoders. */
import { type Family, ip } from '../../src/net/address.ts';
import { decodeArp, encodeArp } from '../../src/wire/arp.ts';
import { byteAt, uint16At } from '../../src/wire/bytes.ts';
import { scanCapture } from '../../src/wire/capture/capture.ts';
import { interfaceIndexOf, isKnownLinkType, toEthernet } from '../../src/wire/capture/link-type.ts';
import { readPcap } from '../../src/wire/capture/pcap.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { decodeIpv4Header, decodeIpv6Header } from '../../src/wire/ip.ts';
import {
  decodeAdvertisement,
  encodeAdvertisement,
  type ReceivedAdvertisement,
} from '../../src/wire/vrrp/advertisement.ts';
import { matchingForm } from '../../src/wire/vrrp/checksum.ts';
import {
  digestedBytes,
  digestIn,
  lengthBeforeTrailer,
  TRAILER_LENGTH,
  trailerAt,
} from '../../src/wire/vrrp/trailer.ts';
import type { Random } from '../../test/sim/random.ts';
import { CAPTURES, FRAMES, MESSAGES, PACKETS } from './corpus.ts';
import { Mutator } from './mutator.ts';
import { repairMessage, repairPacket } from './repair.ts';
import { type FuzzTarget, hexOf, require } from './target.ts';

type Bytes = Uint8Array;

const SOURCE = ip('192.0.2.1');
const SOURCE6 = ip('fe80::1');

/** One decoder: its valid input, and the rules for each case. */
export interface DecoderRules {
  readonly name: string;
  readonly corpus: readonly Bytes[];
  /** Repairs lengths and checksums, in half of the cases. */
  readonly repair?: (bytes: Bytes, random: Random) => void;
  /** Decodes the first `length` bytes, checks the rules and returns the result. */
  readonly check: (bytes: Bytes, length: number) => unknown;
}

/** How often a case is decoded again with other bytes after it, to detect reads past its end. */
const AGAIN = 1 / 16;

/** More than any decoder could overrun by mistake. */
const MARGIN = 64;

export function decoderTarget({ name, corpus, repair, check }: DecoderRules): FuzzTarget {
  const mutator = new Mutator();
  return {
    name,
    begin: () => mutator.buffer.fill(0),
    play(random) {
      mutator.load(random.pick(corpus));
      mutator.mutate(random, corpus);
      if (repair !== undefined && random.chance(0.5)) repair(mutator.bytes, random);
      const { length } = mutator;
      const seen = check(mutator.buffer, length);
      if (!random.chance(AGAIN)) return;
      const tight = check(mutator.bytes.slice(), length);
      const poisoned = mutator.buffer.slice(0, length + MARGIN).fill(0xa5, length);
      const first = textOf(seen);
      require(first === textOf(tight), 'bytes after the end do not change the result');
      require(first === textOf(check(poisoned, length)), 'nothing is read past the end');
    },
    last: () => hexOf(mutator.bytes),
  };
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

export const WIRE_TARGETS: readonly FuzzTarget[] = [
  decoderTarget({
    name: 'vrrp',
    corpus: MESSAGES,
    repair: (bytes) => repairMessage(bytes, 0, bytes.length, 0),
    check: (bytes, length) => [
      checkMessage(bytes, length, 'ipv4'),
      checkMessage(bytes, length, 'ipv6'),
    ],
  }),
  decoderTarget({
    name: 'ip',
    corpus: PACKETS,
    repair: (bytes, random) => repairPacket(bytes, 0, random.chance(0.5)),
    check: checkPacket,
  }),
  decoderTarget({
    name: 'frame',
    corpus: FRAMES,
    repair: (bytes, random) => repairPacket(bytes, 14, random.chance(0.5)),
    check: checkFrame,
  }),
  decoderTarget({ name: 'capture', corpus: CAPTURES, check: checkCapture }),
];

function checkMessage(bytes: Bytes, length: number, family: Family): unknown {
  const signed = lengthBeforeTrailer(bytes, 0, length, family);
  if (signed !== undefined) return checkSigned(bytes, signed, length, family);
  const decoded = decodeAdvertisement(bytes, 0, length, family);
  if (!decoded.ok) return decoded;
  const { version, count, addresses } = decoded.value;
  require(addresses.length === count, 'there are as many addresses as the message counts');
  const size = family === 'ipv4' ? 4 : 16;
  const expected = 8 + size * count + (version === 2 ? 8 : 0);
  require(length === expected, 'the length is that of header, addresses and authentication data');
  if (family === 'ipv4' && isPlain(bytes, decoded.value))
    checkRoundTrip(bytes, length, decoded.value);
  return decoded;
}

function checkSigned(bytes: Bytes, own: number, length: number, family: Family): unknown {
  require(own + TRAILER_LENGTH === length, 'the trailer is what follows the message');
  const trailer = trailerAt(bytes, own);
  const source = family === 'ipv4' ? SOURCE : SOURCE6;
  const message = { bytes, offset: 0, length: own, source, trailer: { keyId: 1, sequence: 0n } };
  const digested = digestedBytes(message);
  require(digested.length === 20 + length, 'pseudo-header, message and trailer are digested');
  const again = trailer && `${trailer.keyId} ${trailer.sequence}`;
  return [again, [...digested], [...digestIn(message)], checkMessage(bytes, own, family)];
}

/** The message has only what the encoder writes. */
function isPlain(bytes: Bytes, advertisement: ReceivedAdvertisement): boolean {
  const { vrid, count, interval, version, authType, authData } = advertisement;
  if (vrid === 0 || count === 0 || interval === 0) return false;
  if (version === 3) return byteAt(bytes, 4) >>> 4 === 0;
  return authType === 0 && authData?.every((byte) => byte === 0) === true;
}

function checkRoundTrip(bytes: Bytes, length: number, received: ReceivedAdvertisement): void {
  const { version, vrid, priority, interval, addresses } = received;
  const envelope = { source: addresses[0], destination: addresses[0] };
  if (envelope.source === undefined || envelope.destination === undefined) return;
  const again = encodeAdvertisement(
    { version, vrid, priority, interval, addresses },
    { source: envelope.source, destination: envelope.destination },
    'rfc9568',
  );
  require(again.length === length, 'encoded again, the message has the same length');
  for (let at = 0; at < length; at++) {
    const isChecksum = at === 6 || at === 7;
    require(isChecksum || again[at] === bytes[at], 'encoded again, the message has the same bytes');
  }
}

function checkPacket(bytes: Bytes, length: number): unknown {
  const headers = [decodeIpv4Header(bytes, 0, length), decodeIpv6Header(bytes, 0, length)];
  for (const header of headers) {
    if (!header.ok) continue;
    const { family, headerLength, totalLength } = header.value;
    require(headerLength <= totalLength, 'the header is part of the packet');
    require(totalLength <= length, 'the packet is not longer than what there is');
    matchingForm(bytes, headerLength, totalLength - headerLength, family);
  }
  return headers;
}

function checkFrame(bytes: Bytes, length: number): unknown {
  const frame = decodeFrame(bytes, length);
  switch (frame.kind) {
    case 'vrrp': {
      const { packet, offset, length: messageLength, ip, ethernet } = frame;
      require(offset + messageLength === packet.length, 'the message ends where its packet does');
      require(ethernet.headerLength + packet.length <= length, 'the packet lies within the frame');
      decodeAdvertisement(packet, offset, messageLength, ip.family);
      return [frame.ethernet, ip, [...packet]];
    }
    case 'arp':
      checkArp(bytes, frame.ethernet.headerLength, length);
      return frame;
    case 'neighbor-advertisement':
      require(frame.ip.ttl === 255, 'a Neighbor Advertisement comes from this segment');
      return frame;
    case 'fragment': {
      const { offset, part, header } = frame.fragment;
      require(frame.ethernet.headerLength + header.length + part.length <=
        length, 'the part lies within the frame');
      require(offset % 8 === 0, 'offsets are counted in units of eight');
      return [frame.ethernet, frame.ip, offset, [...part]];
    }
    case 'other':
      return frame;
  }
}

function checkArp(bytes: Bytes, offset: number, length: number): void {
  const arp = decodeArp(bytes, offset, length - offset);
  require(arp.ok, 'what is ARP in a frame is ARP by itself');
  if (!arp.ok) return;
  const again = encodeArp(arp.value);
  for (let at = 0; at < again.length; at += 2) {
    const same = uint16At(again, at) === uint16At(bytes, offset + at);
    require(same, 'encoded again, the ARP packet has the same bytes');
  }
}

function checkCapture(bytes: Bytes, length: number): unknown {
  const frames: unknown[] = [];
  let held = 0;
  const end = scanCapture(bytes.subarray(0, length), (frame, at, { linkType, number, name }) => {
    held += frame.length;
    require(Number.isSafeInteger(at) && at >= 0, 'a time stamp is a whole number of microseconds');
    const ethernet = toEthernet(linkType, frame);
    require(ethernet === undefined ||
      isKnownLinkType(linkType), 'only known link types are decoded');
    if (ethernet !== undefined) decodeFrame(ethernet);
    frames.push([at, linkType, number, name, interfaceIndexOf(linkType, frame), [...frame]]);
  });
  require(held <= length, 'the frames of a capture are not longer than the capture');
  const read = readPcap(bytes.subarray(0, length));
  if (read.ok) require(read.value.length === frames.length, 'both readers see the same frames');
  return [end, frames];
}
