/** HMAC of the datagrams of the peer link, whose last bytes are its place. */
import { HmacKeys, type SigningKeys } from '../../../keys/hmac-keys.ts';
import { TAG_LENGTH } from '../../../wire/peer-link/datagram.ts';

export class Signature {
  /** 0: there is none, and nothing is sent. */
  readonly activeKey: number;
  readonly #keys: HmacKeys;

  constructor(keys: SigningKeys) {
    this.#keys = new HmacKeys(keys);
    this.activeKey = this.#keys.activeKey ?? 0;
  }

  knows(keyId: number): boolean {
    return this.#keys.knows(keyId);
  }

  /** Writes the tag of the active key into the last bytes; false: there is no such key. */
  sign(datagram: Uint8Array): boolean {
    const tag = this.#keys.tagOf(signedPart(datagram), this.activeKey);
    if (tag === undefined) return false;
    datagram.set(tag, datagram.length - TAG_LENGTH);
    return true;
  }

  isRight(datagram: Uint8Array, keyId: number): boolean {
    return this.#keys.isRight(signedPart(datagram), keyId, datagram.subarray(-TAG_LENGTH));
  }
}

function signedPart(datagram: Uint8Array): Uint8Array {
  return datagram.subarray(0, datagram.length - TAG_LENGTH);
}
