/**
 * Pages of Node's own program file. Most are needed only while it starts and stay mapped, half the memory
 * of a small agent: with each page that is used, the kernel maps those around it.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { libc } from '../ffi/libc.ts';

/** <asm-generic/mman-common.h> */
const MADV_DONTNEED = 4;

interface Mapping {
  readonly address: number;
  readonly length: number;
}

/**
 * What is used again is mapped again, from memory that the kernel keeps for the file: a microsecond for 16
 * pages. It gives them up like those of any file when memory runs short.
 */
export function unmapProgramPages(): void {
  const program = readlinkSync('/proc/self/exe');
  for (const { address, length } of unwritten(readFileSync('/proc/self/smaps', 'utf8'), program)) {
    libc().madvise(address, length, MADV_DONTNEED);
  }
}

/**
 * Mappings of the program, or of the library that it consists of, that nothing has written to. Those that
 * the linker has written to and then closed (RELRO) would lose what is in them.
 */
export function unwritten(smaps: string, program: string): Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((entry): Mapping[] => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [0-9]+ +(.+)$/m.exec(entry);
    if (head === null || !/^Anonymous: +0 kB$/m.test(entry)) return [];
    const [, start = '', end = '', path = ''] = head;
    if (path !== program && !/\/libnode\.so[.0-9]*$/.test(path)) return [];
    const address = Number.parseInt(start, 16);
    return [{ address, length: Number.parseInt(end, 16) - address }];
  });
}
