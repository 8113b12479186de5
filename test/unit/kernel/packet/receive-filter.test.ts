import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropAllFilter, vridFilter } from '../../../../src/kernel/packet/receive-filter.ts';
import { runFilter } from './classic-bpf.ts';

const vrids = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 255 });

function ipv4(headerWords: number, payload: readonly number[]): Uint8Array {
  const packet = new Uint8Array(headerWords * 4 + payload.length);
  packet[0] = 0x40 | headerWords;
  packet.set(payload, headerWords * 4);
  return packet;
}

describe('the VRID filter', () => {
  test('passes exactly the given VRIDs, whatever the length of the IPv4 header', () => {
    const headers = fc.integer({ min: 5, max: 15 });
    const heard = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(vrids, headers, heard, (wanted, words, vrid) => {
        const passes = runFilter(vridFilter(wanted, 'ipv4-header'), ipv4(words, [0x31, vrid])) > 0;
        expect(passes).toBe(wanted.includes(vrid));
      }),
    );
  });

  test('finds the VRID at the start if the kernel strips the header', () => {
    fc.assert(
      fc.property(vrids, fc.integer({ min: 0, max: 255 }), (wanted, vrid) => {
        const passes = runFilter(vridFilter(wanted, 'vrrp-header'), Uint8Array.of(0x31, vrid)) > 0;
        expect(passes).toBe(wanted.includes(vrid));
      }),
    );
  });

  test('passes packets that end before the VRID, with or without VRIDs', () => {
    for (const wanted of [[], [1]]) {
      expect(runFilter(vridFilter(wanted, 'ipv4-header'), ipv4(5, [0x31]))).toBeGreaterThan(0);
      expect(runFilter(vridFilter(wanted, 'ipv4-header'), ipv4(5, []))).toBeGreaterThan(0);
      expect(runFilter(vridFilter(wanted, 'vrrp-header'), new Uint8Array(0))).toBeGreaterThan(0);
    }
  });

  test('takes the whole packet', () => {
    expect(runFilter(vridFilter([7], 'vrrp-header'), Uint8Array.of(0, 7))).toBe(0xffffffff);
  });

  test('stays below 64 instructions for every set of VRIDs', () => {
    const all = Array.from({ length: 256 }, (_, vrid) => vrid);
    expect(vridFilter(all, 'ipv4-header').length / 8).toBeLessThan(64);
  });
});

test('the drop-all filter passes nothing', () => {
  expect(runFilter(dropAllFilter(), ipv4(5, [0x31, 1]))).toBe(0);
});
