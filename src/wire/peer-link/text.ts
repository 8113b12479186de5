/** Short texts of the peer link: a byte with the length, then printable ASCII. */
import { byteAt } from '../bytes.ts';

const QUESTION_MARK = 0x3f;

export const LONGEST_TEXT = 64;

/** Bytes that the text takes, with its length. */
export function textLength(text: string): number {
  return 1 + Math.min(text.length, LONGEST_TEXT);
}

/** Cuts a long text, and replaces what is not printable ASCII; returns the offset behind the text. */
export function putText(bytes: Uint8Array, offset: number, text: string): number {
  const length = textLength(text) - 1;
  bytes[offset] = length;
  for (let at = 0; at < length; at++) bytes[offset + 1 + at] = printable(text.charCodeAt(at));
  return offset + 1 + length;
}

/** Undefined: the length is wrong, or the text does not end within the array. */
export function textAt(bytes: Uint8Array, offset: number): string | undefined {
  const length = byteAt(bytes, offset);
  if (length > LONGEST_TEXT || offset + 1 + length > bytes.length) return undefined;
  let text = '';
  for (let at = 0; at < length; at++) {
    text += String.fromCharCode(printable(byteAt(bytes, offset + 1 + at)));
  }
  return text;
}

/** Texts are shown to people. */
function printable(code: number): number {
  return code >= 0x20 && code < 0x7f ? code : QUESTION_MARK;
}
