/** Receives the frames of one link from the kernel. */
import { ObserveSocket } from '../kernel/packet/observe-socket.ts';
import { Reactor } from '../kernel/reactor/reactor.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import type { LinkAttributes } from '../net/link.ts';

/** Frames per turn; timers and signals run between turns. */
const FRAMES_A_TURN = 256;

export interface LinkWatch {
  readonly link: LinkAttributes;
  /** Call it regularly. Throws `KernelError` if the link is gone. */
  checkLink(): void;
  close(): void;
}

export interface WatchHandlers {
  readonly onFrame: (frame: Uint8Array, length: number) => void;
  /** The link is gone; called repeatedly until the watch is closed. */
  readonly onError: (error: unknown) => void;
}

/** Undefined if there is no such link. Throws `KernelError`. */
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
    return routes.snapshot().links;
  } finally {
    routes.close();
  }
}
