/** Appends the trailer of a virtual router to its messages. */
import type { Envelope } from '../../../wire/vrrp/message.ts';
import { withTrailer } from '../../../wire/vrrp/trailer.ts';
import type { Keyring } from '../keyring.ts';
import type { InstanceSettings } from '../settings.ts';
import { identityOf } from '../settings-change.ts';

/** Signs a message; undefined: the key is missing, and the message must not be sent. */
export type Seal = (message: Uint8Array, envelope: Envelope) => Uint8Array | undefined;

/** Whether the router signs what it sends. */
export function signs({ authentication }: InstanceSettings): boolean {
  return authentication.type === 'hmac' && authentication.mode !== 'receive_only';
}

/**
 * Signs with the active key. A message is not sent without the key that it needs: it would be refused,
 * or would be what an attacker waits for.
 */
export function sealWith(
  keyring: Keyring,
  settings: InstanceSettings,
  nextNumber: () => bigint,
): Seal {
  const identity = identityOf(settings);
  return (message, envelope) => {
    const keyId = keyring.activeKey(identity);
    if (keyId === undefined) return undefined;
    return withTrailer(message, envelope, { keyId, sequence: nextNumber() }, (bytes) =>
      keyring.digest(identity, keyId, bytes),
    );
  };
}
