/** What a capture file shows, with the times of the file, and what of it could not be read. */
import { readFileSync } from 'node:fs';
import { instant, latest } from '../net/time.ts';
import { type CaptureError, scanCapture } from '../wire/capture/capture.ts';
import type { CapturedLink, CaptureEnd } from '../wire/capture/captured-frame.ts';
import { interfaceIndexOf, isKnownLinkType, toEthernet } from '../wire/capture/link-type.ts';
import { CapturedSegments } from './captured-segments.ts';
import type { WatchSession } from './watch-session.ts';

const NO_CAPTURE = 'it is no capture: tcpdump -w and dumpcap -w write pcap and pcapng files';
const CUT_OFF = 'it ends before its first packet';

const PROBLEM: { readonly [code in CaptureError['code']]: string } = {
  'capture-truncated': CUT_OFF,
  'capture-compressed': 'it is compressed: unpack it first',
  'capture-format-error': NO_CAPTURE,
  'pcap-truncated': CUT_OFF,
  'pcap-magic-error': NO_CAPTURE,
  'pcap-link-type-error': NO_CAPTURE,
  'pcapng-truncated': CUT_OFF,
  'pcapng-magic-error': NO_CAPTURE,
};

const ASK_FOR = 'it has to be Ethernet, LINUX_SLL, LINUX_SLL2 or raw IP';

export class CaptureFailure extends Error {
  override readonly name = 'CaptureFailure';
}

/**
 * Shows what the file holds, each segment in the session that is opened for it. `note` is told what was
 * left out. Throws `CaptureFailure`: at once when the file is no capture that can be read, and when it
 * is damaged, after what lies before the damage has been shown.
 */
export function watchCapture(
  file: string,
  open: (segment: string) => WatchSession,
  note: (text: string) => void,
): void {
  const bytes = readFileSync(file);
  const places = new Places();
  const unknown = new Map<number, number>();
  let frames = 0;
  const first = scanCapture(bytes, (frame, _, link) => {
    if (isKnownLinkType(link.linkType)) places.add(frame, link);
    else unknown.set(link.linkType, (unknown.get(link.linkType) ?? 0) + 1);
    frames++;
  });
  if (!first.ok) throw new CaptureFailure(`${file}: ${PROBLEM[first.error.code]}`);
  const [one] = unknown.keys();
  if (one !== undefined && places.size === 0) {
    throw new CaptureFailure(`${file}: frames of link type ${one} cannot be read; ${ASK_FOR}`);
  }
  show(bytes, places, open);
  for (const [linkType, count] of unknown) {
    note(`${file}: ${count} frames of link type ${linkType} were left out; ${ASK_FOR}\n`);
  }
  tellEnd(file, first.value, frames, note);
}

function show(bytes: Uint8Array, places: Places, open: (segment: string) => WatchSession): void {
  const segments = new CapturedSegments(open);
  let now = instant(0);
  scanCapture(bytes, (frame, at, link) => {
    const ethernet = toEthernet(link.linkType, frame);
    if (ethernet === undefined) return;
    // A merged capture may step back.
    now = latest(now, instant(at));
    segments.frame(ethernet, now, places.of(frame, link));
  });
  segments.finish(now);
}

function tellEnd(
  file: string,
  { state, offset = 0 }: CaptureEnd,
  frames: number,
  note: (text: string) => void,
): void {
  const read = `${frames} packet${frames === 1 ? '' : 's'} before that`;
  if (state === 'cut-off') {
    note(
      `${file} is cut off: the record at byte ${offset} is not there in full; ${read} were read\n`,
    );
  }
  if (state === 'damaged') {
    throw new CaptureFailure(`${file} is damaged at byte ${offset}; only the ${read} were read`);
  }
}

/** The interfaces that frames came from, in words. A capture of a single one need not name it. */
class Places {
  /** By the number of the interface: two machines may have called theirs the same. */
  readonly #names = new Map<number, string>();
  readonly #seen = new Set<string>();

  get size(): number {
    return this.#seen.size;
  }

  add(frame: Uint8Array, link: CapturedLink): void {
    this.#seen.add(this.#place(frame, link));
  }

  of(frame: Uint8Array, link: CapturedLink): string {
    return this.#seen.size > 1 ? this.#place(frame, link) : '';
  }

  #place(frame: Uint8Array, link: CapturedLink): string {
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
