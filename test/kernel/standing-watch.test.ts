import { afterEach, beforeEach, expect, test } from 'vitest';
import { Clock } from '../../src/kernel/clock/clock.ts';
import { closeFd } from '../../src/kernel/ffi/socket.ts';
import { openDoorbell, ring } from '../../src/kernel/reactor/doorbell.ts';
import { Reactor } from '../../src/kernel/reactor/reactor.ts';
import { after, milliseconds, NEVER } from '../../src/net/time.ts';
import { standWatch } from '../../src/protocol/thread/standing-watch.ts';
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

/** The thread is kept until the reactor is closed: each test ends with that. */
kernelSuite('a thread that stands watch', () => {
  test('serves its descriptors without the event loop, and lets it in when the bell rings', async () => {
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
    standWatch(reactor, doorbell);
    await until(() => reactor.closed);
    expect(order).toEqual(['wake', 'wake', 'wake', 'timer', 'wake']);
  });

  test('ends when its reactor is closed by one of the descriptors', async () => {
    reactor.add(clock.fd, () => reactor.close());
    clock.arm(after(clock.now(), milliseconds(1)));
    standWatch(reactor, doorbell);
    await until(() => reactor.closed);
    expect(reactor.closed).toBe(true);
  });

  test('rests after a wake-up when it is told to', async () => {
    let rested = false;
    reactor.add(clock.fd, () => {
      if (rested) reactor.close();
      else watch.rest();
    });
    clock.arm(after(clock.now(), milliseconds(1)));
    const watch = standWatch(reactor, doorbell);
    setImmediate(() => {
      setImmediate(() => {
        rested = true;
      });
    });
    await until(() => reactor.closed);
    expect(reactor.closed).toBe(true);
  });
});
