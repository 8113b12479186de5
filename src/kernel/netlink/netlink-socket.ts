/**
 * Requests to the kernel and its answers over AF_NETLINK (netlink(7)). The kernel handles a request
 * during `send`, and has queued the acknowledgement or the first part of a dump when the call returns:
 * all answers can be read immediately, and nothing here blocks.
 */

import { EAGAIN, EIO, ENOBUFS } from '../../net/errno.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import { after, type Instant, instant, milliseconds } from '../../net/time.ts';
import { decodeAcknowledgement } from '../../wire/netlink/ext-ack.ts';
import {
  decodeMessages,
  messageLength,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  putMessage,
} from '../../wire/netlink/message.ts';
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from '../ffi/constants.ts';
import { errnoNumber } from '../ffi/errno.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import {
  bindAddress,
  closeFd,
  configured,
  intOption,
  openSocket,
  setOption,
  setReceiveBuffer,
  tryOption,
} from '../ffi/socket.ts';

/** More than the 32 KiB that the kernel puts into one part of a dump. */
const READ_BYTES = 65_536;
const SEND_BYTES_MAX = 65_536;
/** How much of the receive buffer one acknowledgement takes, by the kernel's accounting. */
const ACKNOWLEDGEMENT_COST = 1_280;
const DUMP_ATTEMPTS = 5;
/** Bounds one call of `receive`; the remaining messages keep the descriptor readable. */
const RECEIVE_MAX = 4_096;

export interface NetlinkRequest {
  readonly type: number;
  /** Flags in addition to NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** What a dump has listed. */
export interface Listing {
  readonly messages: NetlinkMessage[];
  /**
   * False if objects changed during every attempt (NLM_F_DUMP_INTR): the messages are those of all
   * attempts, the newest last, and an object may be missing.
   */
  readonly complete: boolean;
}

const DONE: KernelAnswer = { errno: 0, text: undefined };
const NO_ANSWER: KernelAnswer = { errno: ENOBUFS, text: 'no answer' };
const MALFORMED: KernelAnswer = { errno: EIO, text: 'malformed answer' };

/** After `overrun` or `malformed`, changes are lost: everything has to be read again. */
export type MonitorState = 'drained' | 'overrun' | 'malformed';

interface NetlinkOptions {
  /** NETLINK_ROUTE, NETLINK_GENERIC, ... */
  readonly protocol: number;
  /** For errors: `route netlink`. */
  readonly name: string;
  readonly receiveBuffer?: number;
  /** Multicast groups to join. */
  readonly groups?: readonly number[];
}

export class NetlinkSocket {
  readonly fd: number;
  /** How long the kernel has worked on all requests so far. */
  spent: Instant = instant(0);
  readonly #libc: Libc = libc();
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #batchMax: number;
  #sequence = 0;

  constructor(options: NetlinkOptions) {
    this.fd = openNetlink(options);
    this.#batchMax = Math.max(
      1,
      Math.floor(intOption(this.fd, SOL_SOCKET, SO_RCVBUF) / ACKNOWLEDGEMENT_COST),
    );
  }

  /**
   * Sends up to `batch` requests with one system call, but no more than the receive buffer has room for
   * answers; returns an answer for each request. A lost answer reads ENOBUFS.
   */
  transact(requests: readonly NetlinkRequest[], batch = Number.POSITIVE_INFINITY): KernelAnswer[] {
    const answers: KernelAnswer[] = [];
    while (answers.length < requests.length) {
      answers.push(...this.#exchange(nextBatch(requests, answers.length, this.#limit(batch))));
    }
    return answers;
  }

  /** Returns the messages that answer the request. Throws `KernelError`. */
  query(operation: string, request: NetlinkRequest): NetlinkMessage[] {
    const { messages, complete } = this.#ask(operation, request);
    if (complete) return messages;
    throw new KernelError(operation, errnoNumber('EINTR'), 'changed during every attempt');
  }

  /** Returns all objects of a kind. Throws `KernelError`, EINTR if they changed during every attempt. */
  dump(operation: string, request: Omit<NetlinkRequest, 'flags'>): NetlinkMessage[] {
    return this.query(operation, { ...request, flags: NLM_F_DUMP });
  }

  /** `dump` on a host where objects change all the time, as on one with many containers. */
  list(operation: string, request: Omit<NetlinkRequest, 'flags'>): Listing {
    return this.#ask(operation, { ...request, flags: NLM_F_DUMP });
  }

  #ask(operation: string, request: NetlinkRequest): Listing {
    const attempts: NetlinkMessage[][] = [];
    while (attempts.length < DUMP_ATTEMPTS) {
      const sent = this.#send([request]);
      if (sent !== 0) throw new KernelError(operation, sent);
      const { messages, complete } = this.#collect(operation);
      if (complete) return { messages, complete };
      attempts.push(messages);
    }
    return { messages: attempts.flat(), complete: false };
  }

