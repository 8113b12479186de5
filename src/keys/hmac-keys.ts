/** HMAC-SHA256, truncated to 128 bits, with one of several keys. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

export interface SigningKeys {
  readonly keys: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  /** The one that signs. */
  readonly activeKey: number;
}

const TAG_LENGTH = 16;

export class HmacKeys {
  /** Undefined: there is no such key. */
  readonly activeKey: number | undefined;
  readonly #keys: ReadonlyMap<number, KeyObject>;

  constructor({ keys, activeKey }: SigningKeys) {
    this.#keys = new Map(keys.map(({ id, bytes }) => [id, createSecretKey(bytes)]));
    this.activeKey = this.#keys.has(activeKey) ? activeKey : undefined;
  }

  knows(keyId: number): boolean {
    return this.#keys.has(keyId);
  }

  /** Undefined: there is no such key. */
  tagOf(bytes: Uint8Array, keyId: number): Uint8Array | undefined {
    const key = this.#keys.get(keyId);
    if (key === undefined) return undefined;
    return createHmac('sha256', key).update(bytes).digest().subarray(0, TAG_LENGTH);
  }

  /** Compares in constant time. */
  isRight(bytes: Uint8Array, keyId: number, tag: Uint8Array): boolean {
    const expected = this.tagOf(bytes, keyId);
    if (expected === undefined || tag.length !== TAG_LENGTH) return false;
    return timingSafeEqual(expected, tag);
  }
}
