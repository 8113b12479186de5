/** Netlink datagrams: messages, attributes, acknowledgements, links, addresses, routes and rules. */
import { type Attributes, decodeAttributes } from '../../src/wire/netlink/attributes.ts';
import { decodeAcknowledgement } from '../../src/wire/netlink/ext-ack.ts';
import { decodeMessages, NLMSG_HEADER_LENGTH } from '../../src/wire/netlink/message.ts';
import { decodeAddress } from '../../src/wire/netlink/route/address.ts';
import { decodeForwarding } from '../../src/wire/netlink/route/forwarding.ts';
import { decodeLink } from '../../src/wire/netlink/route/link.ts';
import { decodeNamedLink } from '../../src/wire/netlink/route/macvlan.ts';
import { decodeRoute } from '../../src/wire/netlink/route/route.ts';
import { decodeRule } from '../../src/wire/netlink/route/rule.ts';
import { NETLINK } from './corpus.ts';
import type { FuzzTarget } from './target.ts';
import { require } from './target.ts';
import { decoderTarget } from './wire-targets.ts';

export const NETLINK_TARGET: FuzzTarget = decoderTarget({
  name: 'netlink',
  corpus: NETLINK,
  check: (bytes, length) => {
    const decoded = decodeMessages(bytes, length);
    if (!decoded.ok) return decoded;
    const whole = decoded.value.reduce(
      (sum, { payload }) => sum + NLMSG_HEADER_LENGTH + payload.length,
      0,
    );
    require(whole <= length, 'the messages are not longer than their datagram');
    return decoded.value.map((message) => {
      const { type, payload } = message;
      return [
        type,
        decodeAcknowledgement(message),
        decodeAddress(payload),
        decodeLink(payload),
        decodeNamedLink(payload),
        decodeForwarding(payload),
        decodeRoute(payload),
        decodeRule(payload),
        attributesOf(decodeAttributes(payload), payload.length),
      ];
    });
  },
});

/** Every value is within the payload; nested lists are checked one level deep. */
function attributesOf(decoded: ReturnType<typeof decodeAttributes>, length: number): unknown {
  if (!decoded.ok) return decoded;
  return decoded.value.types().map((type) => {
    const value = decoded.value.bytes(type);
    require(value !== undefined && value.length <= length - 4, 'a value lies within its list');
    return [
      type,
      value?.length,
      scalarsOf(decoded.value, type),
      decoded.value.nested(type)?.types(),
    ];
  });
}

function scalarsOf(attributes: Attributes, type: number): unknown[] {
  return [
    attributes.uint8(type),
    attributes.uint16(type),
    attributes.uint32(type),
    attributes.text(type),
  ];
}