  /**
   * Hands over waiting messages of the groups. After an overrun or a malformed datagram, the rest is
   * discarded: the dump that has to follow is newer.
   */
  receive(sink: (message: NetlinkMessage) => void): MonitorState {
    for (let count = 0; count < RECEIVE_MAX; count++) {
      const length = this.#read();
      if (length === -ENOBUFS) return this.#flush('overrun');
      if (length < 0) return 'drained';
      const messages = decodeMessages(this.#buffer, length);
      if (!messages.ok) return this.#flush('malformed');
      for (const message of messages.value) sink(message);
    }
    return 'drained';
  }

  close(): void {
    closeFd(this.fd);
  }

  #limit(batch: number): number {
    return Math.max(1, Math.min(batch, this.#batchMax));
  }

  #exchange(requests: readonly NetlinkRequest[]): KernelAnswer[] {
    const first = this.#sequence + 1;
    const sent = this.#send(requests);
    if (sent !== 0) return requests.map(() => ({ errno: sent, text: undefined }));
    const answers = new Array<KernelAnswer | undefined>(requests.length).fill(undefined);
    let lost = false;
    while (answers.at(-1) === undefined) {
      const length = this.#read();
      lost ||= length === -ENOBUFS;
      if (length < 0 && length !== -ENOBUFS) break;
      const messages = this.#messages(length);
      if (messages === undefined) return requests.map(() => MALFORMED);
      for (const message of messages) {
        const position = (message.sequence - first) >>> 0;
        if (message.type !== NLMSG_ERROR || position >= requests.length) continue;
        answers[position] = answerOf(message);
      }
    }
    const silence = lost || answers.at(-1) === undefined ? NO_ANSWER : DONE;
    return answers.map((answer) => answer ?? silence);
  }

  /** The answer to the last request. */
  #collect(operation: string): Listing {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const length = this.#read();
      if (length < 0) throw new KernelError(operation, -length, 'no complete answer');
      const read = this.#messages(length);
      if (read === undefined) throw new KernelError(operation, EIO, MALFORMED.text);
      for (const message of read) {
        if (message.sequence !== this.#sequence) continue;
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
          messages.push({ ...message, payload: message.payload.slice() });
          continue;
        }
        const answer = answerOf(message);
        if (answer.errno !== 0) throw new KernelError(operation, answer.errno, answer.text);
        return { messages, complete: !interrupted };
      }
    }
  }

  /** Undefined if the datagram is malformed. */
  #messages(length: number): NetlinkMessage[] | undefined {
    if (length < 0) return [];
    const messages = decodeMessages(this.#buffer, length);
    return messages.ok ? messages.value : undefined;
  }

  /**
   * Returns zero, or the errno of all requests. Only the last one asks for an acknowledgement: the kernel
   * handles a batch in order, and always answers failures (netlink_rcv_skb in af_netlink.c).
   */
  #send(requests: readonly NetlinkRequest[]): number {
    const bytes = new Uint8Array(
      requests.reduce((sum, request) => sum + messageLength(request.payload), 0),
    );
    let offset = 0;
    for (const [position, { type, flags, payload }] of requests.entries()) {
      this.#sequence = (this.#sequence + 1) >>> 0;
      const acknowledge = position === requests.length - 1 ? NLM_F_ACK : 0;
      const all = flags | NLM_F_REQUEST | acknowledge;
      offset = putMessage(bytes, offset, { type, flags: all, sequence: this.#sequence, payload });
    }
    const asked = performance.now();
    const sent = this.#libc.send(this.fd, bytes, bytes.length, MSG_DONTWAIT);
    this.spent = after(this.spent, milliseconds(performance.now() - asked));
    return sent < 0 ? this.#libc.errno() : 0;
  }

  /** Returns the number of bytes read, or the negative errno. */
  #read(): number {
    const length = this.#libc.recv(this.fd, this.#buffer, READ_BYTES, MSG_DONTWAIT);
    return length < 0 ? -this.#libc.errno() : length;
  }

  #flush<State extends MonitorState>(state: State): State {
    for (let count = 0; count < RECEIVE_MAX && this.#read() !== -EAGAIN; count++);
    return state;
  }
}

function openNetlink(options: NetlinkOptions): number {
  const what = `${options.name} socket`;
  return configured(openSocket(what, AF_NETLINK, SOCK_RAW, options.protocol), (fd) => {
    setReceiveBuffer(fd, options.receiveBuffer ?? 4 * 1024 * 1024);
    tryOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    tryOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    const address = new Uint8Array(12);
    address[0] = AF_NETLINK;
    bindAddress(what, fd, address);
    for (const group of options.groups ?? []) {
      setOption(
        `join group ${group} of ${options.name}`,
        fd,
        SOL_NETLINK,
        NETLINK_ADD_MEMBERSHIP,
        group,
      );
    }
  });
}

function nextBatch(
  requests: readonly NetlinkRequest[],
  start: number,
  limit: number,
): readonly NetlinkRequest[] {
  let end = start;
  let bytes = 0;
  for (const request of requests.slice(start, start + limit)) {
    bytes += messageLength(request.payload);
    if (bytes > SEND_BYTES_MAX && end > start) break;
    end++;
  }
  return requests.slice(start, end);
}

function answerOf(message: NetlinkMessage): KernelAnswer {
  const decoded = decodeAcknowledgement(message);
  return decoded.ok ? decoded.value : { errno: EIO, text: 'malformed acknowledgement' };
}
