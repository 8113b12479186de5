/** The socket that BFD receives with, on the loopback interface. */
import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import type { HopOrigin } from '../../src/kernel/datagram/hop-origins.ts';
import { HopReceiver } from '../../src/kernel/datagram/hop-receiver.ts';
import { ip } from '../../src/net/address.ts';

const PORT = 43_784;

const FAMILIES = [
  ['ipv4', '127.0.0.1', 'udp4'],
  ['ipv6', '::1', 'udp6'],
] as const;

function receive(receiver: HopReceiver<object>): HopOrigin[] {
  const origins: HopOrigin[] = [];
  while (receiver.receive(64, (origin) => origins.push(origin)) > 0);
  return origins;
}

test.each(FAMILIES)(
  '%s: a flood with a low TTL does not fill the queue',
  async (family, own, type) => {
    const receiver = new HopReceiver(family, PORT, {});
    const socket = createSocket(type);
    const send = async (count: number, ttl: number) => {
      socket.setTTL(ttl);
      for (let sent = 0; sent < count; sent++) {
        await new Promise((resolve) => socket.send('packet', PORT, own, resolve));
      }
    };
    try {
      receiver.setSources([ip(own)], 255);
      await new Promise<void>((resolve) => socket.bind(0, own, resolve));
      await send(1, 254);
      await send(2, 255);
      const few = receive(receiver);
      // Each can be named while they are few, and what is known is not made again.
      expect(few.map(({ ttl }) => ttl)).toEqual([254, 255, 255]);
      expect(few[1]).toMatchObject({ source: own, destination: own, index: 1 });
      expect(few[2]).toBe(few[1]);
      await send(64, 64);
      expect(receive(receiver)).toHaveLength(64);
      await send(2_000, 64);
      await send(1, 255);
      const many = receive(receiver);
      expect(many.at(-1)?.ttl).toBe(255);
      expect(many.length).toBeLessThan(150);
    } finally {
      socket.close();
      receiver.close();
    }
  },
);
