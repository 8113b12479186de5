import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { formatEndpoint, isLoopback, parseEndpoint } from '../../../src/net/endpoint.ts';

describe('an endpoint', () => {
  test.each([
    ['192.0.2.11:9112', '192.0.2.11', 9112],
    ['[2001:db8::11]:80', '2001:db8::11', 80],
    [':9112', '127.0.0.1', 9112],
    ['9112', '127.0.0.1', 9112],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ])('%s is parsed', (text, address, port) => {
    expect(parseEndpoint(text)).toEqual({ address, port });
  });

  test.each([
    '',
    'localhost:9112',
    '192.0.2.11',
    '192.0.2.11:',
    '192.0.2.11:0',
    '192.0.2.11:65536',
    '2001:db8::11:9112',
    '[192.0.2.11]:9112',
    '[]:9112',
    '[2001:db8::11]',
    ' 9112',
  ])('"%s" is refused', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });

  test.each(['192.0.2.11:9112', '[2001:db8::11]:9112'])('%s is written as it is read', (text) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint && formatEndpoint(endpoint)).toBe(text);
  });

  test('recognises loopback addresses', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map((text) => isLoopback(ip(text)))).not.toContain(
      false,
    );
    expect(['0.0.0.0', '::', '192.0.2.1'].map((text) => isLoopback(ip(text)))).not.toContain(true);
  });
});
