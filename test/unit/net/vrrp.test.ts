import { expect, test } from 'vitest';
import { virtualMac } from '../../../src/net/vrrp.ts';

test('the virtual MAC carries the family and the VRID', () => {
  expect(virtualMac('ipv4', 51)).toBe('00:00:5e:00:01:33');
  expect(virtualMac('ipv6', 255)).toBe('00:00:5e:00:02:ff');
  expect(() => virtualMac('ipv4', 0)).toThrow(RangeError);
});
