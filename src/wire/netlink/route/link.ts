/**
 * Links in rtnetlink(7): RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK (<linux/if_link.h>).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |    Family     |    Padding    |      Device Type (ARPHRD)     |
 *     +---------------+---------------+-------------------------------+
 *     |                        Interface Index                        |
 *     +---------------------------------------------------------------+
 *     |                          Flags (IFF)                          |
 *     +---------------------------------------------------------------+
 *     |                          Change Mask                          |
 *     +---------------------------------------------------------------+
 *     |                          Attributes                           |
 */
import { macFromBytes, NO_MAC } from '../../../net/address.ts';
import type { LinkAttributes } from '../../../net/link.ts';
import { failure, type Result, success } from '../../../net/result.ts';
import {
  type AttributeDecodeError,
  type Attributes,
  AttributeWriter,
  decodeAttributes,
} from '../attributes.ts';
import { viewOf } from '../message.ts';
import { AF_INET6 } from '../numbers.ts';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTNLGRP_LINK = 1;

const HEADER_LENGTH = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_AF_SPEC = 26;
const IFLA_EXT_MASK = 29;
const IFLA_LINK_NETNSID = 37;
const IFLA_EVENT = 44;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INET6_CONF = 2;
const RTEXT_FILTER_SKIP_STATS = 8;

/** IFLA_EVENT_BONDING_FAILOVER and IFLA_EVENT_NOTIFY_PEERS. */
const FAILOVER_EVENTS: readonly (number | undefined)[] = [3, 4];

const IFLA_MACVLAN_MODE = 1;
const MACVLAN_MODE_PASSTHRU = 8;

const VRF_KIND = 'vrf';

/** Links with frames of their own on another link. */
const STACKED_KINDS = ['vlan', 'macvlan', 'macvtap'];

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const IFF_NOARP = 0x80;
const IFF_LOWER_UP = 0x10000;
const IF_OPER_UNKNOWN = 0;
const IF_OPER_UP = 6;

type LinkDecodeError =
  | { readonly code: 'link-truncated'; readonly length: number }
  | AttributeDecodeError;

/**
 * A bridge reports its ports with the same message types in family AF_BRIDGE, where RTM_DELLINK means
 * that a link left the bridge: only messages with `family` 0 are about the link itself.
 */
export interface LinkMessage {
  readonly family: number;
  readonly link: LinkAttributes;
  /** Sent because the link is reached through another port now. */
  readonly failedOver?: true;
}

export function decodeLink(payload: Uint8Array): Result<LinkMessage, LinkDecodeError> {
  if (payload.length < HEADER_LENGTH) {
    return failure({ code: 'link-truncated', length: payload.length });
  }
  const attributes = decodeAttributes(payload, HEADER_LENGTH);
  if (!attributes.ok) return attributes;
  const view = viewOf(payload);
  const hardware = attributes.value.bytes(IFLA_ADDRESS);
  const operationalState = attributes.value.uint8(IFLA_OPERSTATE) ?? IF_OPER_UNKNOWN;
  return success({
    family: view.getUint8(0),
    link: {
      index: view.getInt32(4, true),
      name: attributes.value.text(IFLA_IFNAME) ?? '',
      mac: hardware?.length === 6 ? macFromBytes(hardware) : NO_MAC,
      mtu: attributes.value.uint32(IFLA_MTU) ?? 0,
      up: (view.getUint32(8, true) & IFF_UP) !== 0,
      running: isRunning(view.getUint32(8, true), operationalState),
      ...((view.getUint32(8, true) & (IFF_LOOPBACK | IFF_NOARP)) === 0 ? {} : { silent: true }),
      ...forwardingOf(attributes.value),
      ...portOf(view.getInt32(4, true), attributes.value),
      ...overOf(attributes.value),
    },
    ...(FAILOVER_EVENTS.includes(attributes.value.uint32(IFLA_EVENT)) ? { failedOver: true } : {}),
  });
}

/** The kind is that of the link that it is a port of; some kinds have no name. A VRF belongs to itself. */
function portOf(own: number, attributes: Attributes): Pick<LinkAttributes, 'portOf' | 'vrf'> {
  const info = attributes.nested(IFLA_LINKINFO);
  if (info?.text(IFLA_INFO_KIND) === VRF_KIND) return { vrf: own };
  const index = attributes.uint32(IFLA_MASTER) ?? 0;
  if (index === 0) return {};
  return info?.text(IFLA_INFO_SLAVE_KIND) === VRF_KIND ? { vrf: index } : { portOf: index };
}

/** Other kinds name another link for other reasons: a veth link its far end, a tunnel the way to it. */
function overOf(attributes: Attributes): Pick<LinkAttributes, 'over' | 'takesAll'> {
  const info = attributes.nested(IFLA_LINKINFO);
  const kind = info?.text(IFLA_INFO_KIND) ?? '';
  const over = attributes.uint32(IFLA_LINK);
  const isForeign = attributes.bytes(IFLA_LINK_NETNSID) !== undefined;
  if (over === undefined || isForeign || !STACKED_KINDS.includes(kind)) return {};
  const mode = kind === 'vlan' ? 0 : (info?.nested(IFLA_INFO_DATA)?.uint32(IFLA_MACVLAN_MODE) ?? 0);
  return (mode & MACVLAN_MODE_PASSTHRU) === 0 ? { over } : { over, takesAll: true };
}

/** An array of 32-bit settings, forwarding first (<linux/ipv6.h>, DEVCONF_FORWARDING). */
function forwardingOf(attributes: Attributes): Pick<LinkAttributes, 'forwarding'> {
  const settings = attributes.nested(IFLA_AF_SPEC)?.nested(AF_INET6)?.bytes(IFLA_INET6_CONF);
  if (settings === undefined || settings.length < 4) return {};
  return { forwarding: viewOf(settings).getInt32(0, true) !== 0 };
}

/** The payload of a dump request for all links, without their statistics. */
export function encodeLinkDump(): Uint8Array {
  const attributes = new AttributeWriter().uint32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS).finish();
  const payload = new Uint8Array(HEADER_LENGTH + attributes.length);
  payload.set(attributes, HEADER_LENGTH);
  return payload;
}

/** Administratively up, carrier present, and not held back by the driver (RFC 2863 ifOperStatus). */
function isRunning(flags: number, operationalState: number): boolean {
  const required = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  const operational = operationalState === IF_OPER_UP || operationalState === IF_OPER_UNKNOWN;
  return (flags & required) === required && operational;
}
