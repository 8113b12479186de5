import { expect, test } from 'vitest';
import { errnoName, errnoNumber } from '../../../../src/kernel/ffi/errno.ts';
import { KernelError } from '../../../../src/kernel/ffi/kernel-error.ts';

test('a kernel error has the operation, the errno and a remedy', () => {
  const error = new KernelError('bind raw socket on eth0', 1, 'needs CAP_NET_RAW');
  expect(error.message).toBe('bind raw socket on eth0: EPERM (needs CAP_NET_RAW)');
  expect(error).toMatchObject({ name: 'KernelError', errno: 'EPERM', code: 'kernel-permission' });
});

test('its code groups errnos by what an operator can do about them', () => {
  const codeOf = (name: 'EAFNOSUPPORT' | 'ENODEV' | 'ENOMEM') =>
    new KernelError('open socket', errnoNumber(name)).code;
  expect(codeOf('EAFNOSUPPORT')).toBe('kernel-unsupported');
  expect(codeOf('ENODEV')).toBe('kernel-no-device');
  expect(codeOf('ENOMEM')).toBe('kernel-error');
});

test('numbers with two names have the one that the kernel uses', () => {
  expect([11, 35, 95].map(errnoName)).toEqual(['EAGAIN', 'EDEADLK', 'EOPNOTSUPP']);
});

test('a number without a name is shown as it is', () => {
  expect(errnoName(523)).toBe('errno 523');
});
