/** A keyring that remembers its last answer: a replay has no keys, and needs to know what they said. */
import type { Keyring } from '../../engine/keyring.ts';

export class RecordedKeyring implements Keyring {
  readonly #keyring: Keyring;
  #answer: boolean | undefined;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  activeKey(router: string): number | undefined {
    return this.#keyring.activeKey(router);
  }

  knows(router: string, keyId: number): boolean {
    return this.#keyring.knows(router, keyId);
  }

  digest(router: string, keyId: number, bytes: Uint8Array): Uint8Array {
    return this.#keyring.digest(router, keyId, bytes);
  }

  isRight(router: string, keyId: number, bytes: Uint8Array, digest: Uint8Array): boolean {
    this.#answer = this.#keyring.isRight(router, keyId, bytes, digest);
    return this.#answer;
  }

  /** The answer since the last call; undefined: it was not asked. */
  take(): boolean | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }
}
