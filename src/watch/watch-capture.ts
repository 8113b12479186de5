/** Shows a capture file, with the times in the file, and reports what could not be read. */
import { readFileSync } from 'node:fs';
import { instant, latest } from '../net/time.ts';
import { type CaptureError, scanCapture } from '../wire/capture/capture.ts';
import type { CapturedLink, CaptureEnd } from '../wire/capture/captured-frame.ts';
import { interfaceIndexOf, isKnownLinkType, toEthernet } from '../wire/capture/link-type.ts';
import { CapturedSegments } from './captured-segments.ts';
import type { WatchSession } from './watch-session.ts';

const NO_CAPTURE = 'not a capture file (pcap or pcapng, as tcpdump -w and dumpcap -w write them)';
const CUT_OFF = 'the file ends before its first packet';

const PROBLEM: { readonly [code in CaptureError['code']]: string } = {
  'capture-truncated': CUT_OFF,
  'capture-compressed': 'the file is compressed: decompress it first',
  'capture-format-error': NO_CAPTURE,
  'pcap-truncated': CUT_OFF,
  'pcap-magic-error': NO_CAPTURE,
  'pcap-link-type-error': NO_CAPTURE,
  'pcapng-truncated': CUT_OFF,
  'pcapng-magic-error': NO_CAPTURE,
};

const SUPPORTED = 'supported are Ethernet, LINUX_SLL, LINUX_SLL2 and raw IP';

export class CaptureFailure extends Error {
  override readonly name = 'CaptureFailure';
}

/**
 * Shows the packets of the file; `open` is called for each segment, `warn` for packets that were left
 * out. Throws `CaptureFailure` if the file is not a readable capture or if it is damaged, but first shows
 * the packets before the damage.
 */
export function watchCapture(
  file: string,
  open: (segment: string) => WatchSession,
  warn: (text: string) => void,
): void {
  const bytes = readFileSync(file);
  const names = new InterfaceNames();
  const unknown = new Map<number, number>();
  let frames = 0;
  const first = scanCapture(bytes, (frame, _, link) => {
    if (isKnownLinkType(link.linkType)) names.add(frame, link);
    else unknown.set(link.linkType, (unknown.get(link.linkType) ?? 0) + 1);
    frames++;
  });
  if (!first.ok) throw new CaptureFailure(`${file}: ${PROBLEM[first.error.code]}`);
  const [one] = unknown.keys();
  if (one !== undefined && names.size === 0) {
    throw new CaptureFailure(`${file}: link type ${one} is not supported; ${SUPPORTED}`);
  }
  show(bytes, names, open);
  for (const [linkType, count] of unknown) {
    warn(`${file}: skipped ${count} frames of link type ${linkType}; ${SUPPORTED}\n`);
  }
  reportEnd(file, first.value, frames, warn);
}

function show(
  bytes: Uint8Array,
  names: InterfaceNames,
  open: (segment: string) => WatchSession,
): void {
  const segments = new CapturedSegments(open);
  let now = instant(0);
  scanCapture(bytes, (frame, at, link) => {
    const ethernet = toEthernet(link.linkType, frame);
    if (ethernet === undefined) return;
    // Times in a merged capture may go back.
    now = latest(now, instant(at));
    segments.frame(ethernet, now, names.of(frame, link));
  });
  segments.finish(now);
}

function reportEnd(
  file: string,
  { state, offset = 0 }: CaptureEnd,
  frames: number,
  warn: (text: string) => void,
): void {
  const read = `${frames} packet${frames === 1 ? '' : 's'} before that`;
  if (state === 'cut-off') {
    warn(`${file} is truncated in the record at byte ${offset}; read ${read}\n`);
  }
  if (state === 'damaged') {
    throw new CaptureFailure(`${file} is damaged at byte ${offset}; read ${read}`);
  }
}

/** Names of the interfaces in a capture; empty if there is only one. */
class InterfaceNames {
  /** By interface number: a merged capture may have two interfaces of one name. */
  readonly #names = new Map<number, string>();
  readonly #seen = new Set<string>();

  get size(): number {
    return this.#seen.size;
  }

  add(frame: Uint8Array, link: CapturedLink): void {
    this.#seen.add(this.#name(frame, link));
  }

  of(frame: Uint8Array, link: CapturedLink): string {
    return this.#seen.size > 1 ? this.#name(frame, link) : '';
  }

  #name(frame: Uint8Array, link: CapturedLink): string {
    const index = interfaceIndexOf(link.linkType, frame);
    const name = this.#names.get(link.number) ?? this.#newName(link);
    return index === undefined ? name : `${name} index ${index}`;
  }

  #newName({ number, name = `interface ${number}` }: CapturedLink): string {
    const isTaken = [...this.#names.values()].includes(name);
    const own = isTaken ? `${name} (interface ${number})` : name;
    this.#names.set(number, own);
    return own;
  }
}
