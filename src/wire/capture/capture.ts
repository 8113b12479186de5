/** Reads a capture file of either format: pcap of tcpdump or pcapng of Wireshark. */
import { failure, type Result } from '../../net/result.ts';
import type { CaptureEnd, CaptureSink } from './captured-frame.ts';
import { isPcap, type PcapError, scanPcap } from './pcap.ts';
import { isPcapng, type PcapngError, scanPcapng } from './pcapng.ts';

export type CaptureError =
  | PcapError
  | PcapngError
  /** Shorter than any header of a capture. */
  | { readonly code: 'capture-truncated' }
  | { readonly code: 'capture-compressed' }
  | { readonly code: 'capture-format-error' };

/** Magic numbers of gzip, zstd, lz4 and xz. */
const COMPRESSED: readonly (readonly number[])[] = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x04, 0x22, 0x4d, 0x18],
  [0xfd, 0x37, 0x7a, 0x58],
];

export function scanCapture(
  bytes: Uint8Array,
  sink: CaptureSink,
): Result<CaptureEnd, CaptureError> {
  if (bytes.length < 4) return failure({ code: 'capture-truncated' });
  if (isPcapng(bytes)) return scanPcapng(bytes, sink);
  if (isPcap(bytes)) return scanPcap(bytes, sink);
  const isCompressed = COMPRESSED.some((magic) => magic.every((byte, at) => bytes[at] === byte));
  return failure({ code: isCompressed ? 'capture-compressed' : 'capture-format-error' });
}
