/**
 * What a director says about one of its virtual routers, in network order:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |   IP version  |     VRID      |     State     |   Priority    |
 *     +---------------+---------------+---------------+---------------+
 *     |   Can serve   |   N faults    |   M digests   |     Flags     |
 *     +---------------+---------------+---------------+---------------+
 *     |               M digests of configuration keys, 32 bits each   |
 *     +---------------------------------------------------------------+
 *     | Name, interface, resigning to, primary address, N faults:     |
 *     | length and ASCII each; with the flag, the promise             |
 *     +---------------------------------------------------------------+
 *
 * An empty text for "resigning to": the director does not resign. An empty address: the interface has none.
 * Flags: 1 while the router is BACKUP and no advertisement arrives, 2 while it is MASTER or asks for
 * permission to become it, 4 if it makes a promise: milliseconds, a blank, and the director that it is for.
 */
import { type Family, type IpAddress, parseIp } from '../../net/address.ts';
import { type Duration, milliseconds } from '../../net/time.ts';
import { byteAt, putUint32, uint32At } from '../bytes.ts';
import { putText, textAt, textLength } from './text.ts';

export const STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT'] as const;
const CAN_SERVE = ['unknown', 'yes', 'no'] as const;

export type DirectorState = (typeof STATES)[number];

/** Whether a director can serve on the segment of an instance; it says `yes` from evidence only. */
export type CanServe = (typeof CAN_SERVE)[number];

/** Not to be MASTER for this time after each datagram of that director. */
export interface Promised {
  readonly to: string;
  /** Whole milliseconds. */
  readonly ttl: Duration;
}

export interface InstanceStatement {
  /** Of the instance on the director that speaks. */
  readonly name: string;
  readonly interface: string;
  readonly family: Family;
  readonly vrid: number;
  readonly state: DirectorState;
  /** As advertised. */
  readonly priority: number;
  readonly canServe: CanServe;
  /** The director that is to take over at once; null: the speaker does not resign. */
  readonly resigningTo: string | null;
  /** Its primary address on the segment; null: the interface has none. */
  readonly source: IpAddress | null;
  /** BACKUP, and no advertisement arrives. */
  readonly misses: boolean;
  /** With a witness: is MASTER, or asks the others to become it; absent: neither. */
  readonly claims?: true;
  /** With a witness: what it promises to one that claims; absent: nothing. */
  readonly promise?: Promised;
  /** Up to `FAULTS_MAX`. */
  readonly faults: readonly string[];
  /** Of the keys that have to be equal, in a fixed order. */
  readonly digests: readonly number[];
}

export const FAULTS_MAX = 4;
export const DIGESTS_MAX = 16;

const FIXED = 8;

const MISSES = 1;
const CLAIMS = 2;
const PROMISES = 4;

/** What does not change is said every second: each statement is encoded once. */
const encoded = new WeakMap<InstanceStatement, Uint8Array>();

export function statementLength(statement: InstanceStatement): number {
  return encodedStatement(statement).length;
}

/** Writes the statement; returns the offset behind it. */
export function putStatement(
  bytes: Uint8Array,
  offset: number,
  statement: InstanceStatement,
): number {
  const own = encodedStatement(statement);
  bytes.set(own, offset);
  return offset + own.length;
}

function encodedStatement(statement: InstanceStatement): Uint8Array {
  const known = encoded.get(statement);
  if (known !== undefined) return known;
  const texts = textsOf(statement);
  const { digests } = statement;
  const sum = texts.reduce((total, text) => total + textLength(text), 0);
  const bytes = new Uint8Array(FIXED + 4 * digests.length + sum);
  bytes[0] = statement.family === 'ipv4' ? 4 : 6;
  bytes[1] = statement.vrid;
  bytes[2] = STATES.indexOf(statement.state);
  bytes[3] = statement.priority;
  bytes[4] = CAN_SERVE.indexOf(statement.canServe);
  bytes[5] = Math.min(statement.faults.length, FAULTS_MAX);
  bytes[6] = digests.length;
  bytes[7] = flagsOf(statement);
  let at = FIXED;
  for (const digest of digests) {
    putUint32(bytes, at, digest);
    at += 4;
  }
  for (const text of texts) at = putText(bytes, at, text);
  encoded.set(statement, bytes);
  return bytes;
}

