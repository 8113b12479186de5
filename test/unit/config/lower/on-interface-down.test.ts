import { describe, expect, test } from 'vitest';
import { instanceOf, value, web } from '../one-instance.ts';

const ELSEWHERE = '[{ address: 203.0.113.1, interface: eth1 }]';

function advice(keys: string, addresses?: string): string[] {
  return value(web(keys, '', addresses)).warnings.map(({ message }) => message);
}

test('on_interface_down is fault by default', () => {
  expect(instanceOf(web(''))?.onInterfaceDown).toBe('fault');
  expect(instanceOf(web('on_interface_down: ignore', '', ELSEWHERE))?.onInterfaceDown).toBe(
    'ignore',
  );
});

describe('FR-D2 check', () => {
  test('warns when the advertisements have a link of their own, which counts', () => {
    expect(advice('', ELSEWHERE)).toEqual([
      expect.stringMatching(
        /^eth0 carries the advertisements and none of .* on eth1.*"on_interface_down: ignore"/,
      ),
    ]);
  });

  test.each([
    ['once the key is written', 'on_interface_down: ignore', ELSEWHERE],
    ['once the key is written', 'on_interface_down: fault', ELSEWHERE],
    [
      'with one address on that link',
      '',
      '[203.0.113.1, { address: 203.0.113.2, interface: eth1 }]',
    ],
    ['with a virtual MAC on that link', 'virtual_mac: true', undefined],
    ['with VLANs of that link', '', '[{ address: 203.0.113.1, interface: eth0.10 }]'],
  ])('is silent %s', (_, keys, addresses) => {
    expect(advice(keys, addresses)).toEqual([]);
  });

  test('warns when the addresses are on the link that is ignored', () => {
    expect(advice('on_interface_down: ignore')).toEqual([
      expect.stringContaining('203.0.113.1 is on eth0, which "on_interface_down" ignores'),
    ]);
  });
});
