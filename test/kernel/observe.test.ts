import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AF_PACKET, ETH_P_ALL, MSG_DONTWAIT, SOCK_RAW } from '../../src/kernel/ffi/constants.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { bindAddress, closeFd, openSocket } from '../../src/kernel/ffi/socket.ts';
import { ObserveSocket } from '../../src/kernel/packet/observe-socket.ts';
import { Packets } from '../../src/kernel/packet/packets.ts';
import { ip as ipAddress, type MacAddress, macToBytes } from '../../src/net/address.ts';
import { instant } from '../../src/net/time.ts';
import { Segment } from '../../src/watch/segment/segment.ts';
import { encodeArpAnnouncement } from '../../src/wire/arp.ts';
import { A, frameOf, macOf, VIP } from '../unit/watch/segment/frames.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite, linkIn, NamespacePair, until } from './support.ts';

const V6 = ipAddress('fe80::11');

let pair: NamespacePair;
let sender: Packets;
let observer: ObserveSocket;
let indexB: number;
let observerMac: MacAddress;

beforeEach(() => {
  pair = new NamespacePair();
  sender = new Packets();
  ip('-n', pair.a, 'address', 'flush', 'dev', 'v0');
  inNamespace(pair.a, () => writeFileSync('/proc/sys/net/ipv6/conf/v0/disable_ipv6', '1'));
  const link = linkIn(pair.a, 'v0');
  observerMac = link.mac;
  indexB = linkIn(pair.b, 'v0').index;
  observer = inNamespace(pair.a, () => new ObserveSocket(link.index, 'v0'));
});

afterEach(() => {
  observer.close();
  sender.close();
  pair.remove();
});

function send(...frames: Uint8Array[]): void {
  const outgoing = frames.map((frame) => ({ index: indexB, frame }));
  expect(inNamespace(pair.b, () => sender.sendFrames(outgoing))).toBe(0);
}

function heard(): Uint8Array[] {
  const frames: Uint8Array[] = [];
  observer.drain(512, (frame, length) => frames.push(frame.slice(0, length)));
  return frames;
}

/** Every frame that the other end of the link receives from now on. */
function neighbour(): { readonly frames: () => Uint8Array[]; readonly close: () => void } {
  const fd = inNamespace(pair.b, () => {
    const opened = openSocket('neighbour', AF_PACKET, SOCK_RAW, 0);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL);
    view.setInt32(4, indexB, true);
    bindAddress('neighbour', opened, address);
    return opened;
  });
  const frames = () => {
    const found: Uint8Array[] = [];
    const buffer = new Uint8Array(9_000);
    for (;;) {
      const length = libc().recv(fd, buffer, buffer.length, MSG_DONTWAIT);
      if (length < 0) return found;
      found.push(buffer.slice(0, length));
    }
  };
  return { frames, close: () => closeFd(fd) };
}

kernelSuite('the observer of a link', () => {
  test('receives VRRP of both families and the announcements, without an address', () => {
    const frames = [
      frameOf({ source: A }),
      frameOf({ source: V6 }),
      encodeArpAnnouncement(macOf(A), VIP, 'request'),
    ];
    send(...frames);
    const padded = heard();
    expect(padded.map((frame, at) => frame.subarray(0, frames[at]?.length))).toEqual(frames);
    const segment = new Segment();
    for (const frame of padded) segment.observe(frame, frame.length, instant(1));
    const { senders, findings } = segment.snapshot(instant(1));
    expect(senders.map(({ source, state }) => `${source} ${state}`)).toEqual([
      `${A} master`,
      `${V6} master`,
    ]);
    expect(findings).toEqual([]);
  });

  test('is not woken by anything else', () => {
    const noise = frameOf({ source: A, protocol: 17 });
    send(noise, noise);
    expect(heard()).toEqual([]);
  });

  test('receives what its own host sends', () => {
    const index = linkIn(pair.a, 'v0').index;
    const frame = frameOf({ source: A });
    inNamespace(pair.a, () => sender.sendFrames([{ index, frame }]));
    expect(heard()).toHaveLength(1);
  });

  test('makes the network card pass VRRP, and joins no group', () => {
    const [card, igmp, mld] = inNamespace(pair.a, () =>
      ['dev_mcast', 'igmp', 'igmp6'].map((name) =>
        readFileSync(`/proc/thread-self/net/${name}`, 'utf8'),
      ),
    );
    expect(card).toMatch(/v0\s+\d+\s+\d+\s+01005e000012/);
    expect(card).toMatch(/v0\s+\d+\s+\d+\s+333300000012/);
    expect(igmp).not.toContain('120000E0');
    expect(mld).not.toContain('ff020000000000000000000000000012');
  });

  test('sends nothing, from its beginning to its end', async () => {
    const { frames, close } = neighbour();
    const index = linkIn(pair.a, 'v0').index;
    const second = inNamespace(pair.a, () => new ObserveSocket(index, 'v0'));
    send(frameOf({ source: A }), frameOf({ source: V6 }));
    expect(heard()).toHaveLength(2);
    second.close();
    // Longer than IGMP and MLD wait before their first report (RFC 3376 section 8.11).
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const own = String(macToBytes(observerMac));
    const sent = frames().filter((frame) => String(frame.subarray(6, 12)) === own);
    close();
    expect(sent).toEqual([]);
  });

  test('works again after its link was down', async () => {
    ip('-n', pair.a, 'link', 'set', 'v0', 'down');
    expect(heard()).toEqual([]);
    ip('-n', pair.a, 'link', 'set', 'v0', 'up');
    await until(() => linkIn(pair.b, 'v0').running);
    send(frameOf({ source: A }));
    expect(heard()).toHaveLength(1);
  });

  test('reports that its link is gone', () => {
    ip('-n', pair.a, 'link', 'delete', 'v0');
    expect(() => inNamespace(pair.a, heard)).toThrow('the interface is gone');
  });

  test('reports that there is no such link', () => {
    expect(() => inNamespace(pair.a, () => new ObserveSocket(9_999, 'v9'))).toThrow(
      /packet socket on v9: ENODEV/,
    );
  });
});
