/**
 * Links, addresses, and our routes and rules through rtnetlink(7). One socket sends requests, two others
 * receive changes; those are open before the first dump, so no change is missed.
 */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type {
  AddressChange,
  AddressState,
  KernelChange,
  LinkEvent,
  LinkState,
} from '../../net/link.ts';
import type { NetlinkMessage } from '../../wire/netlink/message.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/netlink/message.ts';
import {
  decodeAddress,
  encodeAddressDump,
  encodeNewAddress,
  encodeRemovedAddress,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
} from '../../wire/netlink/route/address.ts';
import {
  decodeForwarding,
  RTM_NEWNETCONF,
  RTNLGRP_IPV6_NETCONF,
} from '../../wire/netlink/route/forwarding.ts';
import { decodeGateway, encodeGatewayQuestion } from '../../wire/netlink/route/gateway.ts';
import {
  decodeLink,
  encodeLinkDump,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTNLGRP_LINK,
} from '../../wire/netlink/route/link.ts';
import { encodeLinkSwitch, RTM_SETLINK } from '../../wire/netlink/route/macvlan.ts';
import { RTM_GETROUTE } from '../../wire/netlink/route/route.ts';
import { NETLINK_ROUTE } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import {
  type MonitorState,
  type NetlinkRequest,
  NetlinkSocket,
} from '../netlink/netlink-socket.ts';
import type { LinkSnapshot, RoutePort } from '../ports.ts';
import { AddressOrigin } from './address-origin.ts';
import { clearRouting, openRoutingMonitor, routingEvent, routingRequest } from './routing.ts';

/** Batches stay short: an IPv6 address takes the kernel 15 us or more, any other change 5. */
const BATCH = { cheap: 256, expensive: 32 } as const;

const MONITOR_RECEIVE_BUFFER = 4 * 1024 * 1024;

export interface RoutesOptions {
  /** In bytes; a small buffer makes `overrun` likely. */
  readonly monitorReceiveBuffer?: number;
  /** Addresses of former runs, on a kernel that does not keep marks; absent: it does. */
  readonly remembered?: ReadonlySet<IpAddress> | undefined;
}

export class Routes implements RoutePort {
  /** For the reactor: readable when changes of links or addresses are waiting. */
  readonly fd: number;
  /** For the reactor: readable when changes of routes or rules are waiting. */
  readonly routingFd: number;
  readonly #requests: NetlinkSocket;
  readonly #monitor: NetlinkSocket;
  readonly #routing: NetlinkSocket;
  /** Undefined: the kernel keeps the mark of each address. */
  readonly #origin: AddressOrigin | undefined;

