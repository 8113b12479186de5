import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { unmapProgramPages, unwritten } from '../../../../src/kernel/process/program-pages.ts';

const PROGRAM = '/usr/lib/vrrp-agent/node';

function entry(range: string, permissions: string, path: string, anonymous: number): string {
  return `${range} ${permissions} 0082f000 fe:00 1234                       ${path}
Size:               64 kB
Rss:                64 kB
Anonymous:      ${String(anonymous).padStart(8)} kB
VmFlags: rd ex mr mw me
`;
}

test('pages of the program that nothing has written to can be mapped again', () => {
  const smaps = [
    entry('00400000-0082f000', 'r--p', PROGRAM, 0),
    entry('0082f000-034ce000', 'r-xp', PROGRAM, 0),
    // RELRO, then data.
    entry('0732a000-073fe000', 'r--p', PROGRAM, 848),
    entry('073fe000-07420000', 'rw-p', PROGRAM, 0),
    entry('7f7f97644000-7f7f9779a000', 'r-xp', '/usr/lib/x86_64-linux-gnu/libc.so.6', 0),
    entry('7f7f98000000-7f7f98010000', 'r-xp', '/usr/lib/x86_64-linux-gnu/libnode.so.115', 0),
    entry('7f7f99000000-7f7f99010000', 'r--p', '', 0),
    entry('ffffffffff600000-ffffffffff601000', '--xp', '[vsyscall]', 0),
  ].join('');
  expect(unwritten(smaps, PROGRAM)).toEqual([
    { address: 0x400000, length: 0x42f000 },
    { address: 0x82f000, length: 0x2c9f000 },
    { address: 0x7f7f98000000, length: 0x10000 },
  ]);
});

test('the program runs without its pages, which it gets back', () => {
  const before = residentOfFiles();
  unmapProgramPages();
  expect(residentOfFiles()).toBeLessThan(before);
});

function residentOfFiles(): number {
  const status = readFileSync('/proc/self/status', 'ascii');
  return Number(/^RssFile:\s+([0-9]+) kB$/m.exec(status)?.[1]);
}
