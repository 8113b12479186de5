/**
 * What a director says about one of its virtual routers, in network order:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |   IP version  |     VRID      |     State     |   Priority    |
 *     +---------------+---------------+---------------+---------------+
 *     |   Can serve   |   N faults    |   M digests   |
 *     +---------------+---------------+---------------+---------------+
 *     |               M digests of configuration keys, 32 bits each   |
 *     +---------------------------------------------------------------+
 *     | Name, interface, resigning to, primary address, N faults:     |
 *     | length and ASCII each                                         |
 *     +---------------------------------------------------------------+
 *
 * An empty text for "resigning to": the director does not resign. Misses: 1 while the router is BACKUP and
 * no advertisement arrives, else 0. An empty address: the interface has none.
 */
import { type Family, type IpAddress, parseIp } from '../../net/address.ts';
import { byteAt, putUint32, uint32At } from '../bytes.ts';
import { putText, textAt, textLength } from './text.ts';

export const STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT'] as const;
const CAN_SERVE = ['unknown', 'yes', 'no'] as const;

export type DirectorState = (typeof STATES)[number];

/** Whether a director can serve on the segment of an instance; it says `yes` from evidence only. */
export type CanServe = (typeof CAN_SERVE)[number];

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
  /** Up to `FAULTS_MAX`. */
  readonly faults: readonly string[];
  /** Of the keys that have to be equal, in a fixed order. */
  readonly digests: readonly number[];
}

export const FAULTS_MAX = 4;
export const DIGESTS_MAX = 16;

const FIXED = 8;

export function statementLength(statement: InstanceStatement): number {
  const sum = textsOf(statement).reduce((total, text) => total + textLength(text), 0);
  return FIXED + 4 * statement.digests.length + sum;
}

/** Writes the statement; returns the offset behind it. */
export function putStatement(
  bytes: Uint8Array,
  offset: number,
  statement: InstanceStatement,
): number {
  const faults = statement.faults.slice(0, FAULTS_MAX);
  const { digests } = statement;
  bytes[offset] = statement.family === 'ipv4' ? 4 : 6;
  bytes[offset + 1] = statement.vrid;
  bytes[offset + 2] = STATES.indexOf(statement.state);
  bytes[offset + 3] = statement.priority;
  bytes[offset + 4] = CAN_SERVE.indexOf(statement.canServe);
  bytes[offset + 5] = faults.length;
  bytes[offset + 6] = digests.length;
  bytes[offset + 7] = statement.misses ? 1 : 0;
  let at = offset + FIXED;
  for (const digest of digests) {
    putUint32(bytes, at, digest);
    at += 4;
  }
  for (const text of textsOf(statement)) at = putText(bytes, at, text);
  return at;
}

/** Undefined: the bytes are no statement, or end within it. */
export function statementAt(
  bytes: Uint8Array,
  offset: number,
): { readonly statement: InstanceStatement; readonly end: number } | undefined {
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
  for (let count = 0; count < 4 + faultCount; count++) {
    const text = textAt(bytes, at);
    if (text === undefined) return undefined;
    texts.push(text);
    at += 1 + text.length;
  }
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
      misses: byteAt(bytes, offset + 7) !== 0,
    },
    end: at,
  };
}

function textsOf({ name, interface: link, resigningTo, source, faults }: InstanceStatement) {
  return [name, link, resigningTo ?? '', source ?? '', ...faults.slice(0, FAULTS_MAX)];
}
