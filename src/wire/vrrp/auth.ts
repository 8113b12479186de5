/**
 * Authentication Data of version 2 (RFC 2338 section 5.3.6; RFC 3768 keeps the field and drops the
 * methods). Only the clear-text password is supported: it stops accidents, not attackers.
 */
import { byteAt } from '../bytes.ts';

/** Every JavaScript runtime has it, but the type libraries of the language do not declare it. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

export const AUTH_NONE = 0;
export const AUTH_PASSWORD = 1;

/** Every version 2 message has Authentication Data, whatever the type. */
export const AUTH_DATA_LENGTH = 8;

/** The password in UTF-8, padded with NUL. Throws `RangeError` if it does not fit. */
export function passwordBytes(password: string): Uint8Array {
  const text = new TextEncoder().encode(password);
  if (text.length > AUTH_DATA_LENGTH) {
    throw new RangeError(`a password has at most ${AUTH_DATA_LENGTH} bytes, not ${text.length}`);
  }
  const data = new Uint8Array(AUTH_DATA_LENGTH);
  data.set(text);
  return data;
}

/**
 * Compares `length` bytes of `a` at `aOffset` with the first bytes of `b`, in a time that does not
 * reveal where they differ. A missing byte counts as a difference.
 */
export function equalInConstantTime(
  a: Uint8Array,
  aOffset: number,
  b: Uint8Array,
  length: number,
): boolean {
  if (aOffset + length > a.length || length > b.length) return false;
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= byteAt(a, aOffset + i) ^ byteAt(b, i);
  return difference === 0;
}
