/** Bytes as tests write and compare them; spaces and line ends in the text are ignored. */

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The bytes with others around them, so that a read outside of them changes the result. */
export function surrounded(bytes: Uint8Array, filler: number): Uint8Array {
  const whole = new Uint8Array(bytes.length + 2 * MARGIN).fill(filler);
  whole.set(bytes, MARGIN);
  return whole;
}

/** How many bytes `surrounded` puts on either side. */
export const MARGIN = 64;
