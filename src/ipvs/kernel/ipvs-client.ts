/**
 * The kernel's IPVS over generic netlink. The kernel handles a request while it is sent, so a missing
 * answer is noticed immediately: it does not acknowledge a request that a signal interrupted (EINTR in
 * netlink_rcv_skb of af_netlink.c), as happens when a daemon that has just started is stopped. The effect
 * of such a request is read back.
 */

import { errnoName, errnoNumber } from '../../kernel/ffi/errno.ts';
import { KernelError } from '../../kernel/ffi/kernel-error.ts';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.ts';
import { at } from '../../net/assert.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type {
  ConnectionTimeouts,
  DaemonRole,
  ServerRow,
  ServiceKey,
  ServiceRow,
  SyncDaemon,
  TableChange,
} from '../../net/ipvs.ts';
import { serviceName } from '../../net/ipvs.ts';
import type { Result } from '../../net/result.ts';
import type { Attributes } from '../../wire/netlink/attributes.ts';
import {
  decodeFamilyNumber,
  decodeGeneric,
  encodeFamilyRequest,
  GENL_ID_CTRL,
  NETLINK_GENERIC,
} from '../../wire/netlink/generic/generic.ts';
import {
  decodeDaemon,
  encodeNewDaemon,
  encodeRemovedDaemon,
} from '../../wire/netlink/generic/ipvs/daemon.ts';
import {
  decodeInfo,
  decodeTimeouts,
  encodeTimeouts,
  type IpvsInfo,
} from '../../wire/netlink/generic/ipvs/info.ts';
import { encodeIpvs, IPVS_FAMILY } from '../../wire/netlink/generic/ipvs/message.ts';
import type { IpvsDecodeError } from '../../wire/netlink/generic/ipvs/parts.ts';
import { decodeServer } from '../../wire/netlink/generic/ipvs/server.ts';
import { decodeService } from '../../wire/netlink/generic/ipvs/service.ts';
import {
  encodeServerDump,
  encodeTableChange,
} from '../../wire/netlink/generic/ipvs/table-change.ts';
import type { NetlinkMessage } from '../../wire/netlink/message.ts';

/** Writes in one batch: some 5 ms of kernel time. */
const SLICE = 256;

/** A write that the kernel refused or did not answer. */
export interface RefusedChange {
  readonly change: TableChange;
  readonly error: KernelError;
}

export type GenericSocket = Pick<NetlinkSocket, 'transact' | 'query' | 'dump' | 'close'>;

export class IpvsClient {
  readonly #socket: GenericSocket;
  readonly #family: number;

  /** `family`: number of the netlink family of IPVS. */
  constructor(socket: GenericSocket, family: number) {
    this.#socket = socket;
    this.#family = family;
  }

