/** Sockets by file descriptor. Each failure is a `KernelError` that names the operation. */
import { close } from 'node:fs';
import { EACCES, EPERM } from '../../net/errno.ts';
import {
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from './constants.ts';
import { errnoNumber } from './errno.ts';
import { KernelError } from './kernel-error.ts';
import { libc } from './libc.ts';

const INTERFACE_NAME_BYTES = 16;

/** Opens a socket that never blocks and is closed on exec. */
export function openSocket(what: string, domain: number, type: number, protocol: number): number {
  const fd = libc().socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd >= 0) return fd;
  const errno = libc().errno();
  const denied = errno === EPERM || errno === EACCES;
  throw new KernelError(`open ${what}`, errno, denied ? 'needs CAP_NET_RAW' : undefined);
}

export function closeFd(fd: number): void {
  libc().close(fd);
}

/**
 * Closes a packet socket in another thread. The kernel waits there until no processor can still deliver a
 * packet to it (synchronize_net() in packet_release()): 8 ms and more, in which this thread would do nothing.
 */
export function closePacketSocket(fd: number): void {
  close(fd, () => {});
}

/** Configures a new descriptor, and closes it when that fails. */
export function configured(fd: number, configure: (fd: number) => void): number {
  try {
    configure(fd);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

export function bindAddress(what: string, fd: number, address: Uint8Array): void {
  if (libc().bind(fd, address, address.length) < 0) {
    throw new KernelError(`bind ${what}`, libc().errno());
  }
}

/** Returns zero or the errno. */
export function tryOption(
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array,
): number {
  const bytes = typeof value === 'number' ? intBytes(value) : value;
  return libc().setsockopt(fd, level, name, bytes, bytes.length) < 0 ? libc().errno() : 0;
}

export function setOption(
  what: string,
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array,
): void {
  const errno = tryOption(fd, level, name, value);
  if (errno !== 0) throw new KernelError(what, errno);
}

export function intOption(fd: number, level: number, name: number): number {
  const value = new Uint8Array(4);
  const length = Uint32Array.of(value.length);
  if (libc().getsockopt(fd, level, name, value, length) < 0) {
    throw new KernelError(`read socket option ${level}/${name}`, libc().errno());
  }
  return new DataView(value.buffer).getInt32(0, true);
}

/** Exceeds net.core.rmem_max only with CAP_NET_ADMIN (socket(7)). */
export function setReceiveBuffer(fd: number, bytes: number): void {
  if (tryOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) !== 0) {
    tryOption(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

export function setSendBuffer(fd: number, bytes: number): void {
  if (tryOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) !== 0) {
    tryOption(fd, SOL_SOCKET, SO_SNDBUF, bytes);
  }
}

/** Binds by index, because the name may have moved to another link; before Linux 5.1, by name. */
export function bindToLink(what: string, fd: number, index: number): void {
  const errno = tryOption(fd, SOL_SOCKET, SO_BINDTOIFINDEX, index);
  if (errno === 0) return;
  if (errno !== errnoNumber('ENOPROTOOPT')) throw bindRefused(what, errno);
  const name = new Uint8Array(INTERFACE_NAME_BYTES);
  if (libc().if_indextoname(index, name) === null) throw bindRefused(what, libc().errno());
  const byName = tryOption(fd, SOL_SOCKET, SO_BINDTODEVICE, name);
  if (byName !== 0) throw bindRefused(what, byName);
}

function bindRefused(what: string, errno: number): KernelError {
  const detail = errno === EPERM ? 'needs CAP_NET_RAW' : undefined;
  return new KernelError(`bind ${what}`, errno, detail);
}

function intBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
