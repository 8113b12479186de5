/** Odd, forged and truncated packets neither mislead nor flood a listener. */
import { expect, test } from 'vitest';
import { ip, mac } from '../../../../src/net/address.ts';
import { after, instant, seconds } from '../../../../src/net/time.ts';
import { Contention } from '../../../../src/watch/segment/contention.ts';
import { encodeArpAnnouncement } from '../../../../src/wire/arp.ts';
import { A, Listener, VIP } from './frames.ts';

const NOW = instant(1_000_000);

/** In an Ethernet frame with ARP inside. */
const TARGET_IP = 38;

test('of a hundred forged sources no more than sixteen contend for one virtual router', () => {
  const contention = new Contention();
  const until = after(NOW, seconds(3));
  for (let host = 1; host <= 100; host++) {
    contention.advertised(ip(`192.0.2.${host}`), NOW, until);
  }
  expect(contention.contenders(NOW)).toHaveLength(16);
  contention.advertised(ip('192.0.2.16'), NOW, until);
  expect(contention.contenders(NOW)).toContain('192.0.2.16');
  expect(contention.contenders(NOW)).not.toContain('192.0.2.17');
});

test('a packet with a wrong TTL and another error claims nothing', () => {
  const bend = (message: Uint8Array) => message.fill(0xff, 6, 8);
  const [sender] = new Listener().hear({ source: A, ttl: 64, bend }).snapshot().senders;
  expect(sender).toMatchObject({ state: 'refused', claims: undefined });
});

test('a sender whose first packet is its resignation has no priority to show', () => {
  const [sender] = new Listener().hear({ source: A, priority: 0 }).snapshot().senders;
  expect(sender).toMatchObject({ state: 'resigned', claims: { priority: 0 } });
});

test('an ARP request from a virtual address announces nothing', () => {
  const stranger = mac('02:00:00:00:00:77');
  const question = encodeArpAnnouncement(stranger, VIP, 'request');
  question[TARGET_IP + 3] = 1;
  const listener = new Listener().hear({ source: A });
  expect(listener.frame(question).findings()).toEqual([]);
  const announced = listener.announce(VIP, stranger).findings();
  expect(announced).toEqual([`address-elsewhere: ${VIP} is announced by ${stranger}`]);
});
