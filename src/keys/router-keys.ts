/** The keys of the virtual routers, for the engine of the protocol thread and for what acts in its place. */
import type { Keyring } from '../protocol/engine/keyring.ts';
import { HmacKeys, type SigningKeys } from './hmac-keys.ts';

/** By interface, family and VRID, as `identityOf` joins them. */
export type KeysByRouter = ReadonlyMap<string, SigningKeys>;

const NO_TAG = new Uint8Array(16);

export class RouterKeys implements Keyring {
  #keys: ReadonlyMap<string, HmacKeys>;
  /** Routers whose keys were kept by the last `replace`. */
  #kept: ReadonlySet<string> = new Set();

  constructor(keys: KeysByRouter = new Map()) {
    this.#keys = byRouter(keys);
  }

  /**
   * A reload brings the keys before the settings that need them: a router that has none now may still
   * sign until then, and keeps those that it has until the next call.
   */
  replace(keys: KeysByRouter): void {
    const next = byRouter(keys);
    const staying = [...this.#keys].filter(
      ([router]) => !next.has(router) && !this.#kept.has(router),
    );
    this.#kept = new Set(staying.map(([router]) => router));
    this.#keys = new Map([...staying, ...next]);
  }

  activeKey(router: string): number | undefined {
    return this.#keys.get(router)?.activeKey;
  }

  knows(router: string, keyId: number): boolean {
    return this.#keys.get(router)?.knows(keyId) === true;
  }

  digest(router: string, keyId: number, bytes: Uint8Array): Uint8Array {
    return this.#keys.get(router)?.tagOf(bytes, keyId) ?? NO_TAG;
  }

  isRight(router: string, keyId: number, bytes: Uint8Array, digest: Uint8Array): boolean {
    return this.#keys.get(router)?.isRight(bytes, keyId, digest) === true;
  }
}

function byRouter(keys: KeysByRouter): Map<string, HmacKeys> {
  return new Map([...keys].map(([router, one]) => [router, new HmacKeys(one)]));
}
