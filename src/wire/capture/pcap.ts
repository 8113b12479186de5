/**
 * Reads files of tcpdump (pcap-savefile(5)). The magic number gives the byte order of the file and the
 * unit of its time stamps.
 *
 *     +-------------------+---------------+-----------------------------------+
 *     |  Magic number (4) | Version (2+2) | Reserved (4+4)                    |
 *     +-------------------+---------------+-----------------------------------+
 *     | Snapshot length (4)               | Link type (4)                     |
 *     +===================================+===================================+
 *     | Seconds (4)                       | Micro- or nanoseconds (4)         |
 *     +-----------------------------------+-----------------------------------+
 *     | Captured length (4)               | Original length (4), then bytes   |
 *     +-----------------------------------+-----------------------------------+
 */
import { failure, type Result, success } from '../../net/result.ts';
import { type CaptureEnd, type CaptureSink, endOf, WHOLE } from './captured-frame.ts';
import { LINK_TYPE_ETHERNET } from './link-type.ts';

export interface CapturedFrame {
  /** Microseconds since 1970, by the clock of the capturing host. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface PcapError {
  readonly code: 'pcap-truncated' | 'pcap-magic-error' | 'pcap-link-type-error';
}

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
const MICROSECONDS_MAGIC = 0xa1b2c3d4;
const NANOSECONDS_MAGIC = 0xa1b23c4d;
/** MAXIMUM_SNAPLEN of libpcap: no writer exceeds it. */
const RECORD_MAX = 262_144;

/** Hands over all frames as views of `bytes`, up to the end of the file or the first damage. */
export function scanPcap(bytes: Uint8Array, sink: CaptureSink): Result<CaptureEnd, PcapError> {
  if (bytes.length < FILE_HEADER_LENGTH) return failure({ code: 'pcap-truncated' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = formatOf(view);
  if (format === undefined) return failure({ code: 'pcap-magic-error' });
  const { littleEndian, fractionsPerMicrosecond } = format;
  const snapshotLength = view.getUint32(16, littleEndian);
  // The upper bits of the field say whether frames end with a check sequence.
  const linkType = view.getUint32(20, littleEndian) & 0xffff;
  const link = { linkType, number: 0, name: undefined };

  let offset = FILE_HEADER_LENGTH;
  while (offset + RECORD_HEADER_LENGTH <= bytes.length) {
    const seconds = view.getUint32(offset, littleEndian);
    const fraction = view.getUint32(offset + 4, littleEndian);
    const length = view.getUint32(offset + 8, littleEndian);
    if (length > Math.max(RECORD_MAX, snapshotLength)) return endOf('damaged', offset);
    const start = offset + RECORD_HEADER_LENGTH;
    const end = start + length;
    if (end > bytes.length) return endOf('cut-off', offset);
    const at = seconds * 1_000_000 + Math.floor(fraction / fractionsPerMicrosecond);
    sink(bytes.subarray(start, end), at, link);
    offset = end;
  }
  return offset === bytes.length ? success(WHOLE) : endOf('cut-off', offset);
}

/** Stops at an incomplete record: the writer may not have finished it. */
export function readPcap(
  bytes: Uint8Array,
  wanted: number = LINK_TYPE_ETHERNET,
): Result<CapturedFrame[], PcapError> {
  const frames: CapturedFrame[] = [];
  let isWanted = true;
  const scanned = scanPcap(bytes, (frame, at, { linkType }) => {
    isWanted = linkType === wanted;
    frames.push({ at, bytes: frame });
  });
  if (!scanned.ok) return scanned;
  return isWanted ? success(frames) : failure({ code: 'pcap-link-type-error' });
}

/** True if the file begins like a pcap file. */
export function isPcap(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  return formatOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) !== undefined;
}

function formatOf(view: DataView) {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS_MAGIC) return { littleEndian, fractionsPerMicrosecond: 1 };
    if (magic === NANOSECONDS_MAGIC) return { littleEndian, fractionsPerMicrosecond: 1_000 };
  }
  return undefined;
}
