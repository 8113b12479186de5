/**
 * The keys of the virtual routers, which the engine uses and never has: they are in no setting, no
 * snapshot and no recording. `router`: interface, family and VRID, as `identityOf` joins them.
 */
import type { IpAddress } from '../../net/address.ts';
import { DIGEST_LENGTH } from '../../wire/vrrp/trailer.ts';

export interface Keyring {
  /** Number of the key that signs; undefined: the router has none. */
  activeKey(router: string): number | undefined;
  knows(router: string, keyId: number): boolean;
  /** The first bytes of HMAC-SHA256; the key is one that the router has. */
  digest(router: string, keyId: number, bytes: Uint8Array): Uint8Array;
  /** Compares in constant time. */
  isRight(router: string, keyId: number, bytes: Uint8Array, digest: Uint8Array): boolean;
}

/** For an engine without authentication. */
export const NO_KEYS: Keyring = {
  activeKey: () => undefined,
  knows: () => false,
  digest: () => new Uint8Array(DIGEST_LENGTH),
  isRight: () => false,
};

/** A sender whose messages were right, as `status` shows it. */
export interface AuthenticatedSender {
  readonly address: IpAddress;
  readonly keyId: number;
  /** How far its clock is ahead, in milliseconds, rounded to tenths of a second. */
  readonly clockMs: number;
}
