/**
 * The messages between a subagent and the SNMP agent of the host, AgentX version 1 (RFC 2741 section 6.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |   Version 1   |     Type      |     Flags     |    Reserved   |
 *     +---------------+---------------+---------------+---------------+
 *     |                           Session ID                          |
 *     +---------------------------------------------------------------+
 *     |                         Transaction ID                        |
 *     +---------------------------------------------------------------+
 *     |                           Packet ID                           |
 *     +---------------------------------------------------------------+
 *     |             Length of what follows, a multiple of 4           |
 *     +---------------------------------------------------------------+
 *
 * Only what a subagent that reads and notifies needs: it decodes the requests of the agent, and no values.
 */
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt, putUint16, putUint32, uint16At, uint32At } from '../bytes.ts';
import type { Oid } from './oid.ts';
import { type Binding, bindingBytes, joined, octetBytes, oidBytes } from './value.ts';

export const HEADER_LENGTH = 20;

/** More than the agent sends for one request of SNMP, which has 64 KiB at most. */
export const PAYLOAD_MOST = 256 * 1_024;

const VERSION = 1;

const TYPE = {
  open: 1,
  close: 2,
  register: 3,
  get: 5,
  'get-next': 6,
  'get-bulk': 7,
  'test-set': 8,
  'commit-set': 9,
  'undo-set': 10,
  'cleanup-set': 11,
  notify: 12,
  ping: 13,
  response: 18,
} as const;

const FLAG = { context: 0x08, networkOrder: 0x10 } as const;

/** RFC 2741 section 6.2.3: any of the registrations of the same subtree. */
const PRIORITY = 127;

/** RFC 2741 section 6.2.2: the subagent ends. */
const SHUTDOWN = 5;

export interface Identifiers {
  readonly session: number;
  readonly transaction: number;
  readonly packet: number;
}

export interface SearchRange {
  readonly start: Oid;
  /** `start` itself counts. */
  readonly include: boolean;
  /** Undefined: no end. */
  readonly end: Oid | undefined;
}

export type Request =
  | { readonly kind: 'get' | 'get-next'; readonly ranges: readonly SearchRange[] }
  | {
      readonly kind: 'get-bulk';
      readonly nonRepeaters: number;
      readonly repetitions: number;
      readonly ranges: readonly SearchRange[];
    }
  | { readonly kind: 'test-set' | 'commit-set' | 'undo-set' | 'cleanup-set' | 'close' }
  /** `error`: zero for none (RFC 2741 section 6.2.16). */
  | { readonly kind: 'response'; readonly error: number };

export interface Message extends Identifiers {
  readonly request: Request;
  /** Of a part of the MIB that this subagent does not know. */
  readonly hasContext: boolean;
}

export type AgentXError = 'version-error' | 'type-error' | 'length-error';

/** The length of the message that begins here, with its header; zero: not known yet. */
export function messageLength(bytes: Uint8Array): Result<number, AgentXError> {
  if (bytes.length < HEADER_LENGTH) return success(0);
  if (byteAt(bytes, 0) !== VERSION) return failure('version-error');
  const length = new Reader(bytes, HEADER_LENGTH - 4).word();
  if (length % 4 !== 0 || length > PAYLOAD_MOST) return failure('length-error');
  return success(HEADER_LENGTH + length);
}

/** Of a whole message, which `messageLength` has measured. */
export function decodeMessage(bytes: Uint8Array): Result<Message, AgentXError> {
  const flags = byteAt(bytes, 2);
  const reader = new Reader(bytes, 4);
  const ids = { session: reader.word(), transaction: reader.word(), packet: reader.word() };
  reader.word();
  const hasContext = (flags & FLAG.context) !== 0;
  if (hasContext) reader.skipOctets();
  const request = decodeRequest(byteAt(bytes, 1), reader);
  if (request === undefined) return failure('type-error');
  return reader.isBroken ? failure('length-error') : success({ ...ids, hasContext, request });
}

function decodeRequest(type: number, reader: Reader): Request | undefined {
  switch (type) {
    case TYPE.get:
      return { kind: 'get', ranges: reader.ranges() };
    case TYPE['get-next']:
      return { kind: 'get-next', ranges: reader.ranges() };
    case TYPE['get-bulk']: {
      const [nonRepeaters, repetitions] = reader.halves();
      return { kind: 'get-bulk', nonRepeaters, repetitions, ranges: reader.ranges() };
    }
    case TYPE['test-set']:
      return { kind: 'test-set' };
    case TYPE['commit-set']:
      return { kind: 'commit-set' };
    case TYPE['undo-set']:
      return { kind: 'undo-set' };
    case TYPE['cleanup-set']:
      return { kind: 'cleanup-set' };
    case TYPE.close:
      return { kind: 'close' };
    case TYPE.response: {
      reader.word();
      const [error] = reader.halves();
      return { kind: 'response', error };
    }
    default:
      return undefined;
  }
}

