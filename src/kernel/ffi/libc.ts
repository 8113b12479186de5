/**
 * The C library's functions as JavaScript functions, bound once for each thread. Symbols are looked
 * up in the running process, so both glibc and musl work.
 *
 * Buffers for one call are passed as typed arrays. Memory for repeated calls is passed by address: its
 * owner keeps the array alive (see `memory.ts`).
 */
import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

/** Unless a comment says otherwise, -1 means failure; `errno` is then valid until the next call. */
export interface Libc {
  errno(): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  /** Without the address of the peer: the third and fourth argument are null pointers. */
  accept4(fd: number, address: null, length: null, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint32Array,
  ): number;
  send(fd: number, data: Uint8Array, length: number, flags: number): number;
  recv(fd: number, buffer: Uint8Array, length: number, flags: number): number;
  sendmmsg(fd: number, vectorAddress: number, count: number, flags: number): number;
  recvmmsg(
    fd: number,
    vectorAddress: number,
    count: number,
    flags: number,
    timeout: number,
  ): number;
  open(path: string, flags: number): number;
  close(fd: number): number;
  mkfifo(path: string, mode: number): number;
  ioctl(fd: number, request: number, value: Int32Array): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, eventsAddress: number, count: number, timeout: number): number;
  eventfd(value: number, flags: number): number;
  read(fd: number, buffer: Uint8Array, length: number): number;
  write(fd: number, data: Uint8Array, length: number): number;
  timerfd_create(clock: number, flags: number): number;
  timerfd_settime(fd: number, flags: number, valueAddress: number, oldValue: number): number;
  clock_gettime(clock: number, valueAddress: number): number;
  /** With `modes` 0 it only reads, which needs no permission. The state of the clock, or -1. */
  adjtimex(timex: Uint8Array): number;
  sched_setscheduler(pid: number, policy: number, parameters: Uint8Array): number;
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  if_indextoname(index: number, name: Uint8Array): bigint | null;
  /** Zero if there is no such interface. */
  if_nametoindex(name: string): number;
  sendto(
    fd: number,
    data: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  /** Zero if the child has not ended, and with WNOHANG. */
  waitpid(pid: number, status: Int32Array, options: number): number;
  syscall(number: number, first: number, second: number, third: number): number;
  /** Does not return. */
  _exit(code: number): void;
  prctl(option: number, second: number, third: number, fourth: number, fifth: number): number;
  capget(header: Uint32Array, data: Uint32Array): number;
  capset(header: Uint32Array, data: Uint32Array): number;
  /** Returns an address, or MAP_FAILED. */
  mmap(
    address: number,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): bigint;
  madvise(address: number, length: number, advice: number): number;
  /** Both lists end with null. Returns only if it fails. */
  execve(path: string, argv: readonly (string | null)[], env: readonly (string | null)[]): number;
}

let koffi: Koffi | undefined;
let bound: Libc | undefined;

/** For the modules of this folder only. */
export function loadKoffi(): Koffi {
  koffi ??= createRequire(import.meta.url)('koffi') as Koffi;
  return koffi;
}

/** Loads koffi at the first call: commands that only use the control socket never need it. */
export function libc(): Libc {
  bound ??= bindLibc(loadKoffi());
  return bound;
}

/** Memory outside of the JavaScript heap. The caller keeps it mapped. */
export function memoryAt(address: bigint, bytes: number): ArrayBuffer {
  return loadKoffi().view(address, bytes);
}

/** Objects that `use` constructs keep calling `substitute` instead of the C library. */
export function withLibc<Value>(substitute: Libc, use: () => Value): Value {
  const before = bound;
  bound = substitute;
  try {
    return use();
  } finally {
    bound = before;
  }
}

function bindLibc(library: Koffi): Libc {
  const process = library.load(null);
  return {
    errno: library.errno as () => number,
    socket: process.func('int socket(int, int, int)'),
    bind: process.func('int bind(int, const void *, uint32_t)'),
    connect: process.func('int connect(int, const void *, uint32_t)'),
    listen: process.func('int listen(int, int)'),
    accept4: process.func('int accept4(int, void *, void *, int)'),
    setsockopt: process.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: process.func('int getsockopt(int, int, int, void *, void *)'),
    send: process.func('long send(int, const void *, size_t, int)'),
    recv: process.func('long recv(int, void *, size_t, int)'),
    sendmmsg: process.func('int sendmmsg(int, uintptr_t, uint32_t, int)'),
    recvmmsg: process.func('int recvmmsg(int, uintptr_t, uint32_t, int, uintptr_t)'),
    open: process.func('int open(const char *, int, ...)') as Libc['open'],
    close: process.func('int close(int)'),
    mkfifo: process.func('int mkfifo(const char *, uint32_t)'),
    ioctl: process.func('int ioctl(int, unsigned long, void *)'),
    epoll_create1: process.func('int epoll_create1(int)'),
    epoll_ctl: process.func('int epoll_ctl(int, int, int, const void *)'),
    epoll_wait: process.func('int epoll_wait(int, uintptr_t, int, int)'),
    eventfd: process.func('int eventfd(uint32_t, int)'),
    read: process.func('long read(int, void *, size_t)'),
    write: process.func('long write(int, const void *, size_t)'),
    timerfd_create: process.func('int timerfd_create(int, int)'),
    timerfd_settime: process.func('int timerfd_settime(int, int, uintptr_t, uintptr_t)'),
    clock_gettime: process.func('int clock_gettime(int, uintptr_t)'),
    adjtimex: process.func('int adjtimex(void *)'),
    sched_setscheduler: process.func('int sched_setscheduler(int, int, const void *)'),
    setns: process.func('int setns(int, int)'),
    unshare: process.func('int unshare(int)'),
    if_indextoname: process.func('void *if_indextoname(uint32_t, void *)'),
    if_nametoindex: process.func('uint32_t if_nametoindex(const char *)'),
    sendto: process.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)'),
    waitpid: process.func('int waitpid(int, void *, int)'),
    syscall: process.func('long syscall(long, long, long, long)'),
    _exit: process.func('void _exit(int)'),
    prctl: process.func(
      'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
    ),
    mmap: process.func('void *mmap(uintptr_t, size_t, int, int, int, long)'),
    madvise: process.func('int madvise(uintptr_t, size_t, int)'),
    capget: process.func('int capget(void *, void *)'),
    capset: process.func('int capset(void *, const void *)'),
    execve: process.func('int execve(const char *, const char **, const char **)'),
  };
}
