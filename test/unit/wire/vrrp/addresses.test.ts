import { expect, test } from 'vitest';
import { virtualMac, vrrpGroup } from '../../../../src/wire/vrrp/addresses.ts';

test('advertisements go to 224.0.0.18 and ff02::12', () => {
  expect(vrrpGroup('ipv4')).toBe('224.0.0.18');
  expect(vrrpGroup('ipv6')).toBe('ff02::12');
});

test('the virtual MAC carries the family and the VRID', () => {
  expect(virtualMac('ipv4', 51)).toBe('00:00:5e:00:01:33');
  expect(virtualMac('ipv6', 255)).toBe('00:00:5e:00:02:ff');
  expect(() => virtualMac('ipv4', 0)).toThrow(RangeError);
});