  /** In the network namespace of the calling thread. Throws `KernelError`, ENOENT without IPVS. */
  static open(): IpvsClient {
    const socket = new NetlinkSocket({ protocol: NETLINK_GENERIC, name: 'generic netlink' });
    try {
      const payload = encodeFamilyRequest(IPVS_FAMILY);
      const operation = 'find the netlink family IPVS';
      const [answer] = socket.query(operation, { type: GENL_ID_CTRL, flags: 0, payload });
      const family = answer === undefined ? undefined : decodeFamilyNumber(answer.payload);
      if (family === undefined) throw new KernelError(operation, errnoNumber('ENOENT'));
      return new IpvsClient(socket, family);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  info(): IpvsInfo {
    return decodeInfo(this.#one('read the version of IPVS', encodeIpvs('getInfo')));
  }

  timeouts(): ConnectionTimeouts {
    return decodeTimeouts(this.#one('read the timeouts of IPVS', encodeIpvs('getConfig')));
  }

  setTimeouts(timeouts: ConnectionTimeouts): void {
    this.#request('set the timeouts of IPVS', encodeTimeouts(timeouts));
  }

  services(): ServiceRow[] {
    return this.#dump('list the services', encodeIpvs('getService'), decodeService);
  }

  servers(key: ServiceKey): ServerRow[] {
    const operation = `list the servers of ${serviceName(key)}`;
    const decode = (attributes: Attributes) => decodeServer(attributes, key.family);
    return this.#dump(operation, encodeServerDump(key), decode);
  }

  daemons(): SyncDaemon[] {
    return this.#dump('list the sync daemons', encodeIpvs('getDaemon'), decodeDaemon);
  }

  /** Performs all writes in order, even if some are refused. Yields between slices. */
  async change(changes: readonly TableChange[]): Promise<RefusedChange[]> {
    const refused: RefusedChange[] = [];
    for (let start = 0; start < changes.length; start += SLICE) {
      if (start > 0) await new Promise((resolve) => setImmediate(resolve));
      const slice = changes.slice(start, start + SLICE);
      const answers = this.#socket.transact(
        slice.map((change) => this.#message(encodeTableChange(change))),
      );
      for (const [position, change] of slice.entries()) {
        const { errno, text } = at(answers, position);
        if (errno === 0) continue;
        refused.push({ change, error: new KernelError(describeChange(change), errno, text) });
      }
    }
    return refused;
  }

  /** Throws `KernelError`, EEXIST if a daemon with this role runs. */
  startDaemon(daemon: SyncDaemon): void {
    const { role, interface: link } = daemon;
    this.#request(`start the ${role} sync daemon on ${link}`, encodeNewDaemon(daemon), () =>
      this.daemons().some((running) => running.role === role),
    );
  }

  /** Throws `KernelError`, but not if no daemon with this role runs. */
  stopDaemon(role: DaemonRole): void {
    const stopped = () => !this.daemons().some((daemon) => daemon.role === role);
    try {
      this.#request(`stop the ${role} sync daemon`, encodeRemovedDaemon(role), stopped);
    } catch (error) {
      if (!(error instanceof KernelError && error.errno === 'ESRCH')) throw error;
    }
  }

  close(): void {
    this.#socket.close();
  }

  /** `isDone` decides when the kernel does not answer. */
  #request(operation: string, payload: Uint8Array, isDone: () => boolean = () => false): void {
    const { errno, text } = at(this.#socket.transact([this.#message(payload)]), 0);
    if (errno === 0) return;
    if (errnoName(errno) === 'ENOBUFS' && isDone()) return;
    throw new KernelError(operation, errno, text);
  }

  #one(operation: string, payload: Uint8Array): Attributes {
    const [message] = this.#socket.query(operation, this.#message(payload));
    const decoded = message === undefined ? undefined : decodeGeneric(message.payload);
    if (decoded?.ok) return decoded.value.attributes;
    throw malformed(operation, decoded?.ok === false ? decoded.error.code : 'no answer');
  }

  #dump<Row>(
    operation: string,
    payload: Uint8Array,
    decode: (attributes: Attributes) => Result<Row, IpvsDecodeError>,
  ): Row[] {
    const messages = this.#socket.dump(operation, { type: this.#family, payload });
    return messages.map((message) => rowOf(operation, message, decode));
  }

  #message(payload: Uint8Array) {
    return { type: this.#family, flags: 0, payload };
  }
}

function describeChange(change: TableChange): string {
  switch (change.kind) {
    case 'service.add':
      return `add the service ${serviceName(change.service.key)}`;
    case 'service.edit':
      return `change the service ${serviceName(change.service.key)}`;
    case 'service.remove':
      return `remove the service ${serviceName(change.key)}`;
    case 'server.add':
      return `add ${formatEndpoint(change.server)} to ${serviceName(change.key)}`;
    case 'server.edit':
      return `change ${formatEndpoint(change.server)} of ${serviceName(change.key)}`;
    case 'server.remove':
      return `remove ${formatEndpoint(change.server)} from ${serviceName(change.key)}`;
  }
}

function rowOf<Row>(
  operation: string,
  { payload }: NetlinkMessage,
  decode: (attributes: Attributes) => Result<Row, IpvsDecodeError>,
): Row {
  const message = decodeGeneric(payload);
  if (!message.ok) throw malformed(operation, message.error.code);
  const row = decode(message.value.attributes);
  if (row.ok) return row.value;
  const { code, within, attribute } = row.error;
  throw malformed(operation, `${code}: attribute ${attribute} of a ${within}`);
}

function malformed(operation: string, detail: string): KernelError {
  return new KernelError(operation, errnoNumber('EBADMSG'), detail);
}
