/** ARP and ND on the segment of a world with two networks: kernels and a third host answer, and agents listen. */
import type { ClaimPort } from '../../src/kernel/ports.ts';
import { type Family, type IpAddress, mac } from '../../src/net/address.ts';
import type { AddressClaim } from '../../src/net/link.ts';
import { ARP_REPLY, ARP_REQUEST, encodeArp } from '../../src/wire/arp.ts';
import { ETHERTYPE_ARP, encodeEthernetFrame } from '../../src/wire/ethernet.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { neighborAnswer, neighborClaim, solicitationIn } from './neighbors.ts';
import { isFrame, type Port, type Segment } from './segment.ts';

/** Asks for another address than that of its sender, and so announces none. */
export function isQuestion(frame: Uint8Array): boolean {
  const decoded = decodeFrame(frame);
  if (solicitationIn(frame) !== undefined) return true;
  return decoded.kind === 'arp' && decoded.arp.senderIp !== decoded.arp.targetIp;
}

/** The answer of a host to a question for one of its addresses. */
export function answerTo(
  frame: Uint8Array,
  has: (address: IpAddress) => boolean,
): Uint8Array | undefined {
  const solicitation = solicitationIn(frame);
  if (solicitation !== undefined) {
    return has(solicitation.target) ? neighborAnswer(solicitation) : undefined;
  }
  const decoded = decodeFrame(frame);
  if (decoded.kind !== 'arp' || decoded.arp.operation !== ARP_REQUEST) return undefined;
  const { senderIp, senderMac, targetIp } = decoded.arp;
  if (senderIp === targetIp || !has(targetIp)) return undefined;
  const own = mac('02:00:00:00:00:aa');
  const answer = encodeArp({
    ...{ operation: ARP_REPLY, senderMac: own, senderIp: targetIp },
    ...{ targetMac: senderMac, targetIp: senderIp },
  });
  const header = { destination: senderMac, source: own, etherType: ETHERTYPE_ARP };
  return encodeEthernetFrame(header, answer);
}

/** The sockets of one process for ARP and ND. */
export class SegmentClaims implements ClaimPort {
  readonly #readable: () => void;
  readonly #watched = new Map<number, ReadonlySet<IpAddress>>();
  #queue: AddressClaim[] = [];

  constructor(readable: () => void) {
    this.#readable = readable;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  watch(index: number, addresses: readonly IpAddress[]): void {
    this.#watched.set(index, new Set(addresses));
  }

  arrive(frame: Uint8Array): void {
    const claim = neighborClaim(frame) ?? arpClaim(frame);
    if (claim === undefined) return;
    for (const [index, addresses] of this.#watched) {
      if (!addresses.has(claim.address)) continue;
      this.#queue.push({ index, ...claim });
      this.#readable();
    }
  }

  drain(limit: number, sink: (claim: AddressClaim) => void): void {
    for (const claim of this.#queue.splice(0, limit)) sink(claim);
  }

  close(): void {
    this.#watched.clear();
    this.#queue = [];
  }
}

function arpClaim(frame: Uint8Array): Omit<AddressClaim, 'index'> | undefined {
  const decoded = decodeFrame(frame);
  if (decoded.kind !== 'arp') return undefined;
  const { operation, senderIp: address, senderMac, targetIp } = decoded.arp;
  return { address, mac: senderMac, ...(operation === ARP_REPLY ? { to: targetIp } : {}) };
}

/** A host that is no director: the default gateway. */
export class ThirdHost implements Port {
  /** One for each family. */
  readonly addresses: Readonly<Record<Family, IpAddress>>;
  readonly number: number;
  readonly #segment: Segment;

  constructor(addresses: Readonly<Record<Family, IpAddress>>, segment: Segment) {
    this.addresses = addresses;
    this.#segment = segment;
    this.number = segment.attach(this);
  }

  deliver(bytes: Uint8Array): void {
    if (!isFrame(bytes)) return;
    const answer = answerTo(bytes, (address) => Object.values(this.addresses).includes(address));
    if (answer !== undefined) this.#segment.transmit(this.number, answer);
  }
}
