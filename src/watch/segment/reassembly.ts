/**
 * Puts packets together again that came in parts, as a receiver's kernel does: RFC 791 section 3.2,
 * RFC 8200 section 4.5. A part that lies over another one ends the packet, whatever comes later
 * (RFC 5722; Linux does the same for IPv4); the same part once more is passed over. What is kept is
 * bounded, whoever sends.
 */
import { elapsed, type Instant, seconds } from '../../net/time.ts';
import { type Fragment, joinedPacket } from '../../wire/fragment.ts';
import type { FragmentFrame } from '../../wire/frame.ts';
import type { IpHeader } from '../../wire/ip.ts';

/** RFC 8200 section 4.5: counted from the part that came first. */
const PATIENCE = seconds(60);
/** So late nothing of the same packet comes on one segment; for a count, not for giving up. */
const OVERDUE = seconds(1);
/** Every VRID of both families at once. */
const PACKETS_MAX = 512;
const BYTES_MAX = 1_048_576;
/** The longest message in parts as small as IPv4 allows (RFC 791: 68 bytes). */
const PARTS_MAX = 128;
const UNIT = 8;

/** One packet under way. */
interface Puzzle {
  readonly since: Instant;
  /** In order, without gaps only when it is whole. */
  parts: Fragment[];
  bytes: number;
  /** Of what all parts carry; undefined until the last one is there. */
  total: number | undefined;
  /** Two parts contradict each other: nothing comes of it any more. */
  spoiled: boolean;
}

export class Reassembly {
  /** Oldest first. */
  readonly #puzzles = new Map<string, Puzzle>();
  #bytes = 0;
  #lost = 0;

  /** The whole packet with its last missing part, else undefined. The part is copied. */
  add({ ip, fragment }: FragmentFrame, at: Instant): Uint8Array | undefined {
    this.#forget(at);
    if (!isSound(ip, fragment)) return undefined;
    // RFC 6946: a packet that is its own only part has nothing to do with others.
    if (fragment.offset === 0 && fragment.isLast) return joinedPacket(fragment, fragment.part);
    const key = `${ip.source} ${ip.destination} ${fragment.identification}`;
    const puzzle = this.#puzzles.get(key) ?? this.#begin(key, at);
    if (puzzle.spoiled || puzzle.parts.some((one) => isSame(one, fragment))) return undefined;
    if (!fits(puzzle, fragment)) {
      this.#spoil(puzzle);
      return undefined;
    }
    this.#keep(puzzle, fragment);
    if (puzzle.bytes !== puzzle.total) {
      this.#makeRoom();
      return undefined;
    }
    this.#drop(key, puzzle);
    return join(puzzle.parts);
  }

  /** Packets of which not all parts came, or whose parts contradict each other. */
  lost(at: Instant): number {
    let overdue = 0;
    for (const { since, spoiled } of this.#puzzles.values()) {
      if (!spoiled && elapsed(since, at) > OVERDUE) overdue++;
    }
    return this.#lost + overdue;
  }

  #begin(key: string, since: Instant): Puzzle {
    const puzzle = { since, parts: [], bytes: 0, total: undefined, spoiled: false };
    this.#puzzles.set(key, puzzle);
    return puzzle;
  }

  #keep(puzzle: Puzzle, fragment: Fragment): void {
    const { header, part, offset, isLast } = fragment;
    const place = puzzle.parts.findIndex((one) => one.offset > offset);
    const copy = { ...fragment, header: header.slice(), part: part.slice() };
    puzzle.parts.splice(place < 0 ? puzzle.parts.length : place, 0, copy);
    puzzle.bytes += part.length;
    this.#bytes += part.length;
    if (isLast) puzzle.total = offset + part.length;
  }

  /** What is left says that later parts are no packet either. */
  #spoil(puzzle: Puzzle): void {
    this.#bytes -= puzzle.bytes;
    this.#lost += 1;
    puzzle.parts = [];
    puzzle.bytes = 0;
    puzzle.spoiled = true;
  }

  #drop(key: string, puzzle: Puzzle): void {
    this.#bytes -= puzzle.bytes;
    this.#puzzles.delete(key);
  }

  #giveUp(key: string, puzzle: Puzzle): void {
    this.#drop(key, puzzle);
    if (!puzzle.spoiled) this.#lost += 1;
  }

  #forget(at: Instant): void {
    for (const [key, puzzle] of this.#puzzles) {
      if (elapsed(puzzle.since, at) <= PATIENCE) return;
      this.#giveUp(key, puzzle);
    }
  }

  #makeRoom(): void {
    for (const [key, puzzle] of this.#puzzles) {
      if (this.#puzzles.size <= PACKETS_MAX && this.#bytes <= BYTES_MAX) return;
      this.#giveUp(key, puzzle);
    }
  }
}

/** Every part but the last fills whole units, and none reaches beyond what a packet can carry. */
function isSound({ family, headerLength }: IpHeader, fragment: Fragment): boolean {
  const { offset, part, isLast } = fragment;
  if (part.length === 0 || (!isLast && part.length % UNIT !== 0)) return false;
  // The length that the whole packet says of itself has 16 bits; that of IPv4 counts its header.
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

/** Beside the parts that are there, and within the end that is known. */
function fits({ parts, total }: Puzzle, { offset, part, isLast }: Fragment): boolean {
  if (parts.length >= PARTS_MAX) return false;
  const end = offset + part.length;
  if (total !== undefined && (isLast || end > total)) return false;
  if (isLast && parts.some((one) => one.offset > offset)) return false;
  return parts.every((one) => end <= one.offset || one.offset + one.part.length <= offset);
}

function join(parts: readonly Fragment[]): Uint8Array | undefined {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const payload = new Uint8Array(last.offset + last.part.length);
  for (const { offset, part } of parts) payload.set(part, offset);
  return joinedPacket(first, payload);
}
