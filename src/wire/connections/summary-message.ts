/**
 * The summary of its connections that a director sends to the others once a second, in network order:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |                             "VAT1"                            |
 *     +---------------+---------------+-------------------------------+
 *     |    Sync id    |   1: MASTER   |R|C|     Length of name        |
 *     +---------------+---------------+-------------------------------+
 *     |             Sender: a number of the running process           |
 *     +---------------------------------------------------------------+
 *     |                        Live connections                       |
 *     +---------------------------------------------------------------+
 *     |                       Synced among these                      |
 *     +---------------------------------------------------------------+
 *     |           Live connections in each bucket, 512 x 16 bits      |
 *     +---------------------------------------------------------------+
 *     |                     Name of the router (ASCII)                |
 *     +---------------------------------------------------------------+
 *
 * R: a repetition. The table was not read again since; the sender still lives, and may have another
 * state. C: the kernel's counts for each server. A build that does not know one of them takes the length
 * for wrong, and ignores the message.
 */
import { BUCKETS, type TableSummary } from '../../net/connection.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt, putUint16, putUint32, uint16At, uint32At } from '../bytes.ts';

export interface SummaryMessage {
  readonly syncId: number;
  readonly isMaster: boolean;
  /** Distinguishes a process from its successor with the same name. */
  readonly sender: number;
  readonly name: string;
  readonly isRepetition: boolean;
  readonly summary: TableSummary;
}

interface SummaryError {
  readonly code: 'summary-truncated' | 'summary-unknown';
}

const MAGIC = 0x56415431;
const FIXED = 20;
const NAME_AT = FIXED + 2 * BUCKETS;
const LONGEST_NAME = 64;
const REPETITION = 0x8000;
const COUNTED = 0x4000;

export function encodeSummary(message: SummaryMessage): Uint8Array {
  const { live, synced, buckets, isCounted } = message.summary;
  const name = message.name.slice(0, LONGEST_NAME);
  const bytes = new Uint8Array(NAME_AT + name.length);
  putUint32(bytes, 0, MAGIC);
  bytes[4] = message.syncId;
  bytes[5] = message.isMaster ? 1 : 0;
  const flags = (message.isRepetition ? REPETITION : 0) | (isCounted === true ? COUNTED : 0);
  putUint16(bytes, 6, name.length | flags);
  putUint32(bytes, 8, message.sender);
  putUint32(bytes, 12, live);
  putUint32(bytes, 16, synced);
  for (const [bucket, count] of buckets.entries()) putUint16(bytes, FIXED + 2 * bucket, count);
  const letters = Array.from({ length: name.length }, (_, at) => printable(name.charCodeAt(at)));
  bytes.set(letters, NAME_AT);
  return bytes;
}

export function decodeSummary(bytes: Uint8Array): Result<SummaryMessage, SummaryError> {
  if (bytes.length < NAME_AT) return failure({ code: 'summary-truncated' });
  const flagged = uint16At(bytes, 6);
  const length = flagged & ~(REPETITION | COUNTED);
  if (uint32At(bytes, 0) !== MAGIC) return failure({ code: 'summary-unknown' });
  if (length > LONGEST_NAME) return failure({ code: 'summary-unknown' });
  if (bytes.length !== NAME_AT + length) return failure({ code: 'summary-truncated' });
  const buckets = Uint16Array.from({ length: BUCKETS }, (_, bucket) =>
    uint16At(bytes, FIXED + 2 * bucket),
  );
  const name = String.fromCharCode(...bytes.subarray(NAME_AT).map(printable));
  return success({
    syncId: byteAt(bytes, 4),
    isMaster: byteAt(bytes, 5) === 1,
    sender: uint32At(bytes, 8),
    name,
    isRepetition: (flagged & REPETITION) !== 0,
    summary: {
      ...{ live: uint32At(bytes, 12), synced: uint32At(bytes, 16), buckets },
      ...((flagged & COUNTED) === 0 ? {} : { isCounted: true }),
    },
  });
}

/** The name is shown to people, so it may only contain printable characters. */
function printable(code: number): number {
  return code > 0x20 && code < 0x7f ? code : 0x3f;
}
