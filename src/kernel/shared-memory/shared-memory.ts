/**
 * Memory that is the content of a file (mmap(2), MAP_SHARED): what a process has stored there outlives
 * it, however it ends, and a store is no system call. The file has to be on a file system in memory: on
 * any other one the kernel may stop a store until a disk has answered.
 */
import { statfsSync } from 'node:fs';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc, memoryAt } from '../ffi/libc.ts';

/** PROT_READ | PROT_WRITE, MAP_SHARED: <sys/mman.h>. */
const READ_WRITE = 3;
const MAP_SHARED = 1;

/** MAP_FAILED is -1 as an address. */
const FAILED = 2n ** 64n - 1n;

/** TMPFS_MAGIC and RAMFS_MAGIC of statfs(2). */
const IN_MEMORY: readonly number[] = [0x0102_1994, 0x8584_58f6];

/** The descriptor may be closed afterwards. The mapping lasts as long as the process. */
export function mapShared(fd: number, bytes: number): ArrayBuffer {
  const address = libc().mmap(0, bytes, READ_WRITE, MAP_SHARED, fd, 0);
  if (address === FAILED) throw new KernelError('map shared memory', libc().errno());
  return memoryAt(address, bytes);
}

/** True if the directory is on a file system that keeps its files in memory. */
export function isInMemory(directory: string): boolean {
  try {
    return IN_MEMORY.includes(statfsSync(directory).type);
  } catch {
    return false;
  }
}
