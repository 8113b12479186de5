import { networkInterfaces } from 'node:os';
import { expect, test, vi } from 'vitest';
import { isOwnAddress } from '../../../../src/kernel/datagram/local-address.ts';
import { hostInterfaces } from '../../../../src/kernel/process/host-interfaces.ts';
import { ip } from '../../../../src/net/address.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<object>()),
  networkInterfaces: vi.fn(),
}));

test('FR-O11 interfaces that cannot be listed are unknown', () => {
  vi.mocked(networkInterfaces).mockImplementation(() => {
    throw new Error('uv_interface_addresses returned Unknown system error 24');
  });
  expect(hostInterfaces()).toBeUndefined();
  expect(isOwnAddress(ip('127.0.0.1'))).toBe(false);
});
