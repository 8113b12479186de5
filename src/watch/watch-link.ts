/** The kernel edges of `watch`: frames of one link, as they come, until it is closed. */
import { ObserveSocket } from '../kernel/packet/observe-socket.ts';
import { Reactor } from '../kernel/reactor/reactor.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import type { LinkAttributes } from '../net/link.ts';

/** Frames of one turn; the rest come with the next, after timers and signals. */
const FRAMES_A_TURN = 256;

export interface LinkWatch {
  readonly link: LinkAttributes;
  /** To be called now and then. Throws `KernelError` when the link is gone. */
  checkLink(): void;
  close(): void;
}

export interface WatchHandlers {
  readonly onFrame: (frame: Uint8Array, length: number) => void;
  /** The link is gone; called again until the watch is closed. */
  readonly onError: (error: unknown) => void;
}

/** Undefined when there is no such link. Throws `KernelError`. */
export function watchLink(name: string, handlers: WatchHandlers): LinkWatch | undefined {
  const link = allLinks().find((one) => one.name === name);
  if (link === undefined) return undefined;
  const socket = new ObserveSocket(link.index, name);
  const reactor = new Reactor(handlers.onError);
  const close = () => {
    reactor.close();
    socket.close();
  };
  reactor.add(socket.fd, () => socket.drain(FRAMES_A_TURN, handlers.onFrame));
  return { link, checkLink: () => socket.checkLink(), close };
}

export function linkNames(): string[] {
  return allLinks().map(({ name }) => name);
}

function allLinks(): LinkAttributes[] {
  const routes = new Routes();
  try {
    return routes.snapshot();
  } finally {
    routes.close();
  }
}
