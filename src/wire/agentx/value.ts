/** Values of SNMP, as AgentX (RFC 2741 section 5.4) carries them: always in network byte order here. */
import { putUint16, putUint32, putUint64 } from '../bytes.ts';
import type { Oid } from './oid.ts';

/** The number of each type on the wire. */
const TYPES = {
  integer: 2,
  octets: 4,
  oid: 6,
  counter32: 65,
  gauge: 66,
  ticks: 67,
  counter64: 70,
  'no-such-object': 128,
  'no-such-instance': 129,
  'end-of-view': 130,
} as const;

export type Value =
  /** `integer` may be negative; `counter64` is exact up to 2^53. */
  | {
      readonly type: 'integer' | 'counter32' | 'gauge' | 'ticks' | 'counter64';
      readonly number: number;
    }
  | { readonly type: 'octets'; readonly bytes: Uint8Array }
  | { readonly type: 'oid'; readonly oid: Oid }
  | { readonly type: 'no-such-object' | 'no-such-instance' | 'end-of-view' };

export interface Binding {
  readonly oid: Oid;
  readonly value: Value;
}

const WORD = 4;
const TWO_TO_32 = 0x1_0000_0000;

/** 1.3.6.1, which the wire leaves out. */
const INTERNET: Oid = [1, 3, 6, 1];

export function oidBytes(oid: Oid): Uint8Array {
  const prefix = oid[INTERNET.length] ?? 0;
  const isInternet = INTERNET.every((part, at) => part === oid[at]) && prefix > 0 && prefix <= 0xff;
  const rest = isInternet ? oid.slice(INTERNET.length + 1) : oid;
  const bytes = new Uint8Array(WORD + WORD * rest.length);
  bytes[0] = rest.length;
  bytes[1] = isInternet ? prefix : 0;
  for (const [at, part] of rest.entries()) putUint32(bytes, WORD + WORD * at, part);
  return bytes;
}

/** With its length, and zeros up to the next word. */
export function octetBytes(octets: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(WORD + WORD * Math.ceil(octets.length / WORD));
  putUint32(bytes, 0, octets.length);
  bytes.set(octets, WORD);
  return bytes;
}

export function bindingBytes({ oid, value }: Binding): Uint8Array {
  const head = new Uint8Array(WORD);
  putUint16(head, 0, TYPES[value.type]);
  return joined([head, oidBytes(oid), valueBytes(value)]);
}

function valueBytes(value: Value): Uint8Array {
  switch (value.type) {
    case 'integer':
    case 'counter32':
    case 'gauge':
    case 'ticks': {
      const bytes = new Uint8Array(WORD);
      // Counters and ticks begin again at zero (RFC 2578 section 7.1).
      putUint32(bytes, 0, ((value.number % TWO_TO_32) + TWO_TO_32) % TWO_TO_32);
      return bytes;
    }
    case 'counter64': {
      const bytes = new Uint8Array(2 * WORD);
      putUint64(bytes, 0, value.number);
      return bytes;
    }
    case 'octets':
      return octetBytes(value.bytes);
    case 'oid':
      return oidBytes(value.oid);
    case 'no-such-object':
    case 'no-such-instance':
    case 'end-of-view':
      return new Uint8Array(0);
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
