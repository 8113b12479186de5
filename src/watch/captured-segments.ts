/**
 * The segments in one capture: each interface is one, and on a trunk each VLAN; the same VRID on two of
 * them is no conflict. A segment on which nobody speaks VRRP is not mentioned.
 */
import type { Instant } from '../net/time.ts';
import { decodeFrame } from '../wire/frame.ts';
import type { WatchSession } from './watch-session.ts';

/** Segments of one file; nobody reads about more of them. */
const SEGMENTS_MAX = 256;

export class CapturedSegments {
  readonly #open: (segment: string) => WatchSession;
  /** By interface and VLAN, in words: ``, `eth0`, `VLAN 10`, `eth0 VLAN 10.20` (outermost first). */
  readonly #sessions = new Map<string, WatchSession>();

  constructor(open: (segment: string) => WatchSession) {
    this.#open = open;
  }

  /** An Ethernet frame; `place` is the interface, empty when there is only one. */
  frame(bytes: Uint8Array, at: Instant, place: string): void {
    for (const session of this.#sessions.values()) session.advance(at);
    const frame = decodeFrame(bytes);
    // VLAN 0 is a priority and no VLAN (IEEE 802.1Q).
    const vlan = frame.ethernet?.vlans.filter((id) => id !== 0).join('.') ?? '';
    const segment = [place, vlan === '' ? '' : `VLAN ${vlan}`].filter(Boolean).join(' ');
    const speaks = frame.kind === 'vrrp' || frame.kind === 'fragment';
    if (speaks && this.#sessions.size < SEGMENTS_MAX) this.#sessionOf(segment, at);
    this.#sessions.get(segment)?.frame(bytes, bytes.length, at);
  }

  finish(at: Instant): void {
    if (this.#sessions.size === 0) this.#sessionOf('', at);
    for (const session of this.#sessions.values()) session.finish(at);
  }

  #sessionOf(segment: string, at: Instant): void {
    if (this.#sessions.has(segment)) return;
    const session = this.#open(segment);
    session.advance(at);
    this.#sessions.set(segment, session);
  }
}
