/**
 * BFD control packets (RFC 5880 section 4.1), the UDP payload. Authentication is not supported: a packet
 * that has it is refused.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
 *     |Vers | Diag    |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *     +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
 *     |                       My Discriminator                        |
 *     +---------------------------------------------------------------+
 *     |                      Your Discriminator                       |
 *     +---------------------------------------------------------------+
 *     |               Desired Min TX Interval, microseconds           |
 *     +---------------------------------------------------------------+
 *     |               Required Min RX Interval, microseconds          |
 *     +---------------------------------------------------------------+
 *     |               Required Min Echo RX Interval                   |
 *     +---------------------------------------------------------------+
 */
import { BFD_DIAGNOSTICS, BFD_STATES, type BfdDiagnostic, type BfdState } from '../../net/bfd.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt, putUint32, uint32At } from '../bytes.ts';

export interface BfdControl {
  readonly diagnostic: BfdDiagnostic;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  /** The sender asks that the receiver stop its periodic packets. */
  readonly demand: boolean;
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  /** Zero: unknown to the sender. */
  readonly yourDiscriminator: number;
  /** In microseconds. */
  readonly desiredMinTx: number;
  /** In microseconds; zero: the sender wants no periodic packets. */
  readonly requiredMinRx: number;
}

/** Checks of RFC 5880 section 6.8.6 that a packet fails by itself. */
export type BfdPacketError =
  | 'version'
  | 'length'
  | 'multiplier'
  | 'multipoint'
  | 'my-discriminator'
  | 'authentication';

export interface BfdDecodeError {
  readonly code: BfdPacketError;
  /** The value that was refused: the version, the length, the type of authentication. */
  readonly found: number;
}

export const BFD_LENGTH = 24;

/** `reserved` has no number: it is sent as the last of the reserved ones. */
const DIAGNOSTICS: readonly string[] = BFD_DIAGNOSTICS;

const VERSION = 1;
/** The shortest with authentication: its type and its length follow. */
const AUTHENTICATED_LENGTH = 26;

const POLL = 0x20;
const FINAL = 0x10;
const AUTHENTICATION = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

/** The echo function is not supported: its interval is zero (RFC 5880 section 6.8.1). */
export function encodeBfd(packet: BfdControl): Uint8Array {
  const bytes = new Uint8Array(BFD_LENGTH);
  bytes[0] = (VERSION << 5) | (diagnosticNumber(packet.diagnostic) & 0x1f);
  bytes[1] =
    (BFD_STATES.indexOf(packet.state) << 6) |
    (packet.poll ? POLL : 0) |
    (packet.final ? FINAL : 0) |
    (packet.demand ? DEMAND : 0);
  bytes[2] = packet.detectMultiplier;
  bytes[3] = BFD_LENGTH;
  putUint32(bytes, 4, packet.myDiscriminator);
  putUint32(bytes, 8, packet.yourDiscriminator);
  putUint32(bytes, 12, packet.desiredMinTx);
  putUint32(bytes, 16, packet.requiredMinRx);
  return bytes;
}

/** `length`: of the datagram; the array may be longer. */
export function decodeBfd(
  bytes: Uint8Array,
  length = bytes.length,
): Result<BfdControl, BfdDecodeError> {
  const refused = refusalOf(bytes, Math.min(length, bytes.length));
  if (refused !== undefined) return failure(refused);
  const flags = byteAt(bytes, 1);
  return success({
    diagnostic: diagnosticOf(byteAt(bytes, 0)),
    state: stateOf(flags >> 6),
    poll: (flags & POLL) !== 0,
    final: (flags & FINAL) !== 0,
    demand: (flags & DEMAND) !== 0,
    detectMultiplier: byteAt(bytes, 2),
    myDiscriminator: uint32At(bytes, 4),
    yourDiscriminator: uint32At(bytes, 8),
    desiredMinTx: uint32At(bytes, 12),
    requiredMinRx: uint32At(bytes, 16),
  });
}

/** True if the bytes decode to this packet; allocates nothing. The reserved diagnostics count as one. */
export function isSameBfd(bytes: Uint8Array, length: number, packet: BfdControl): boolean {
  if (refusalOf(bytes, Math.min(length, bytes.length)) !== undefined) return false;
  const flags = byteAt(bytes, 1);
  return (
    flags >> 6 === BFD_STATES.indexOf(packet.state) &&
    ((flags & POLL) !== 0) === packet.poll &&
    ((flags & FINAL) !== 0) === packet.final &&
    ((flags & DEMAND) !== 0) === packet.demand &&
    diagnosticOf(byteAt(bytes, 0)) === packet.diagnostic &&
    byteAt(bytes, 2) === packet.detectMultiplier &&
    uint32At(bytes, 4) === packet.myDiscriminator &&
    uint32At(bytes, 8) === packet.yourDiscriminator &&
    uint32At(bytes, 12) === packet.desiredMinTx &&
    uint32At(bytes, 16) === packet.requiredMinRx
  );
}

/** In the order of RFC 5880 section 6.8.6. */
function refusalOf(bytes: Uint8Array, held: number): BfdDecodeError | undefined {
  // Shorter than the field that says its length: nothing else of it can be read.
  if (held < BFD_LENGTH) return { code: 'length', found: held };
  const version = byteAt(bytes, 0) >> 5;
  if (version !== VERSION) return { code: 'version', found: version };
  const flags = byteAt(bytes, 1);
  const isAuthenticated = (flags & AUTHENTICATION) !== 0;
  const length = byteAt(bytes, 3);
  const least = isAuthenticated ? AUTHENTICATED_LENGTH : BFD_LENGTH;
  if (length < least || length > held) return { code: 'length', found: length };
  if (byteAt(bytes, 2) === 0) return { code: 'multiplier', found: 0 };
  if ((flags & MULTIPOINT) !== 0) return { code: 'multipoint', found: 1 };
  if (uint32At(bytes, 4) === 0) return { code: 'my-discriminator', found: 0 };
  return isAuthenticated ? { code: 'authentication', found: byteAt(bytes, BFD_LENGTH) } : undefined;
}

function stateOf(bits: number): BfdState {
  switch (bits) {
    case 1:
      return 'Down';
    case 2:
      return 'Init';
    case 3:
      return 'Up';
    default:
      return 'AdminDown';
  }
}

function diagnosticOf(first: number): BfdDiagnostic {
  return BFD_DIAGNOSTICS[first & 0x1f] ?? 'reserved';
}

function diagnosticNumber(diagnostic: BfdDiagnostic): number {
  return DIAGNOSTICS.indexOf(diagnostic);
}
