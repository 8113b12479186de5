/**
 * Reassembles fragmented packets as a receiver's kernel does: RFC 791 section 3.2, RFC 8200 section
 * 4.5. Overlapping fragments discard the packet (RFC 5722; Linux does the same for IPv4); an exact
 * duplicate is ignored. Memory is bounded, whatever arrives.
 */
import { elapsed, type Instant, seconds } from '../../net/time.ts';
import { type Fragment, joinedPacket } from '../../wire/fragment.ts';
import type { FragmentFrame } from '../../wire/frame.ts';
import type { IpHeader } from '../../wire/ip.ts';

/** RFC 8200 section 4.5: counts from the first fragment received. */
const TIMEOUT = seconds(60);
/** No fragment arrives this late on one segment: such a packet is counted as lost, but still kept. */
const OVERDUE = seconds(1);
/** All VRIDs of both families at the same time. */
const PACKETS_MAX = 512;
const BYTES_MAX = 1_048_576;
/** The longest message in the smallest fragments of IPv4 (RFC 791: 68 bytes). */
const FRAGMENTS_MAX = 128;
const UNIT = 8;

interface PartialPacket {
  readonly since: Instant;
  /** Ordered by offset, possibly with gaps. */
  fragments: Fragment[];
  bytes: number;
  /** Total length of the payload; undefined until the last fragment has arrived. */
  total: number | undefined;
  /** Fragments overlapped: the packet is discarded. */
  discarded: boolean;
}

export class Reassembly {
  /** Oldest first. */
  readonly #partial = new Map<string, PartialPacket>();
  #bytes = 0;
  #lost = 0;

  /** The whole packet if this fragment completes it, else undefined. Copies the fragment. */
  add({ ip, fragment }: FragmentFrame, at: Instant): Uint8Array | undefined {
    this.#forget(at);
    if (!isValid(ip, fragment)) return undefined;
    // RFC 6946: an atomic fragment is independent of all others.
    if (fragment.offset === 0 && fragment.isLast) return joinedPacket(fragment, fragment.part);
    const key = `${ip.source} ${ip.destination} ${fragment.identification}`;
    const packet = this.#partial.get(key) ?? this.#begin(key, at);
    if (packet.discarded || packet.fragments.some((one) => isSame(one, fragment))) return undefined;
    if (!fits(packet, fragment)) {
      this.#discard(packet);
      return undefined;
    }
    this.#keep(packet, fragment);
    if (packet.bytes !== packet.total) {
      this.#makeRoom();
      return undefined;
    }
    this.#drop(key, packet);
    return join(packet.fragments);
  }

  /** Packets with missing or overlapping fragments. */
  lost(at: Instant): number {
    let overdue = 0;
    for (const { since, discarded } of this.#partial.values()) {
      if (!discarded && elapsed(since, at) > OVERDUE) overdue++;
    }
    return this.#lost + overdue;
  }

  #begin(key: string, since: Instant): PartialPacket {
    const packet = { since, fragments: [], bytes: 0, total: undefined, discarded: false };
    this.#partial.set(key, packet);
    return packet;
  }

  #keep(packet: PartialPacket, fragment: Fragment): void {
    const { header, part, offset, isLast } = fragment;
    const place = packet.fragments.findIndex((one) => one.offset > offset);
    const copy = { ...fragment, header: header.slice(), part: part.slice() };
    packet.fragments.splice(place < 0 ? packet.fragments.length : place, 0, copy);
    packet.bytes += part.length;
    this.#bytes += part.length;
    if (isLast) packet.total = offset + part.length;
  }

  /** The entry stays, so that later fragments do not start a new packet. */
  #discard(packet: PartialPacket): void {
    this.#bytes -= packet.bytes;
    this.#lost += 1;
    packet.fragments = [];
    packet.bytes = 0;
    packet.discarded = true;
  }

  #drop(key: string, packet: PartialPacket): void {
    this.#bytes -= packet.bytes;
    this.#partial.delete(key);
  }

  #giveUp(key: string, packet: PartialPacket): void {
    this.#drop(key, packet);
    if (!packet.discarded) this.#lost += 1;
  }

  #forget(at: Instant): void {
    for (const [key, packet] of this.#partial) {
      if (elapsed(packet.since, at) <= TIMEOUT) return;
      this.#giveUp(key, packet);
    }
  }

  #makeRoom(): void {
    for (const [key, packet] of this.#partial) {
      if (this.#partial.size <= PACKETS_MAX && this.#bytes <= BYTES_MAX) return;
      this.#giveUp(key, packet);
    }
  }
}

/** All fragments but the last fill whole units; none exceeds the maximum size of a packet. */
function isValid({ family, headerLength }: IpHeader, fragment: Fragment): boolean {
  const { offset, part, isLast } = fragment;
  if (part.length === 0 || (!isLast && part.length % UNIT !== 0)) return false;
  // The length field of the packet has 16 bits; that of IPv4 includes the header.
  return offset + part.length <= 0xffff - (family === 'ipv4' ? headerLength : 0);
}

function isSame(one: Fragment, other: Fragment): boolean {
  return (
    one.offset === other.offset &&
    one.isLast === other.isLast &&
    one.part.length === other.part.length &&
    one.part.every((byte, at) => byte === other.part[at])
  );
}

/** Overlaps no other fragment, and stays within the known total. */
function fits({ fragments, total }: PartialPacket, { offset, part, isLast }: Fragment): boolean {
  if (fragments.length >= FRAGMENTS_MAX) return false;
  const end = offset + part.length;
  if (total !== undefined && (isLast || end > total)) return false;
  if (isLast && fragments.some((one) => one.offset > offset)) return false;
  return fragments.every((one) => end <= one.offset || one.offset + one.part.length <= offset);
}

function join(fragments: readonly Fragment[]): Uint8Array | undefined {
  const [first] = fragments;
  const last = fragments.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const payload = new Uint8Array(last.offset + last.part.length);
  for (const { offset, part } of fragments) payload.set(part, offset);
  return joinedPacket(first, payload);
}
