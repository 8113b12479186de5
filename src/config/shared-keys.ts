/**
 * Keys that several routers share, of the peer link and of virtual routers, apart from the other settings:
 * the engine and its recordings lack them.
 */

/** HMAC-SHA256 gains nothing from longer keys. */
export const KEY_BYTES_MIN = 32;
export const KEY_BYTES_MAX = 64;

export interface SharedKeys {
  readonly keys: readonly SharedKey[];
  /** The one that signs. */
  readonly activeKey: number;
}

export interface SharedKey {
  /** 1..255. */
  readonly id: number;
  /** As in the file: `file:/path`, `credential:name` or the secret itself, `hex:…`. */
  readonly reference: string;
  /** Undefined: this host was not asked for it. */
  readonly bytes: Uint8Array | undefined;
}

/** The key that the digits are, or what is wrong with them; the message has no part of the key. */
export function hexKey(digits: string): Uint8Array | { readonly problem: string } {
  const [least, most] = [2 * KEY_BYTES_MIN, 2 * KEY_BYTES_MAX];
  if (digits.length < least || digits.length > most || digits.length % 2 !== 0) {
    const problem = `a key has ${least} to ${most} hexadecimal digits, an even number, not ${digits.length}`;
    return { problem };
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

/** The key, or why it is not used. */
export type ReadKey = (reference: string) => Uint8Array | { readonly problem: string };

/** The keys that are known, for what signs with them. A key that could not be read is an error of the file. */
export function usable({ keys, activeKey }: SharedKeys) {
  return {
    keys: keys.flatMap(({ id, bytes }) => (bytes === undefined ? [] : [{ id, bytes }])),
    activeKey,
  };
}
