/**
 * macvlan links in rtnetlink(7): an additional MAC address on another link (<linux/if_link.h>,
 * IFLA_MACVLAN). `link.ts` has a picture of the message header.
 */
import { type MacAddress, macFromBytes, macToBytes } from '../../../net/address.ts';
import { AttributeWriter, decodeAttributes } from '../attributes.ts';
import { viewOf } from '../message.ts';

export const RTM_SETLINK = 19;

const HEADER_LENGTH = 16;
const IFF_UP = 0x1;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_GROUP = 27;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_MACVLAN_MODE = 1;
const IFLA_VRF_TABLE = 1;

const KIND = 'macvlan';
const VRF_KIND = 'vrf';

/**
 * MACVLAN_MODE_BRIDGE. Only in this mode does the parent receive frames whose source is the MAC address
 * of one of its macvlans, such as the advertisements of a rival (macvlan_multicast_rx in macvlan.c).
 */
export const MACVLAN_MODE_BRIDGE = 4;

export interface NewMacvlan {
  readonly name: string;
  /** Index of the link that carries its frames. */
  readonly parent: number;
  readonly mac: MacAddress;
}

export interface MacvlanLink extends NewMacvlan {
  readonly index: number;
  readonly mode: number;
  readonly up: boolean;
  readonly alias: string;
  readonly group: number;
  /** Index of the VRF that it belongs to; 0: none. */
  readonly vrf: number;
}

/** A link, with the details of a macvlan or a VRF. */
export interface NamedLink {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly macvlan: MacvlanLink | undefined;
  /** Number of the routing table of a VRF; absent: the link is none. */
  readonly vrfTable?: number;
}

/** The payload of RTM_NEWLINK, for a request with NLM_F_CREATE | NLM_F_EXCL; the new link is down. */
export function encodeNewMacvlan({ name, parent, mac }: NewMacvlan): Uint8Array {
  const attributes = new AttributeWriter()
    .bytes(IFLA_ADDRESS, macToBytes(mac))
    .text(IFLA_IFNAME, name)
    .uint32(IFLA_LINK, parent)
    .nested(IFLA_LINKINFO, (info) =>
      info
        .text(IFLA_INFO_KIND, KIND)
        .nested(IFLA_INFO_DATA, (data) => data.uint32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE)),
    );
  return withHeader(0, {}, attributes);
}

/** The payload of RTM_GETLINK for the link of that name. */
export function encodeLinkQuery(name: string): Uint8Array {
  return withHeader(0, {}, new AttributeWriter().text(IFLA_IFNAME, name));
}

/** The payload of RTM_SETLINK that marks a link: a text for people, a group for requests in bulk. */
export function encodeLinkMark(
  index: number,
  { alias, group }: { readonly alias: string; readonly group: number },
): Uint8Array {
  const attributes = new AttributeWriter().text(IFLA_IFALIAS, alias).uint32(IFLA_GROUP, group);
  return withHeader(index, {}, attributes);
}

/** The payload of RTM_SETLINK that sets a link up or down. */
export function encodeLinkSwitch(index: number, up: boolean): Uint8Array {
  return withHeader(index, { up }, new AttributeWriter());
}

/** The payload of RTM_SETLINK that sets the MTU, which must not exceed that of the parent. */
export function encodeLinkMtu(index: number, mtu: number): Uint8Array {
  return withHeader(index, {}, new AttributeWriter().uint32(IFLA_MTU, mtu));
}

/** The payload of RTM_SETLINK that puts a link into the VRF of this index; 0: into none. */
export function encodeLinkVrf(index: number, vrf: number): Uint8Array {
  return withHeader(index, {}, new AttributeWriter().uint32(IFLA_MASTER, vrf));
}

/** The payload of RTM_DELLINK. */
export function encodeRemovedLink(index: number): Uint8Array {
  return withHeader(index, {}, new AttributeWriter());
}

/** The payload of RTM_DELLINK for all links of a group, which must not be group 0. */
export function encodeRemovedGroup(group: number): Uint8Array {
  return withHeader(0, {}, new AttributeWriter().uint32(IFLA_GROUP, group));
}

/** Undefined if malformed. A parent in another network namespace has index 0. */
export function decodeNamedLink(payload: Uint8Array): NamedLink | undefined {
  if (payload.length < HEADER_LENGTH) return undefined;
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  if (!decoded.ok) return undefined;
  const attributes = decoded.value;
  const view = viewOf(payload);
  const index = view.getInt32(4, true);
  const name = attributes.text(IFLA_IFNAME) ?? '';
  const mtu = attributes.uint32(IFLA_MTU) ?? 0;
  const info = attributes.nested(IFLA_LINKINFO);
  const hardware = attributes.bytes(IFLA_ADDRESS);
  if (info?.text(IFLA_INFO_KIND) === VRF_KIND) {
    const vrfTable = info.nested(IFLA_INFO_DATA)?.uint32(IFLA_VRF_TABLE);
    return {
      index,
      name,
      mtu,
      macvlan: undefined,
      ...(vrfTable === undefined ? {} : { vrfTable }),
    };
  }
  if (info?.text(IFLA_INFO_KIND) !== KIND || hardware?.length !== 6) {
    return { index, name, mtu, macvlan: undefined };
  }
  const isForeign = attributes.bytes(IFLA_LINK_NETNSID) !== undefined;
  const macvlan = {
    index,
    name,
    parent: isForeign ? 0 : (attributes.uint32(IFLA_LINK) ?? 0),
    mac: macFromBytes(hardware),
    mode: info.nested(IFLA_INFO_DATA)?.uint32(IFLA_MACVLAN_MODE) ?? 0,
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    alias: attributes.text(IFLA_IFALIAS) ?? '',
    group: attributes.uint32(IFLA_GROUP) ?? 0,
    vrf: attributes.uint32(IFLA_MASTER) ?? 0,
  };
  return { index, name, mtu, macvlan };
}

function withHeader(
  index: number,
  { up }: { readonly up?: boolean },
  writer: AttributeWriter,
): Uint8Array {
  const attributes = writer.finish();
  const payload = new Uint8Array(HEADER_LENGTH + attributes.length);
  const view = viewOf(payload);
  view.setInt32(4, index, true);
  if (up !== undefined) {
    view.setUint32(8, up ? IFF_UP : 0, true);
    view.setUint32(12, IFF_UP, true);
  }
  payload.set(attributes, HEADER_LENGTH);
  return payload;
}
