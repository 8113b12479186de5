import { loadKoffi } from './libc.ts';

export interface ReadableWatch {
  close(): void;
}

/**
 * Calls back from the thread's event loop whenever the descriptor is readable. Only for an epoll
 * descriptor: koffi ends the process on a bad or doubled one, and stops at the first error condition.
 */
export function watchReadable(epollFd: number, onReadable: () => void): ReadableWatch {
  return loadKoffi().node.poll(epollFd, { readable: true }, () => onReadable());
}
