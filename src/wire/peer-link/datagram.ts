/**
 * A datagram of the peer link, version 1, in network order. Times are microseconds.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |                    "VPL"                      |   Version 1   |
 *     +---------------+---------------+---------------+---------------+
 *     |    Kind       |    Key id     |     Part      |    Parts      |
 *     +---------------+---------------+---------------+---------------+
 *     |              Boot id of the sender, 64 bits                   |
 *     +---------------------------------------------------------------+
 *     |              Sequence, 64 bits, from 1 in each boot           |
 *     +---------------------------------------------------------------+
 *     |              Sent at, 64 bits, on the sender's clock          |
 *     +---------------------------------------------------------------+
 *     |              Wall clock of the sender, 64 bits                |
 *     +---------------------------------------------------------------+
 *     |   Echo: boot id, sequence and "sent at" of the last datagram  |
 *     |   heard from the receiver, 64 bits each; no datagram: zero    |
 *     +---------------------------------------------------------------+
 *     |              Echo: how long ago that arrived                  |
 *     +---------------------------------------------------------------+
 *     |              Heartbeat interval of the sender                 |
 *     +---------------------------------------------------------------+
 *     |              Digest of the IPVS services; none: zero          |
 *     +---------------------------------------------------------------+
 *     |  Name of the sender, version of its program: length and ASCII |
 *     +---------------------------------------------------------------+
 *     |  Kind 1: count (8 bits), statements. Kind 2: table summary    |
 *     +---------------------------------------------------------------+
 *     |              HMAC-SHA256 over all of it, first 128 bits       |
 *     +---------------------------------------------------------------+
 *
 * The receiver checks the HMAC before it decodes: `decodeDatagram` may assume that the sender has a key,
 * and is total nevertheless.
 */
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt, putUint32, putUint64, uint32At, uint64At } from '../bytes.ts';
import {
  type InstanceStatement,
  putStatement,
  type ReadStatement,
  statementAt,
  statementLength,
} from './statement.ts';
import { putText, textAt, textLength } from './text.ts';

export interface PeerDatagram {
  /** Distinguishes a process from the one before: 16 hexadecimal digits, not all zero. */
  readonly boot: string;
  readonly sequence: number;
  /** On the clock of the sender, which the receiver only echoes. */
  readonly sentAt: number;
  /** Since the epoch. */
  readonly wall: number;
  readonly echo: PeerEcho | null;
  readonly heartbeat: number;
  /** This is part `part` of `parts`, from 1, of what the sender says now. */
  readonly part: number;
  readonly parts: number;
  /** Name of the router that sends. */
  readonly name: string;
  /** Version of its program. */
  readonly version: string;
  /** Digest of its IPVS services; zero: it has none. */
  readonly services: number;
  readonly statements: readonly InstanceStatement[];
  /** Summary of the connection table, in hexadecimal; then there are no statements. */
  readonly table: string | null;
}

/** The last datagram that the sender has heard from the receiver: proof that the sender lives now. */
export interface PeerEcho {
  readonly boot: string;
  readonly sequence: number;
  readonly sentAt: number;
  readonly heldFor: number;
}

/** What is read before the HMAC is checked, to find the key and to drop a repetition. */
export interface DatagramHead {
  readonly keyId: number;
  readonly boot: string;
  readonly sequence: number;
}

type StatementReader = (bytes: Uint8Array, offset: number) => ReadStatement | undefined;

interface DatagramError {
  readonly code: 'length' | 'version' | 'malformed';
}

/** Fits into the smallest MTU of IPv6, 1280 bytes, with its headers. */
export const LONGEST_DATAGRAM = 1_200;
export const TAG_LENGTH = 16;

const MAGIC_AND_VERSION = 0x56504c01;
const STATEMENTS = 1;
const TABLE = 2;
const FIXED = 76;
const SHORTEST = FIXED + 2 + TAG_LENGTH;
const NO_BOOT = '0000000000000000';
const UINT32_MAX = 0xffffffff;

/** Bytes of a datagram with these texts and no statement, its tag included. */
export function emptyLength({ name, version }: Pick<PeerDatagram, 'name' | 'version'>): number {
  return FIXED + textLength(name) + textLength(version) + 1 + TAG_LENGTH;
}

