import { afterEach, beforeEach, expect, test } from 'vitest';
import { Claims } from '../../src/kernel/packet/claims.ts';
import { Packets } from '../../src/kernel/packet/packets.ts';
import { ip, mac } from '../../src/net/address.ts';
import type { AddressClaim } from '../../src/net/link.ts';
import { encodeArpAnnouncement, encodeArpQuestion } from '../../src/wire/arp.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { encodeNeighborAdvertisement, encodeNeighborQuestion } from '../../src/wire/neighbor.ts';
import { inNamespace } from './namespace.ts';
import { kernelSuite, linkIn, NamespacePair, until } from './support.ts';

const OTHER = mac('02:00:00:00:00:99');
const VIP = ip('203.0.113.1');
const VIP6 = ip('2001:db8::100');
/** Ends in the same four bytes as the VIP, where the filter looks. */
const NAMESAKE = ip('2001:db8:1::100');

let pair: NamespacePair;
let claims: Claims;
let sender: Packets;
let index: number;
let far: number;

beforeEach(() => {
  pair = new NamespacePair();
  index = linkIn(pair.a, 'v0').index;
  far = linkIn(pair.b, 'v0').index;
  claims = new Claims();
  sender = new Packets();
});

afterEach(() => {
  claims.close();
  sender.close();
  pair.remove();
});

function watch(...addresses: (typeof VIP)[]): void {
  inNamespace(pair.a, () => claims.watch(index, addresses));
}

function announce(...frames: Uint8Array[]): void {
  const outgoing = frames.map((frame) => ({ index: far, frame }));
  expect(inNamespace(pair.b, () => sender.sendFrames(outgoing))).toBe(0);
}

function heard(): AddressClaim[] {
  const found: AddressClaim[] = [];
  claims.drain(64, (claim) => found.push(claim));
  return found;
}

const byArp = (address: typeof VIP) => encodeArpAnnouncement(OTHER, address, 'request');
const byNd = (address: typeof VIP) => encodeNeighborAdvertisement(OTHER, address, { router: true });

kernelSuite('claims of other hosts', () => {
  test('are received by ARP and by ND, for the watched addresses', () => {
    watch(VIP, VIP6);
    announce(byArp(VIP), byArp(ip('203.0.113.2')), byNd(VIP6), byNd(ip('2001:db8::101')));
    const told = heard().sort((a, b) => a.address.length - b.address.length);
    expect(told).toEqual([
      { index, address: VIP, mac: OTHER },
      { index, address: VIP6, mac: OTHER },
    ]);
  });

  test('have the whole address, so that another one with the same end can be distinguished', () => {
    watch(VIP6);
    announce(byNd(NAMESAKE));
    expect(heard()).toEqual([{ index, address: NAMESAKE, mac: OTHER }]);
  });

  test('without the override flag change no neighbor and do not count', () => {
    watch(VIP6);
    const frame = byNd(VIP6);
    const cautious = frame.slice();
    cautious[58] = (cautious[58] ?? 0) & ~0x20;
    // RFC 1071: what the sum loses is added to its complement.
    cautious[56] = (cautious[56] ?? 0) + 0x20;
    expect(decodeFrame(cautious).kind).toBe('neighbor-advertisement');
    announce(cautious);
    expect(heard()).toEqual([]);
  });

  test('name the host that they answer, and none when a host itself asks', async () => {
    await pair.settled();
    const [own, asked] = [ip('192.0.2.1'), ip('192.0.2.2')];
    const [own6, asked6] = [ip('2001:db8::1'), ip('2001:db8::2')];
    watch(asked, asked6);
    const { mac: from } = linkIn(pair.a, 'v0');
    const { mac: to } = linkIn(pair.b, 'v0');
    announce(encodeArpQuestion(to, asked, ip('192.0.2.9')));
    expect(heard()).toEqual([{ index, address: asked, mac: to }]);
    const questions = [
      encodeArpQuestion(from, own, asked),
      encodeNeighborQuestion(from, own6, asked6),
    ];
    const asker = new Packets();
    inNamespace(pair.a, () => asker.sendFrames(questions.map((frame) => ({ index, frame }))));
    asker.close();
    const answers: AddressClaim[] = [];
    await until(() => answers.push(...heard()) >= 2);
    expect(answers.sort((a, b) => a.address.length - b.address.length)).toEqual([
      { index, address: asked, mac: to, to: own },
      { index, address: asked6, mac: to, to: own6 },
    ]);
  });

  test('are no longer received for a family without addresses', () => {
    watch(VIP, VIP6);
    watch(VIP);
    announce(byNd(VIP6), byArp(VIP));
    expect(heard().map(({ address }) => address)).toEqual([VIP]);
    watch();
    announce(byArp(VIP));
    expect(heard()).toEqual([]);
  });
});
