/** The keys of the peer link, apart from the other settings: the engine and its recordings lack them. */

/** HMAC-SHA256 gains nothing from longer keys. */
export const KEY_BYTES_MIN = 32;
export const KEY_BYTES_MAX = 64;

export interface PeerLinkKeys {
  readonly keys: readonly PeerLinkKey[];
  /** The one that signs. */
  readonly activeKey: number;
}

export interface PeerLinkKey {
  /** 1..255. */
  readonly id: number;
  /** As in the file: `file:/path`, `credential:name` or the secret itself, `hex:…`. */
  readonly reference: string;
  /** Undefined: this host was not asked for it. */
  readonly bytes: Uint8Array | undefined;
}

/** The key, or why it is not used. */
export type ReadKey = (reference: string) => Uint8Array | { readonly problem: string };
