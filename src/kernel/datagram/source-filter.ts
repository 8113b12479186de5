/**
 * The classic BPF programs of sockets with few senders: datagrams of other sources are dropped before they take
 * a place in the queue. One of 64 of them passes, so that a director whose address has changed can be named.
 */
import { type Family, type IpAddress, ipToBytes } from '../../net/address.ts';
import { uint32At } from '../../wire/bytes.ts';
import {
  ACCEPT,
  ANCILLARY,
  assemble,
  DROP,
  type Instruction,
  JUMP,
  JUMP_AT_LEAST,
  JUMP_EQUAL,
  JUMP_SET,
  LOAD_BYTE,
  LOAD_WORD,
} from '../ffi/classic-bpf.ts';

/** Offsets from here on begin at the IP header (SKF_NET_OFF); the others begin at the UDP header. */
const IP_HEADER = 0xfff00000;
const SOURCE = { 4: 12, 16: 8 } as const;
const TTL = { ipv4: 8, ipv6: 7 } as const;
const RANDOM = ANCILLARY + 56;
const SAMPLE_MASK = 63;

const ACCEPT_SAMPLE: readonly Instruction[] = [
  [LOAD_WORD, RANDOM],
  [JUMP_SET, SAMPLE_MASK, 0, 1],
  DROP,
  ACCEPT,
];

/** All of one family. */
export function sourceFilter(sources: readonly IpAddress[]): Uint8Array {
  return assemble(acceptSources(sources));
}

/**
 * The same, and of those with a lower TTL one of 64 passes as well. The kernel has socket options for that
 * (IP_MINTTL, IPV6_MINHOPCOUNT), but only TCP obeys them.
 */
export function hopFilter(
  family: Family,
  sources: readonly IpAddress[],
  minimumTtl: number,
): Uint8Array {
  return assemble([
    [LOAD_BYTE, IP_HEADER + TTL[family]],
    [JUMP_AT_LEAST, minimumTtl, ACCEPT_SAMPLE.length, 0],
    ...ACCEPT_SAMPLE,
    ...acceptSources(sources),
  ]);
}

function acceptSources(sources: readonly IpAddress[]): readonly Instruction[] {
  return [...sources.flatMap(acceptFrom), ...ACCEPT_SAMPLE];
}

/** Accepts if every word of the source is equal; otherwise continues behind these instructions. */
function acceptFrom(source: IpAddress): Instruction[] {
  const bytes = ipToBytes(source);
  const start = IP_HEADER + SOURCE[bytes.length === 4 ? 4 : 16];
  const words = Array.from({ length: bytes.length / 4 }, (_, word) => 4 * word);
  const total = 3 * words.length + 1;
  return [
    ...words.flatMap((offset, position): Instruction[] => [
      [LOAD_WORD, start + offset],
      [JUMP_EQUAL, uint32At(bytes, offset), 1, 0],
      [JUMP, total - 3 * (position + 1)],
    ]),
    ACCEPT,
  ];
}
