/**
 * The segments in one capture: each interface, and on a trunk each VLAN. The same VRID on two segments
 * is not a conflict. Segments without VRRP are not shown.
 */
import type { Instant } from '../net/time.ts';
import { decodeFrame } from '../wire/frame.ts';
import type { WatchSession } from './watch-session.ts';

/** More segments are not shown: the output would be unreadable. */
const SEGMENTS_MAX = 256;

export class CapturedSegments {
  readonly #open: (segment: string) => WatchSession;
  /** By name: ``, `eth0`, `VLAN 10`, `eth0 VLAN 10.20` (outermost VLAN first). */
  readonly #sessions = new Map<string, WatchSession>();

  constructor(open: (segment: string) => WatchSession) {
    this.#open = open;
  }

  /** Takes an Ethernet frame; `interfaceName` is the interface, or empty if the file has only one. */
  frame(bytes: Uint8Array, at: Instant, interfaceName: string): void {
    for (const session of this.#sessions.values()) session.advance(at);
    const frame = decodeFrame(bytes);
    // VLAN 0 is a priority tag, not a VLAN (IEEE 802.1Q).
    const vlan = frame.ethernet?.vlans.filter((id) => id !== 0).join('.') ?? '';
    const segment = [interfaceName, vlan === '' ? '' : `VLAN ${vlan}`].filter(Boolean).join(' ');
    const isVrrp = frame.kind === 'vrrp' || frame.kind === 'fragment';
    if (isVrrp && this.#sessions.size < SEGMENTS_MAX) this.#sessionOf(segment, at);
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
