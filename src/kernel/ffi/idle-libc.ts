/**
 * A C library without a kernel: sockets open, all that is sent leaves, nothing arrives, and each batch of
 * netlink requests is acknowledged. The warm-up and tests run the code above it without any effect.
 */

import { EAGAIN } from '../../net/errno.ts';
import {
  decodeMessages,
  encodeMessage,
  NLMSG_ERROR,
  NLMSG_HEADER_LENGTH,
} from '../../wire/netlink/message.ts';
import type { Libc } from './libc.ts';

const DONE_LENGTH = 4 + NLMSG_HEADER_LENGTH;

export function idleLibc(): Libc {
  const done = () => 0;
  const nothing = () => -1;
  let acknowledgement: Uint8Array | undefined;
  return {
    errno: () => EAGAIN,
    socket: done,
    bind: done,
    connect: done,
    listen: done,
    accept4: nothing,
    setsockopt: done,
    getsockopt: (_fd, _level, _name, value) => {
      new DataView(value.buffer).setInt32(0, 0x7fff_ffff, true);
      return 0;
    },
    send: (_fd, data, length) => {
      acknowledgement = acknowledge(data, length);
      return length;
    },
    recv: (_fd, buffer) => {
      if (acknowledgement === undefined) return -1;
      const { length } = acknowledgement;
      buffer.set(acknowledgement);
      acknowledgement = undefined;
      return length;
    },
    sendmmsg: (_fd, _vector, count) => count,
    recvmmsg: nothing,
    open: nothing,
    close: done,
    mkfifo: nothing,
    ioctl: nothing,
    epoll_create1: done,
    epoll_ctl: done,
    epoll_wait: done,
    eventfd: done,
    read: nothing,
    write: (_fd, _data, length) => length,
    timerfd_create: done,
    timerfd_settime: done,
    clock_gettime: done,
    adjtimex: nothing,
    sched_setscheduler: nothing,
    setns: nothing,
    unshare: nothing,
    if_indextoname: () => null,
    if_nametoindex: done,
    sendto: (_fd, _data, length) => length,
    waitpid: nothing,
    syscall: nothing,
    _exit: () => {},
    prctl: nothing,
    capget: nothing,
    capset: nothing,
    mmap: () => 0n,
    madvise: nothing,
    execve: nothing,
  };
}

/** Only the last message of a batch asks for an acknowledgement. */
function acknowledge(data: Uint8Array, length: number): Uint8Array | undefined {
  const messages = decodeMessages(data, length);
  const last = messages.ok ? messages.value.at(-1) : undefined;
  if (last === undefined) return undefined;
  const payload = new Uint8Array(DONE_LENGTH);
  return encodeMessage({ type: NLMSG_ERROR, flags: 0, sequence: last.sequence, payload });
}