/** Ends with `TAG_LENGTH` zero bytes, the place of the HMAC. */
export function encodeDatagram(datagram: PeerDatagram, keyId: number): Uint8Array {
  const { statements, table, echo, name, version } = datagram;
  const summary = table === null ? undefined : bytesOf(table);
  const bodyLength = summary?.length ?? 1 + totalLength(statements);
  const start = FIXED + textLength(name) + textLength(version);
  const bytes = new Uint8Array(start + bodyLength + TAG_LENGTH);
  putUint32(bytes, 0, MAGIC_AND_VERSION);
  bytes[4] = summary === undefined ? STATEMENTS : TABLE;
  bytes[5] = keyId;
  bytes[6] = datagram.part;
  bytes[7] = datagram.parts;
  putBoot(bytes, 8, datagram.boot);
  putUint64(bytes, 16, datagram.sequence);
  putUint64(bytes, 24, datagram.sentAt);
  putUint64(bytes, 32, datagram.wall);
  if (echo !== null) putEcho(bytes, 40, echo);
  putUint32(bytes, 68, datagram.heartbeat);
  putUint32(bytes, 72, datagram.services);
  let at = putText(bytes, putText(bytes, 76, name), version);
  if (summary !== undefined) {
    bytes.set(summary, at);
    return bytes;
  }
  bytes[at++] = statements.length;
  for (const statement of statements) at = putStatement(bytes, at, statement);
  return bytes;
}

/** Checks length and version; believes nothing else. */
export function datagramHead(
  bytes: Uint8Array,
  length = bytes.length,
): Result<DatagramHead, DatagramError> {
  if (length < SHORTEST || length > LONGEST_DATAGRAM) return failure({ code: 'length' });
  if (uint32At(bytes, 0) !== MAGIC_AND_VERSION) return failure({ code: 'version' });
  return success({
    keyId: byteAt(bytes, 5),
    boot: bootAt(bytes, 8),
    sequence: uint64At(bytes, 16),
  });
}

/** The datagram with its tag, which is not looked at. `read`: of a `StatementMemory`, which is faster. */
export function decodeDatagram(
  bytes: Uint8Array,
  read: StatementReader = statementAt,
): Result<PeerDatagram, DatagramError> {
  const head = datagramHead(bytes);
  if (!head.ok) return head;
  const { boot, sequence } = head.value;
  const signed = bytes.subarray(0, bytes.length - TAG_LENGTH);
  const name = textAt(signed, 76);
  const version = name === undefined ? undefined : textAt(signed, 77 + name.length);
  if (name === undefined || version === undefined) return failure({ code: 'malformed' });
  const body = signed.subarray(78 + name.length + version.length);
  const content = contentOf(byteAt(bytes, 4), body, read);
  const times = { sentAt: uint64At(bytes, 24), wall: uint64At(bytes, 32) };
  const echo = echoAt(bytes, 40);
  const numbers = [sequence, times.sentAt, times.wall, echo?.sequence ?? 0, echo?.sentAt ?? 0];
  if (content === undefined || boot === NO_BOOT || !numbers.every(Number.isSafeInteger)) {
    return failure({ code: 'malformed' });
  }
  return success({
    ...{ boot, sequence, ...times, echo, name, version, ...content },
    part: byteAt(bytes, 6),
    parts: byteAt(bytes, 7),
    heartbeat: uint32At(bytes, 68),
    services: uint32At(bytes, 72),
  });
}

/** Undefined: the body ends within a statement, or continues after the last one. */
function contentOf(
  kind: number,
  body: Uint8Array,
  read: StatementReader,
): Pick<PeerDatagram, 'statements' | 'table'> | undefined {
  if (kind === TABLE) return { statements: [], table: hexOf(body) };
  if (kind !== STATEMENTS || body.length === 0) return undefined;
  const statements: InstanceStatement[] = [];
  let at = 1;
  for (let count = byteAt(body, 0); count > 0; count--) {
    const one = read(body, at);
    if (one === undefined) return undefined;
    statements.push(one.statement);
    at = one.end;
  }
  return at === body.length ? { statements, table: null } : undefined;
}

function totalLength(statements: readonly InstanceStatement[]): number {
  return statements.reduce((sum, one) => sum + statementLength(one), 0);
}

function putEcho(bytes: Uint8Array, offset: number, echo: PeerEcho): void {
  putBoot(bytes, offset, echo.boot);
  putUint64(bytes, offset + 8, echo.sequence);
  putUint64(bytes, offset + 16, echo.sentAt);
  putUint32(bytes, offset + 24, Math.min(echo.heldFor, UINT32_MAX));
}

function echoAt(bytes: Uint8Array, offset: number): PeerEcho | null {
  const boot = bootAt(bytes, offset);
  if (boot === NO_BOOT) return null;
  return {
    boot,
    sequence: uint64At(bytes, offset + 8),
    sentAt: uint64At(bytes, offset + 16),
    heldFor: uint32At(bytes, offset + 24),
  };
}

function putBoot(bytes: Uint8Array, offset: number, boot: string): void {
  bytes.set(bytesOf(boot).subarray(0, 8), offset);
}

function bootAt(bytes: Uint8Array, offset: number): string {
  return hexOf(bytes.subarray(offset, offset + 8)).padEnd(NO_BOOT.length, '0');
}

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += HEX[byteAt(bytes, at)];
  return text;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length >> 1 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
