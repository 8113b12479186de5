/** Text in netlink attributes: UTF-8 bytes, ended by NUL (netlink(7), NLA_NUL_STRING). */

/** Reads up to the first NUL. Names may contain any byte: text that is not UTF-8 is read as Latin-1. */
export function textFromBytes(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  let text = '';
  let escaped = '';
  for (const byte of end < 0 ? bytes : bytes.subarray(0, end)) {
    text += String.fromCharCode(byte);
    escaped += `%${byte.toString(16).padStart(2, '0')}`;
  }
  try {
    return decodeURIComponent(escaped);
  } catch {
    return text;
  }
}

/** Appends the NUL. */
export function textToBytes(text: string): Uint8Array {
  const escaped = encodeURIComponent(text);
  const bytes: number[] = [];
  for (let i = 0; i < escaped.length; i++) {
    if (escaped[i] === '%') {
      bytes.push(Number.parseInt(escaped.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(escaped.charCodeAt(i));
    }
  }
  return Uint8Array.from([...bytes, 0]);
}
