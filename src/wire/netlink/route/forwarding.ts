/**
 * RTM_NEWNETCONF of rtnetlink(7): the forwarding of an interface was switched on or off
 * (<linux/netconf.h>). RTM_NEWLINK does not report that.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+-----------------------------------------------+
 *     |    Family     |                    Padding                    |
 *     +---------------+-----------------------------------------------+
 *     |                          Attributes                           |
 */
import { decodeAttributes } from '../attributes.ts';
import { viewOf } from '../message.ts';
import { AF_INET6 } from '../numbers.ts';

export const RTM_NEWNETCONF = 80;
export const RTNLGRP_IPV6_NETCONF = 25;

const HEADER_LENGTH = 4;
const NETCONFA_IFINDEX = 1;
const NETCONFA_FORWARDING = 2;

interface ForwardingMessage {
  readonly index: number;
  readonly forwarding: boolean;
}

/** Undefined for another setting, for a setting of all interfaces, and if malformed. */
export function decodeForwarding(payload: Uint8Array): ForwardingMessage | undefined {
  if (payload.length < HEADER_LENGTH || viewOf(payload).getUint8(0) !== AF_INET6) return undefined;
  const attributes = decodeAttributes(payload, HEADER_LENGTH);
  if (!attributes.ok) return undefined;
  const index = attributes.value.uint32(NETCONFA_IFINDEX);
  const forwarding = attributes.value.uint32(NETCONFA_FORWARDING);
  // Negative for all interfaces and for the default of new ones.
  if (index === undefined || index > 0x7fffffff || forwarding === undefined) return undefined;
  return { index, forwarding: forwarding !== 0 };
}
