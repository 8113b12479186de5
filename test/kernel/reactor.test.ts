import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Clock } from '../../src/kernel/clock/clock.ts';
import { closeFd } from '../../src/kernel/ffi/socket.ts';
import { Reactor } from '../../src/kernel/reactor/reactor.ts';
import { after, milliseconds, NEVER } from '../../src/net/time.ts';
import { kernelSuite, until } from './support.ts';

let errors: unknown[];
let reactor: Reactor;
let clock: Clock;

beforeEach(() => {
  errors = [];
  reactor = new Reactor((error) => errors.push(error));
  clock = new Clock();
});

afterEach(() => {
  reactor.close();
  clock.close();
});

kernelSuite('the clock', () => {
  test('wakes the loop at the deadline, not before', async () => {
    const deadline = after(clock.now(), milliseconds(20));
    let woken = 0;
    reactor.add(clock.fd, () => {
      woken ||= clock.now();
      clock.arm(NEVER);
    });
    clock.arm(deadline);
    await until(() => woken > 0);
    expect(woken).toBeGreaterThanOrEqual(deadline);
  });

  test('a deadline in the past wakes immediately, and repeatedly until another one is armed', async () => {
    let wakes = 0;
    reactor.add(clock.fd, () => {
      if (++wakes === 3) clock.arm(NEVER);
    });
    clock.arm(after(clock.now(), milliseconds(-1_000)));
    await until(() => wakes >= 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(wakes).toBe(3);
  });

  test('a later deadline replaces an earlier one', async () => {
    const wakes: number[] = [];
    reactor.add(clock.fd, () => {
      wakes.push(clock.now());
      clock.arm(NEVER);
    });
    const start = clock.now();
    clock.arm(after(start, milliseconds(5)));
    clock.arm(after(start, milliseconds(40)));
    await until(() => wakes.length > 0);
    expect(wakes[0]).toBeGreaterThanOrEqual(after(start, milliseconds(40)));
  });

  test('counts the time that /proc/uptime counts, suspended or not', () => {
    expect(clock.source).toBe('boottime');
    const before = clock.now();
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000_000;
    // The file has centiseconds, rounded down.
    expect(uptime).toBeGreaterThan(before - 20_000);
    expect(uptime).toBeLessThanOrEqual(clock.now());
  });
});

kernelSuite('the reactor', () => {
  test('a handler that throws is reported, and the others still run', async () => {
    const other = new Clock();
    let wakes = 0;
    reactor.add(clock.fd, () => {
      clock.arm(NEVER);
      throw new Error('broken handler');
    });
    reactor.add(other.fd, () => {
      wakes++;
      other.arm(NEVER);
    });
    clock.arm(clock.now());
    other.arm(clock.now());
    await until(() => wakes === 1 && errors.length === 1);
    other.close();
    expect(errors).toEqual([new Error('broken handler')]);
  });

  test('bad and doubled descriptors are errors of the call', () => {
    expect(() => reactor.add(9_999, () => undefined)).toThrow('watch descriptor 9999: EBADF');
    reactor.add(clock.fd, () => undefined);
    expect(() => reactor.add(clock.fd, () => undefined)).toThrow(
      expect.objectContaining({ errno: 'EEXIST' }),
    );
  });

  test('a descriptor that is closed while watched does not disturb the others', async () => {
    const doomed = new Clock();
    reactor.add(doomed.fd, () => expect.unreachable());
    closeFd(doomed.fd);
    reactor.remove(doomed.fd);
    let woken = false;
    reactor.add(clock.fd, () => {
      woken = true;
      clock.arm(NEVER);
    });
    clock.arm(clock.now());
    await until(() => woken);
  });

  test('may be closed from a handler, and twice', async () => {
    let closed = false;
    reactor.add(clock.fd, () => {
      reactor.close();
      closed = true;
    });
    clock.arm(clock.now());
    await until(() => closed);
    reactor.close();
    expect(errors).toEqual([]);
  });
});

kernelSuite('in a worker thread', () => {
  test('timer, packets, netlink and scheduling work and the thread ends', async () => {
    const worker = new Worker(new URL('./worker-body.mjs', import.meta.url), {
      workerData: { source: new URL('../../dist/src/kernel/', import.meta.url).href },
    });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(await ended).toBe(0);
    expect(answer).toEqual({ woken: true, loopback: true, refused: undefined, realtime: true });
  });
});
