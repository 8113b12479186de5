/** The sockets of a `Sender`. */
import type { Family } from '../../net/address.ts';
import { closeFd, closePacketSocket } from '../ffi/socket.ts';
import {
  aimSender,
  openDatagramSender,
  openFrameSender,
  openUnaimedSender,
} from './send-socket.ts';

export interface SendSockets {
  /** Sends whole IP packets on this link, until the next call. Throws `KernelError`. */
  datagrams(index: number, family: Family): number;
  /** Sends whole frames on any link. Throws `KernelError`. */
  frames(): number;
  /** Nothing more is sent on this link. */
  closeLink(index: number, family: Family): void;
  close(): void;
}

/** One for each link and family, opened when it is first needed: nothing has to be set before a send. */
export class LinkSockets implements SendSockets {
  readonly #datagrams: { readonly [F in Family]: Map<number, number> } = {
    ipv4: new Map(),
    ipv6: new Map(),
  };
  #frames: number | undefined;

  datagrams(index: number, family: Family): number {
    const known = this.#datagrams[family].get(index);
    if (known !== undefined) return known;
    const fd = openDatagramSender(index, family);
    this.#datagrams[family].set(index, fd);
    return fd;
  }

  frames(): number {
    this.#frames ??= openFrameSender();
    return this.#frames;
  }

  closeLink(index: number, family: Family): void {
    const fd = this.#datagrams[family].get(index);
    if (fd !== undefined) closeFd(fd);
    this.#datagrams[family].delete(index);
  }

  close(): void {
    for (const family of ['ipv4', 'ipv6'] as const) {
      for (const index of this.#datagrams[family].keys()) this.closeLink(index, family);
    }
    if (this.#frames !== undefined) closePacketSocket(this.#frames);
    this.#frames = undefined;
  }
}

/**
 * One for each family, opened in advance and aimed at a link before each send: for a process that may not
 * be able to open anything by then. A family that the kernel does not have has no socket.
 */
export class SpareSockets implements SendSockets {
  readonly #datagrams = new Map<Family, number>();
  #frames: number | undefined;

  /** In the network namespace of the calling thread. */
  constructor() {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const fd = openedOrNone(() => openUnaimedSender(family));
      if (fd !== undefined) this.#datagrams.set(family, fd);
    }
    this.#frames = openedOrNone(openFrameSender);
  }

  datagrams(index: number, family: Family): number {
    const fd = this.#datagrams.get(family) ?? openUnaimedSender(family);
    this.#datagrams.set(family, fd);
    aimSender(fd, index, family);
    return fd;
  }

  frames(): number {
    this.#frames ??= openFrameSender();
    return this.#frames;
  }

  closeLink(): void {}

  close(): void {
    for (const fd of this.#datagrams.values()) closeFd(fd);
    this.#datagrams.clear();
    if (this.#frames !== undefined) closePacketSocket(this.#frames);
    this.#frames = undefined;
  }
}

/** A failure recurs, and counts, when the socket is needed. */
function openedOrNone(open: () => number): number | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
