/**
 * What this program asks of rtnetlink(7), and reads from it on request: links, addresses, and our routes
 * and rules. One socket, opened once: nothing here needs another descriptor.
 */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { AddressChange, AddressState, KernelChange, LinkState } from '../../net/link.ts';
import type { Prefix, PrefixRoute } from '../../net/routing.ts';
import { type Duration, elapsed, NO_TIME } from '../../net/time.ts';
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
} from '../../wire/netlink/route/address.ts';
import {
  decodeGateway,
  decodePrefixRoute,
  encodeGatewayQuestion,
  encodePrefixQuestion,
} from '../../wire/netlink/route/gateway.ts';
import {
  decodeLink,
  encodeLinkDump,
  RTM_GETLINK,
  RTM_NEWLINK,
} from '../../wire/netlink/route/link.ts';
import { encodeLinkSwitch, RTM_SETLINK } from '../../wire/netlink/route/macvlan.ts';
import { RTM_GETROUTE } from '../../wire/netlink/route/route.ts';
import { NETLINK_ROUTE } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { type NetlinkRequest, NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { LinkSnapshot } from '../ports.ts';
import { AddressOrigin } from './address-origin.ts';
import { clearRouting, routingRequest } from './routing.ts';

/** Batches stay short: an IPv6 address takes the kernel 15 us or more, any other change 5. */
const BATCH = { cheap: 256, expensive: 32 } as const;

export class RouteRequests {
  /** Undefined: the kernel keeps the mark of each address. */
  readonly origin: AddressOrigin | undefined;
  /** How long the kernel alone took for the last `changeKernel`. */
  changesTook: Duration = NO_TIME;
  readonly #socket: NetlinkSocket;

  /**
   * `remembered`: addresses of former runs, on a kernel that does not keep marks. Opens in the network
   * namespace of the calling thread. Throws `KernelError`.
   */
  constructor(remembered?: ReadonlySet<IpAddress>) {
    this.origin = remembered === undefined ? undefined : new AddressOrigin(remembered);
    this.#socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, name: 'route request' });
  }

  changeKernel(changes: readonly KernelChange[]): KernelAnswer[] {
    const answers: KernelAnswer[] = [];
    const { spent } = this.#socket;
    while (answers.length < changes.length) {
      const run = runOfOneCost(changes, answers.length);
      const batch = BATCH[costOf(at(run, 0))];
      const given = this.#socket.transact(run.map(requestFor), batch);
      for (const [position, answer] of given.entries()) {
        this.origin?.note(at(run, position), answer);
        answers.push(answer);
      }
    }
    this.changesTook = elapsed(spent, this.#socket.spent);
    return answers;
  }

  clearRouting(): string[] {
    return clearRouting(this.#socket);
  }

  setLinksUp(indexes: readonly number[]): KernelAnswer[] {
    const requests = indexes.map((index) => ({
      type: RTM_SETLINK,
      flags: 0,
      payload: encodeLinkSwitch(index, true),
    }));
    return this.#socket.transact(requests);
  }

  /** Looking it up takes some 10 us. */
  gateway(index: number, family: Family): IpAddress | null {
    const payload = encodeGatewayQuestion(family, index);
    try {
      const request = { type: RTM_GETROUTE, flags: 0, payload };
      const [message] = this.#socket.query('find the gateway', request);
      return message === undefined ? null : decodeGateway(message.payload);
    } catch (error) {
      if (error instanceof KernelError) return null;
      throw error;
    }
  }

  prefixRoute(index: number, prefix: Prefix, host: IpAddress): PrefixRoute | null {
    const found = this.#routeTo(host, index);
    if (found instanceof Uint8Array) return decodePrefixRoute(found, prefix.length);
    if (found === 'ENETUNREACH') return 'none';
    if (found !== 'EHOSTUNREACH') return null;
    // By a link, IPv4 answers the same for a route that refuses this host (ip_route_output_key_hash_rcu in
    // net/ipv4/route.c). Asked without one it names the refusal, and without any route ENETUNREACH; a VRF,
    // which has a table of its own, is left with the first answer, unless the main table refuses the host.
    const anywhere = this.#routeTo(host, 0);
    return anywhere instanceof Uint8Array || anywhere === 'ENETUNREACH' ? 'none' : null;
  }

  /** The route, or the errno of the refusal. */
  #routeTo(host: IpAddress, index: number): Uint8Array | string | undefined {
    const payload = encodePrefixQuestion(host, index);
    try {
      const request = { type: RTM_GETROUTE, flags: 0, payload };
      const [message] = this.#socket.query('find the route to a prefix', request);
      return message?.payload;
    } catch (error) {
      if (error instanceof KernelError) return error.errno;
      throw error;
    }
  }

  snapshot(): LinkSnapshot {
    const links = this.#socket.list('list links', {
      type: RTM_GETLINK,
      payload: encodeLinkDump(),
    });
    const payload = encodeAddressDump();
    const addresses = this.#socket.list('list addresses', { type: RTM_GETADDR, payload });
    const byLink = this.#addressesByLink(addresses.messages);
    // An interrupted dump may list a link twice: the last one is the newest.
    const states = new Map<number, LinkState>();
    for (const message of links.messages) {
      const decoded = decodeLink(message.payload);
      if (message.type !== RTM_NEWLINK || !decoded.ok) continue;
      const { link } = decoded.value;
      states.set(link.index, { ...link, addresses: byLink.get(link.index) ?? [] });
    }
    if (addresses.complete) this.origin?.allListed();
    return { links: [...states.values()], complete: links.complete && addresses.complete };
  }

  close(): void {
    this.#socket.close();
  }

  #addressesByLink(messages: readonly NetlinkMessage[]): Map<number, AddressState[]> {
    const byLink = new Map<number, AddressState[]>();
    for (const message of messages) {
      const decoded = decodeAddress(message.payload);
      if (message.type !== RTM_NEWADDR || !decoded.ok) continue;
      const { index, address: found } = decoded.value;
      const address = this.origin?.listed(index, found) ?? found;
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
  const { operation, lifetime, label } = change;
  switch (operation) {
    case 'add':
      return {
        type: RTM_NEWADDR,
        flags: NLM_F_CREATE | NLM_F_EXCL,
        payload: encodeNewAddress(change, lifetime, label),
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