/** Where the statement ends by its counts and lengths, which may be wrong. */
export function statementEnd(bytes: Uint8Array, offset: number): number {
  const promises = (byteAt(bytes, offset + 7) & PROMISES) === 0 ? 0 : 1;
  let at = offset + FIXED + 4 * byteAt(bytes, offset + 6);
  for (let left = 4 + byteAt(bytes, offset + 5) + promises; left > 0; left--) {
    at += 1 + byteAt(bytes, at);
  }
  return at;
}

export interface ReadStatement {
  readonly statement: InstanceStatement;
  readonly end: number;
}

/** Undefined: the bytes are no statement, or end within it. */
export function statementAt(bytes: Uint8Array, offset: number): ReadStatement | undefined {
  const version = byteAt(bytes, offset);
  const state = STATES[byteAt(bytes, offset + 2)];
  const canServe = CAN_SERVE[byteAt(bytes, offset + 4)];
  const faultCount = byteAt(bytes, offset + 5);
  const digestCount = byteAt(bytes, offset + 6);
  if ((version !== 4 && version !== 6) || state === undefined || canServe === undefined) {
    return undefined;
  }
  if (faultCount > FAULTS_MAX || digestCount > DIGESTS_MAX) return undefined;
  let at = offset + FIXED + 4 * digestCount;
  if (at > bytes.length) return undefined;
  const digests = Array.from({ length: digestCount }, (_, position) =>
    uint32At(bytes, offset + FIXED + 4 * position),
  );
  const texts: string[] = [];
  const flags = byteAt(bytes, offset + 7);
  const promises = (flags & PROMISES) === 0 ? 0 : 1;
  for (let count = 0; count < 4 + faultCount + promises; count++) {
    const text = textAt(bytes, at);
    if (text === undefined) return undefined;
    texts.push(text);
    at += 1 + text.length;
  }
  const promise = promises === 0 ? undefined : promiseIn(texts.splice(-1).join());
  if (promises > 0 && promise === undefined) return undefined;
  const [name = '', link = '', resigningTo = '', address = '', ...faults] = texts;
  const source = address === '' ? null : parseIp(address);
  if (source === undefined) return undefined;
  return {
    statement: {
      ...{ name, interface: link, state, canServe, source, faults, digests },
      family: version === 4 ? 'ipv4' : 'ipv6',
      vrid: byteAt(bytes, offset + 1),
      priority: byteAt(bytes, offset + 3),
      resigningTo: resigningTo === '' ? null : resigningTo,
      misses: (flags & MISSES) !== 0,
      ...((flags & CLAIMS) === 0 ? {} : { claims: true as const }),
      ...(promise === undefined ? {} : { promise }),
    },
    end: at,
  };
}

function textsOf(statement: InstanceStatement): string[] {
  const { name, interface: link, resigningTo, source, faults, promise } = statement;
  const texts = [name, link, resigningTo ?? '', source ?? '', ...faults.slice(0, FAULTS_MAX)];
  return promise === undefined ? texts : [...texts, `${promise.ttl / 1_000} ${promise.to}`];
}

function flagsOf({ misses, claims, promise }: InstanceStatement): number {
  return (
    (misses ? MISSES : 0) | (claims === true ? CLAIMS : 0) | (promise === undefined ? 0 : PROMISES)
  );
}

function promiseIn(text: string): Promised | undefined {
  const [, ttl, to] = /^([0-9]{1,6}) (.+)$/.exec(text) ?? [];
  return ttl === undefined || to === undefined ? undefined : { to, ttl: milliseconds(Number(ttl)) };
}
