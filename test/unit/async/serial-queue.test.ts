import { expect, test } from 'vitest';
import { SerialQueue } from '../../../src/async/serial-queue.ts';

/** Work that ends when the test ends it. */
function job(log: string[], name: string) {
  let resolve: (value: string) => void = () => {};
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  const work = async () => {
    log.push(`${name} begins`);
    const value = await promise;
    log.push(`${name} ends`);
    return value;
  };
  return { work, resolve: (value: string) => resolve(value) };
}

test('work begins when the work before it has ended', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const [first, second] = [job(log, 'first'), job(log, 'second')];
  const results = [queue.run(first.work), queue.run(second.work)];
  second.resolve('2');
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['first begins']);
  first.resolve('1');
  expect(await Promise.all(results)).toEqual(['1', '2']);
  expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('a failure does not affect other work', async () => {
  const queue = new SerialQueue();
  const failed = queue.run(() => Promise.reject(new Error('full')));
  const next = queue.run(() => 'done');
  await expect(failed).rejects.toThrow('full');
  expect(await next).toBe('done');
});

test('is idle when everything queued so far has ended', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  queue.run(() => Promise.reject(new Error('full'))).catch(() => log.push('failed'));
  const last = job(log, 'last');
  void queue.run(last.work);
  last.resolve('');
  await queue.idle();
  expect(log).toEqual(['failed', 'last begins', 'last ends']);
});
