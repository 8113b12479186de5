/** Checks signed messages without the settings and the clock of a router: for `decode` and `watch`. */
import type { DiscardReason } from '../protocol/engine/intake-reasons.ts';
import { digestedBytes, digestIn, type SignedMessage } from '../wire/vrrp/trailer.ts';
import { HmacKeys, type SigningKeys } from './hmac-keys.ts';

export function trailerCheck(
  keys: SigningKeys['keys'],
): (message: SignedMessage) => DiscardReason | undefined {
  const known = new HmacKeys({ keys, activeKey: 0 });
  return (message) => {
    const { keyId } = message.trailer;
    if (!known.knows(keyId)) return 'hmac-unknown-key';
    return known.isRight(digestedBytes(message), keyId, digestIn(message))
      ? undefined
      : 'hmac-failure';
  };
}