/** Reads on; past the end it reads zeros and is broken. */
class Reader {
  readonly #bytes: Uint8Array;
  /** The agent may use the order of its host. */
  readonly #isNetworkOrder: boolean;
  #offset: number;
  #isBroken = false;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#isNetworkOrder = (byteAt(bytes, 2) & FLAG.networkOrder) !== 0;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  word(): number {
    const at = this.#advance(4);
    if (this.#isNetworkOrder) return uint32At(this.#bytes, at);
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => byteAt(this.#bytes, at + index));
    return uint32At(Uint8Array.of(d as number, c as number, b as number, a as number), 0);
  }

  halves(): readonly [number, number] {
    const at = this.#advance(4);
    const half = (offset: number) =>
      this.#isNetworkOrder
        ? uint16At(this.#bytes, offset)
        : byteAt(this.#bytes, offset) + 0x100 * byteAt(this.#bytes, offset + 1);
    return [half(at), half(at + 2)];
  }

  skipOctets(): void {
    const length = this.word();
    this.#advance(4 * Math.ceil(length / 4));
  }

  ranges(): SearchRange[] {
    const ranges: SearchRange[] = [];
    while (!this.#isBroken && this.#offset < this.#bytes.length) {
      const { oid: start, include } = this.#oid();
      const { oid: end } = this.#oid();
      // An end without numbers is none.
      ranges.push({ start, include, end: end.length === 0 ? undefined : end });
    }
    return ranges;
  }

  #oid(): { readonly oid: Oid; readonly include: boolean } {
    const at = this.#advance(4);
    const prefix = byteAt(this.#bytes, at + 1);
    const oid = prefix === 0 ? [] : [1, 3, 6, 1, prefix];
    for (let left = byteAt(this.#bytes, at); left > 0 && !this.#isBroken; left--) {
      oid.push(this.word());
    }
    return { oid, include: byteAt(this.#bytes, at + 2) === 1 };
  }

  /** Returns where the part begins. */
  #advance(length: number): number {
    const at = this.#offset;
    this.#offset += length;
    if (this.#offset > this.#bytes.length) this.#isBroken = true;
    return at;
  }
}

export function encodeOpen(packet: number, description: string): Uint8Array {
  const octets = new Uint8Array(description.length);
  for (const [at, character] of [...description].entries()) octets[at] = character.charCodeAt(0);
  // The timeout is that of the agent; no name of its own.
  const payload = joined([new Uint8Array(4), oidBytes([]), octetBytes(octets)]);
  return message(TYPE.open, { session: 0, transaction: 0, packet }, payload);
}

export function encodeRegister(session: number, packet: number, subtree: Oid): Uint8Array {
  const payload = joined([Uint8Array.of(0, PRIORITY, 0, 0), oidBytes(subtree)]);
  return message(TYPE.register, { session, transaction: 0, packet }, payload);
}

export function encodeNotify(
  session: number,
  packet: number,
  bindings: readonly Binding[],
): Uint8Array {
  const payload = joined(bindings.map(bindingBytes));
  return message(TYPE.notify, { session, transaction: 0, packet }, payload);
}

/** Asks whether the agent still answers. */
export function encodePing(session: number, packet: number): Uint8Array {
  return message(TYPE.ping, { session, transaction: 0, packet }, new Uint8Array(0));
}

export function encodeClose(session: number, packet: number): Uint8Array {
  return message(TYPE.close, { session, transaction: 0, packet }, Uint8Array.of(SHUTDOWN, 0, 0, 0));
}

/** `error`, and from 1 the binding that it is about. */
export function encodeResponse(
  ids: Identifiers,
  bindings: readonly Binding[],
  error = 0,
  index = 0,
): Uint8Array {
  const head = new Uint8Array(8);
  putUint16(head, 4, error);
  putUint16(head, 6, index);
  return message(TYPE.response, ids, joined([head, ...bindings.map(bindingBytes)]));
}

function message(type: number, ids: Identifiers, payload: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEADER_LENGTH);
  head[0] = VERSION;
  head[1] = type;
  head[2] = FLAG.networkOrder;
  putUint32(head, 4, ids.session);
  putUint32(head, 8, ids.transaction);
  putUint32(head, 12, ids.packet);
  putUint32(head, 16, payload.length);
  return joined([head, payload]);
}
