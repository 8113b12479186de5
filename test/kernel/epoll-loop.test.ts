import { afterEach, beforeEach, expect, test } from 'vitest';
import { Clock } from '../../src/kernel/clock/clock.ts';
import { closeFd } from '../../src/kernel/ffi/socket.ts';
import { openDoorbell, ring } from '../../src/kernel/reactor/doorbell.ts';
import { Reactor } from '../../src/kernel/reactor/reactor.ts';
import { after, milliseconds, NEVER } from '../../src/net/time.ts';
import { startEpollLoop } from '../../src/protocol/thread/epoll-loop.ts';
import { kernelSuite, until } from './support.ts';

let reactor: Reactor;
let doorbell: number;
let clock: Clock;

beforeEach(() => {
  reactor = new Reactor((error) => expect.unreachable(String(error)), { waits: true });
  doorbell = openDoorbell();
  clock = new Clock();
});

afterEach(() => {
  reactor.close();
  clock.close();
  closeFd(doorbell);
});

/** The thread stays in the loop until the reactor is closed, so each test closes it. */
kernelSuite('the epoll loop', () => {
  test('serves its descriptors without the event loop, and yields to it when the doorbell rings', async () => {
    const order: string[] = [];
    const next = [
      () => {
        setTimeout(() => order.push('timer'), 0);
        clock.arm(after(clock.now(), milliseconds(5)));
      },
      () => clock.arm(after(clock.now(), milliseconds(1))),
      () => {
        ring(doorbell);
        ring(doorbell);
        clock.arm(after(clock.now(), milliseconds(20)));
      },
      () => {
        clock.arm(NEVER);
        reactor.close();
      },
    ];
    reactor.add(clock.fd, () => {
      order.push('wake');
      next.shift()?.();
    });
    clock.arm(after(clock.now(), milliseconds(1)));
    startEpollLoop(reactor, doorbell);
    await until(() => reactor.closed);
    expect(order).toEqual(['wake', 'wake', 'wake', 'timer', 'wake']);
  });

  test('ends when its reactor is closed by one of the descriptors', async () => {
    reactor.add(clock.fd, () => reactor.close());
    clock.arm(after(clock.now(), milliseconds(1)));
    startEpollLoop(reactor, doorbell);
    await until(() => reactor.closed);
    expect(reactor.closed).toBe(true);
  });

  test('yields after a wake-up when asked to', async () => {
    let yielded = false;
    reactor.add(clock.fd, () => {
      if (yielded) reactor.close();
      else loop.yieldToNode();
    });
    clock.arm(after(clock.now(), milliseconds(1)));
    const loop = startEpollLoop(reactor, doorbell);
    setImmediate(() => {
      setImmediate(() => {
        yielded = true;
      });
    });
    await until(() => reactor.closed);
    expect(reactor.closed).toBe(true);
  });
});
