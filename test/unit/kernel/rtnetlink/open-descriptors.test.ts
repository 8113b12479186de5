/** Parts of the agent that need several descriptors leave none open when the last one is refused. */
import { describe, expect, test } from 'vitest';
import { idleLibc } from '../../../../src/kernel/ffi/idle-libc.ts';
import { withLibc } from '../../../../src/kernel/ffi/libc.ts';
import { NftMonitor } from '../../../../src/kernel/nftables/nft-monitor.ts';
import { Claims } from '../../../../src/kernel/packet/claims.ts';
import { Packets } from '../../../../src/kernel/packet/packets.ts';
import { Routes } from '../../../../src/kernel/rtnetlink/routes.ts';
import { ip } from '../../../../src/net/address.ts';

const EMFILE = 24;

/** Opens with so many descriptors; returns how many are left open, or `opened`. */
function leftOpen(descriptors: number, open: () => unknown): number | 'opened' {
  const held = new Set<number>();
  let last = 100;
  const next = () => {
    if (held.size >= descriptors) return -1;
    held.add(++last);
    return last;
  };
  const library = {
    ...idleLibc(),
    errno: () => EMFILE,
    socket: next,
    epoll_create1: next,
    // As if there were no room to watch one more.
    epoll_ctl: () => (held.size >= descriptors ? -1 : 0),
    close: (fd: number) => (held.delete(fd) ? 0 : -1),
  };
  return withLibc(library, () => {
    try {
      open();
      return 'opened';
    } catch {
      return held.size;
    }
  });
}

describe('defence: descriptors', () => {
  test.each([0, 1, 2])('of links and routes: with %i', (descriptors) => {
    expect(leftOpen(descriptors, () => new Routes())).toBe(0);
  });

  test('of links and routes: with three they open', () => {
    expect(leftOpen(3, () => new Routes())).toBe('opened');
  });

  test('of the monitor of nftables', () => {
    expect(leftOpen(1, () => new NftMonitor(() => {}))).toBe(0);
  });

  test('of a receive socket and of a claim socket, whose set stays', () => {
    const listen = () =>
      new Packets().listen({
        ...{ index: 2, name: 'eth0', family: 'ipv4' },
        vrids: [55],
        groups: [],
      });
    const watch = () => new Claims().watch(2, [ip('203.0.113.100')]);
    expect([leftOpen(2, listen), leftOpen(2, watch)]).toEqual([1, 1]);
  });
});
