/**
 * Links, addresses, and our routes and rules through rtnetlink(7), in both directions. One socket sends
 * requests, two others receive changes; those are open before the first dump, so no change is missed.
 */
import type { Family, IpAddress } from '../../net/address.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { KernelChange, LinkEvent } from '../../net/link.ts';
import type { Prefix, PrefixRoute } from '../../net/routing.ts';
import type { Duration } from '../../net/time.ts';
import type { NetlinkMessage } from '../../wire/netlink/message.ts';
import {
  decodeAddress,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
} from '../../wire/netlink/route/address.ts';
import {
  decodeForwarding,
  RTM_NEWNETCONF,
  RTNLGRP_IPV6_NETCONF,
} from '../../wire/netlink/route/forwarding.ts';
import {
  decodeLink,
  RTM_DELLINK,
  RTM_NEWLINK,
  RTNLGRP_LINK,
} from '../../wire/netlink/route/link.ts';
import { NETLINK_ROUTE } from '../ffi/constants.ts';
import { openedTogether } from '../ffi/opened-together.ts';
import { type MonitorState, NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { LinkSnapshot, RoutePort } from '../ports.ts';
import { RouteRequests } from './route-requests.ts';
import { openRoutingMonitor, routingEvent } from './routing.ts';

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
  readonly #requests: RouteRequests;
  readonly #monitor: NetlinkSocket;
  readonly #routing: NetlinkSocket;

  /** Opens in the network namespace of the calling thread. Throws `KernelError`. */
  constructor(options: RoutesOptions = {}) {
    const { monitor, routing, requests } = openedTogether((own) => ({
      monitor: own(openMonitor(options.monitorReceiveBuffer ?? MONITOR_RECEIVE_BUFFER)),
      routing: own(openRoutingMonitor()),
      requests: own(new RouteRequests(options.remembered)),
    }));
    this.#monitor = monitor;
    this.#routing = routing;
    this.#requests = requests;
    this.fd = monitor.fd;
    this.routingFd = routing.fd;
  }

  changeKernel(changes: readonly KernelChange[]): KernelAnswer[] {
    return this.#requests.changeKernel(changes);
  }

  get changesTook(): Duration {
    return this.#requests.changesTook;
  }

  clearRouting(): string[] {
    return this.#requests.clearRouting();
  }

  claim(addresses: readonly IpAddress[]): boolean {
    const { origin } = this.#requests;
    origin?.claim(addresses);
    return origin !== undefined;
  }

  setLinksUp(indexes: readonly number[]): KernelAnswer[] {
    return this.#requests.setLinksUp(indexes);
  }

  gateway(index: number, family: Family): IpAddress | null {
    return this.#requests.gateway(index, family);
  }

  prefixRoute(index: number, prefix: Prefix, host: IpAddress): PrefixRoute | null {
    return this.#requests.prefixRoute(index, prefix, host);
  }

  snapshot(): LinkSnapshot {
    return this.#requests.snapshot();
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
    const { origin } = this.#requests;
    if (origin === undefined || event.kind !== 'address.added') return event;
    return { ...event, address: origin.marked(event.index, event.address) };
  }
}

function openMonitor(receiveBuffer: number): NetlinkSocket {
  return new NetlinkSocket({
    protocol: NETLINK_ROUTE,
    name: 'route monitor',
    receiveBuffer,
    groups: [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_NETCONF],
  });
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
  const { address: removed, prefixLength, peer } = address;
  const place = { index, address: removed, prefixLength };
  return { kind: 'address.removed', ...place, ...(peer === undefined ? {} : { peer }) };
}
