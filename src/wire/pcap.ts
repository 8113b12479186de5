/**
 * Reads what tcpdump wrote (pcap-savefile(5)). The file's byte order and the unit of its time stamps
 * follow from the magic number.
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
import { failure, type Result, success } from '../net/result.ts';

export interface CapturedFrame {
  /** Microseconds since 1970, by the clock of the machine: 2^53 of them last for 285 years. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface PcapError {
  readonly code: 'pcap-truncated' | 'pcap-magic-error' | 'pcap-link-type-error';
}

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
/** <https://www.tcpdump.org/linktypes.html> */
export const LINK_TYPE_ETHERNET = 1;
export const LINK_TYPE_LINUX_SLL2 = 276;
const MICROSECONDS_MAGIC = 0xa1b2c3d4;
const NANOSECONDS_MAGIC = 0xa1b23c4d;

/** A record that is not there in full ends the list: the writer may still be at work. */
export function readPcap(
  bytes: Uint8Array,
  wanted: number = LINK_TYPE_ETHERNET,
): Result<CapturedFrame[], PcapError> {
  if (bytes.length < FILE_HEADER_LENGTH) return failure({ code: 'pcap-truncated' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = formatOf(view);
  if (format === undefined) return failure({ code: 'pcap-magic-error' });
  const { littleEndian, fractionsPerMicrosecond } = format;
  // The upper bits of the field say whether frames end with a check sequence.
  const linkType = view.getUint32(20, littleEndian) & 0xffff;
  if (linkType !== wanted) return failure({ code: 'pcap-link-type-error' });

  const frames: CapturedFrame[] = [];
  let offset = FILE_HEADER_LENGTH;
  while (offset + RECORD_HEADER_LENGTH <= bytes.length) {
    const seconds = view.getUint32(offset, littleEndian);
    const fraction = view.getUint32(offset + 4, littleEndian);
    const start = offset + RECORD_HEADER_LENGTH;
    const end = start + view.getUint32(offset + 8, littleEndian);
    if (end > bytes.length) break;
    const at = seconds * 1_000_000 + Math.floor(fraction / fractionsPerMicrosecond);
    frames.push({ at, bytes: bytes.subarray(start, end) });
    offset = end;
  }
  return success(frames);
}

function formatOf(view: DataView) {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS_MAGIC) return { littleEndian, fractionsPerMicrosecond: 1 };
    if (magic === NANOSECONDS_MAGIC) return { littleEndian, fractionsPerMicrosecond: 1_000 };
  }
  return undefined;
}
