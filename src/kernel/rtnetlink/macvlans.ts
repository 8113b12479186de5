/** Creates, marks and removes macvlan links. Not for the protocol thread: the kernel may take long. */

import { mac } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { ENODEV, EOPNOTSUPP } from '../../net/errno.ts';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from '../../wire/netlink/message.ts';
import {
  encodeLinkDump,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
} from '../../wire/netlink/route/link.ts';
import {
  decodeNamedLink,
  encodeLinkMark,
  encodeLinkMtu,
  encodeLinkQuery,
  encodeLinkSwitch,
  encodeLinkVrf,
  encodeNewMacvlan,
  encodeRemovedGroup,
  encodeRemovedLink,
  type NamedLink,
  type NewMacvlan,
  RTM_SETLINK,
} from '../../wire/netlink/route/macvlan.ts';
import { NETLINK_ROUTE } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { MacvlanPort } from '../ports.ts';

const ANY_MAC = mac('02:00:00:00:00:01');

export class Macvlans implements MacvlanPort {
  readonly #socket: NetlinkSocket;

  /** Opens in the network namespace of the calling thread. Throws `KernelError`. */
  constructor() {
    this.#socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, name: 'link request' });
  }

  links(): NamedLink[] {
    const { messages } = this.#socket.list('list links', {
      type: RTM_GETLINK,
      payload: encodeLinkDump(),
    });
    return messages.flatMap(({ type, payload }) => {
      const link = type === RTM_NEWLINK ? decodeNamedLink(payload) : undefined;
      return link === undefined ? [] : [link];
    });
  }

  find(name: string): NamedLink | undefined {
    try {
      const payload = encodeLinkQuery(name);
      const [message] = this.#socket.query(`find ${name}`, {
        type: RTM_GETLINK,
        flags: NLM_F_ACK,
        payload,
      });
      return message === undefined ? undefined : decodeNamedLink(message.payload);
    } catch (error) {
      if (error instanceof KernelError && error.code === 'kernel-no-device') return undefined;
      throw error;
    }
  }

  create(link: NewMacvlan): void {
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    this.#request(`create ${link.name}`, RTM_NEWLINK, encodeNewMacvlan(link), flags);
  }

  /**
   * True if the kernel supports macvlan, whose module it may load; undefined if the answer is unclear.
   * Asks for a macvlan without a parent: a kernel that knows the kind misses only the parent.
   */
  isSupported(): boolean | undefined {
    const payload = encodeNewMacvlan({ name: 'vrrp-agent', parent: 0, mac: ANY_MAC });
    const request = { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, payload };
    const { errno } = at(this.#socket.transact([request]), 0);
    if (errno === ENODEV) return true;
    return errno === EOPNOTSUPP ? false : undefined;
  }

  mark(index: number, mark: { readonly alias: string; readonly group: number }): void {
    this.#request(`mark link ${index}`, RTM_SETLINK, encodeLinkMark(index, mark));
  }

  setMtu(index: number, mtu: number): void {
    this.#request(`set the MTU of link ${index}`, RTM_SETLINK, encodeLinkMtu(index, mtu));
  }

  setVrf(index: number, vrf: number): void {
    this.#request(`set the VRF of link ${index}`, RTM_SETLINK, encodeLinkVrf(index, vrf));
  }

  setDown(index: number): void {
    this.#request(`set link ${index} down`, RTM_SETLINK, encodeLinkSwitch(index, false));
  }

  remove(index: number): void {
    this.#request(`remove link ${index}`, RTM_DELLINK, encodeRemovedLink(index));
  }

  removeGroup(group: number): void {
    this.#request(`remove links of group ${group}`, RTM_DELLINK, encodeRemovedGroup(group));
  }

  close(): void {
    this.#socket.close();
  }

  #request(operation: string, type: number, payload: Uint8Array, flags = 0): void {
    const { errno, text } = at(this.#socket.transact([{ type, flags, payload }]), 0);
    if (errno !== 0) throw new KernelError(operation, errno, text);
  }
}
