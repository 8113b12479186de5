/**
 * The statements of one sender, which repeats each of them every second: bytes that were decoded before are
 * the same object again, so that nothing is made of them, and a comparison sees that nothing has changed.
 */
import { byteAt } from '../bytes.ts';
import {
  type InstanceStatement,
  type ReadStatement,
  statementAt,
  statementEnd,
} from './statement.ts';

/** Statements of a sender with as many instances as it can have; then all are forgotten. */
const KNOWN_MAX = 1_024;

interface Known {
  readonly bytes: Uint8Array;
  readonly statement: InstanceStatement;
}

export class StatementMemory {
  /** By a digest of the bytes; the later one of two with the same digest. */
  readonly #known = new Map<number, Known>();

  /** As `statementAt`. */
  readonly read = (bytes: Uint8Array, offset: number): ReadStatement | undefined => {
    const end = statementEnd(bytes, offset);
    if (end > bytes.length) return undefined;
    const digest = digestOf(bytes, offset, end);
    const known = this.#known.get(digest);
    if (known !== undefined && isAt(known.bytes, bytes, offset, end)) {
      return { statement: known.statement, end };
    }
    const read = statementAt(bytes, offset);
    if (read === undefined) return undefined;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(digest, { bytes: bytes.slice(offset, end), statement: read.statement });
    return read;
  };
}

/** FNV-1a, 32 bits. */
function digestOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ byteAt(bytes, at), 0x01000193);
  return hash;
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
