import { expect, test } from 'vitest';
import { idleLibc } from '../../../../src/kernel/ffi/idle-libc.ts';
import { libc } from '../../../../src/kernel/ffi/libc.ts';
import { warmUp } from '../../../../src/protocol/thread/warm-up.ts';

test('the warm-up adds addresses and sends with the substituted C library, and leaves the real one bound', () => {
  const calls: string[] = [];
  const library = new Proxy(idleLibc(), {
    get(target, name, receiver) {
      calls.push(String(name));
      return Reflect.get(target, name, receiver);
    },
  });
  const real = libc();
  warmUp(library);
  expect(libc()).toBe(real);
  const count = (name: string) => calls.filter((one) => one === name).length;
  expect(count('sendmmsg')).toBeGreaterThan(50);
  expect(count('send')).toBeGreaterThan(10);
  expect(count('errno')).toBeLessThan(5);
});
