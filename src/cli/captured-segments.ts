/**
 * The segments in one capture: on a trunk each VLAN is one of its own, and the same VRID on two of them
 * is no conflict. A VLAN on which nobody speaks VRRP is not mentioned.
 */
import type { Instant } from '../net/time.ts';
import { decodeFrame } from '../wire/frame.ts';
import type { WatchSession } from './watch-session.ts';

/** Segments of one file; nobody reads about more of them. */
const SEGMENTS_MAX = 256;

export class CapturedSegments {
  readonly #open: (vlan: string) => WatchSession;
  /** By VLAN ID, `10`, or several of them, outermost first, `10.20`; `` without a tag. */
  readonly #sessions = new Map<string, WatchSession>();

  constructor(open: (vlan: string) => WatchSession) {
    this.#open = open;
  }

  frame(bytes: Uint8Array, at: Instant): void {
    for (const session of this.#sessions.values()) session.advance(at);
    const frame = decodeFrame(bytes);
    // VLAN 0 is a priority and no VLAN (IEEE 802.1Q).
    const vlan = frame.ethernet?.vlans.filter((id) => id !== 0).join('.') ?? '';
    if (frame.kind === 'vrrp' && this.#sessions.size < SEGMENTS_MAX) this.#sessionOf(vlan, at);
    this.#sessions.get(vlan)?.frame(bytes, bytes.length, at);
  }

  finish(at: Instant): void {
    if (this.#sessions.size === 0) this.#sessionOf('', at);
    for (const session of this.#sessions.values()) session.finish(at);
  }

  #sessionOf(vlan: string, at: Instant): void {
    if (this.#sessions.has(vlan)) return;
    const session = this.#open(vlan);
    session.advance(at);
    this.#sessions.set(vlan, session);
  }
}
