/** HMAC-SHA256 of the datagrams of the peer link, with one of several keys. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { TAG_LENGTH } from '../../../wire/peer-link/datagram.ts';

export interface SigningKeys {
  readonly keys: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  /** The one that signs. */
  readonly activeKey: number;
}

export class Signature {
  readonly activeKey: number;
  readonly #keys: ReadonlyMap<number, KeyObject>;

  constructor({ keys, activeKey }: SigningKeys) {
    this.activeKey = activeKey;
    this.#keys = new Map(keys.map(({ id, bytes }) => [id, createSecretKey(bytes)]));
  }

  knows(keyId: number): boolean {
    return this.#keys.has(keyId);
  }

  /** Writes the tag of the active key into the last bytes; false: there is no such key. */
  sign(datagram: Uint8Array): boolean {
    const tag = this.#tagOf(datagram, this.activeKey);
    if (tag === undefined) return false;
    datagram.set(tag, datagram.length - TAG_LENGTH);
    return true;
  }

  isRight(datagram: Uint8Array, keyId: number): boolean {
    const tag = this.#tagOf(datagram, keyId);
    return tag !== undefined && timingSafeEqual(tag, datagram.subarray(-TAG_LENGTH));
  }

  #tagOf(datagram: Uint8Array, keyId: number): Uint8Array | undefined {
    const key = this.#keys.get(keyId);
    if (key === undefined) return undefined;
    const signed = datagram.subarray(0, datagram.length - TAG_LENGTH);
    return createHmac('sha256', key).update(signed).digest().subarray(0, TAG_LENGTH);
  }
}