  /** Opens in the network namespace of the calling thread. Throws `KernelError`. */
  constructor(options: RoutesOptions = {}) {
    const { remembered } = options;
    this.#origin = remembered === undefined ? undefined : new AddressOrigin(remembered);
    this.#monitor = new NetlinkSocket({
      protocol: NETLINK_ROUTE,
      name: 'route monitor',
      receiveBuffer: options.monitorReceiveBuffer ?? MONITOR_RECEIVE_BUFFER,
      groups: [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_NETCONF],
    });
    this.fd = this.#monitor.fd;
    this.#routing = openRoutingMonitor();
    this.routingFd = this.#routing.fd;
    this.#requests = new NetlinkSocket({ protocol: NETLINK_ROUTE, name: 'route request' });
  }

  changeKernel(changes: readonly KernelChange[]): KernelAnswer[] {
    const answers: KernelAnswer[] = [];
    while (answers.length < changes.length) {
      const run = runOfOneCost(changes, answers.length);
      const batch = BATCH[costOf(at(run, 0))];
      const given = this.#requests.transact(run.map(requestFor), batch);
      for (const [position, answer] of given.entries()) {
        this.#origin?.note(at(run, position), answer);
        answers.push(answer);
      }
    }
    return answers;
  }

  clearRouting(): string[] {
    return clearRouting();
  }

  claim(addresses: readonly IpAddress[]): boolean {
    this.#origin?.claim(addresses);
    return this.#origin !== undefined;
  }

  setLinksUp(indexes: readonly number[]): KernelAnswer[] {
    const requests = indexes.map((index) => ({
      type: RTM_SETLINK,
      flags: 0,
      payload: encodeLinkSwitch(index, true),
    }));
    return this.#requests.transact(requests);
  }

  /** Looking it up takes some 10 us. */
  gateway(index: number, family: Family): IpAddress | null {
    const payload = encodeGatewayQuestion(family, index);
    try {
      const request = { type: RTM_GETROUTE, flags: 0, payload };
      const [message] = this.#requests.query('find the gateway', request);
      return message === undefined ? null : decodeGateway(message.payload);
    } catch (error) {
      if (error instanceof KernelError) return null;
      throw error;
    }
  }

  snapshot(): LinkSnapshot {
    const links = this.#requests.list('list links', {
      type: RTM_GETLINK,
      payload: encodeLinkDump(),
    });
    const payload = encodeAddressDump();
    const addresses = this.#requests.list('list addresses', { type: RTM_GETADDR, payload });
    const byLink = this.#addressesByLink(addresses.messages);
    // An interrupted dump may list a link twice: the last one is the newest.
    const states = new Map<number, LinkState>();
    for (const message of links.messages) {
      const decoded = decodeLink(message.payload);
      if (message.type !== RTM_NEWLINK || !decoded.ok) continue;
      const { link } = decoded.value;
      states.set(link.index, { ...link, addresses: byLink.get(link.index) ?? [] });
    }
    return { links: [...states.values()], complete: links.complete && addresses.complete };
  }

  drain(sink: (event: LinkEvent) => void): MonitorState {
    const forward = (message: NetlinkMessage): void => {
      const event = eventFrom(message) ?? routingEvent(message);
      if (event !== undefined) sink(this.#marked(event));
    };
    const routing = this.#routing.receive(forward);
    const links = this.#monitor.receive(forward);
    return links === 'drained' ? routing : links;
  }

  close(): void {
    this.#monitor.close();
    this.#routing.close();
    this.#requests.close();
  }

  #marked(event: LinkEvent): LinkEvent {
    if (this.#origin === undefined || event.kind !== 'address.added') return event;
    return { ...event, address: this.#origin.marked(event.index, event.address) };
  }

  #addressesByLink(messages: readonly NetlinkMessage[]): Map<number, AddressState[]> {
    const byLink = new Map<number, AddressState[]>();
    for (const message of messages) {
      const decoded = decodeAddress(message.payload);
      if (message.type !== RTM_NEWADDR || !decoded.ok) continue;
      const { index, address: found } = decoded.value;
      const address = this.#origin?.marked(index, found) ?? found;
      const known = byLink.get(index);
      if (known === undefined) byLink.set(index, [address]);
      else known.push(address);
    }
    return byLink;
  }
}

function runOfOneCost(changes: readonly KernelChange[], start: number): KernelChange[] {
  const cost = costOf(at(changes, start));
  let end = start + 1;
  while (end < changes.length && costOf(at(changes, end)) === cost) end++;
  return changes.slice(start, end);
}

function costOf(change: KernelChange): keyof typeof BATCH {
  if ('entry' in change) return 'cheap';
  return familyOf(change.address) === 'ipv6' ? 'expensive' : 'cheap';
}

function requestFor(change: KernelChange): NetlinkRequest {
  return 'entry' in change ? routingRequest(change) : addressRequest(change);
}

function addressRequest(change: AddressChange): NetlinkRequest {
  const { operation, lifetime } = change;
  switch (operation) {
    case 'add':
      return {
        type: RTM_NEWADDR,
        flags: NLM_F_CREATE | NLM_F_EXCL,
        payload: encodeNewAddress(change, lifetime),
      };
    case 'renew':
      return {
        type: RTM_NEWADDR,
        flags: NLM_F_REPLACE,
        payload: encodeNewAddress(change, lifetime),
      };
    case 'remove':
      return { type: RTM_DELADDR, flags: 0, payload: encodeRemovedAddress(change) };
  }
}

function eventFrom(message: NetlinkMessage): LinkEvent | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return linkEvent(message);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return addressEvent(message);
    case RTM_NEWNETCONF:
      return forwardingEvent(message);
    default:
      return undefined;
  }
}

function linkEvent(message: NetlinkMessage): LinkEvent | undefined {
  const decoded = decodeLink(message.payload);
  if (!decoded.ok || decoded.value.family !== 0) return undefined;
  const { family: _, ...changed } = decoded.value;
  return message.type === RTM_NEWLINK
    ? { kind: 'link.changed', ...changed }
    : { kind: 'link.removed', index: changed.link.index };
}

function forwardingEvent(message: NetlinkMessage): LinkEvent | undefined {
  const decoded = decodeForwarding(message.payload);
  return decoded === undefined ? undefined : { kind: 'forwarding.changed', ...decoded };
}

function addressEvent(message: NetlinkMessage): LinkEvent | undefined {
  const decoded = decodeAddress(message.payload);
  if (!decoded.ok) return undefined;
  const { index, address } = decoded.value;
  if (message.type === RTM_NEWADDR) return { kind: 'address.added', index, address };
  const { address: removed, prefixLength } = address;
  return { kind: 'address.removed', index, address: removed, prefixLength };
}
