import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AF_PACKET, MSG_DONTWAIT, SOCK_RAW } from '../../src/kernel/ffi/constants.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { bindAddress, closeFd, openSocket } from '../../src/kernel/ffi/socket.ts';
import { Packets } from '../../src/kernel/packet/packets.ts';
import { type Family, type IpAddress, ip as ipAddress, ipToBytes } from '../../src/net/address.ts';
import type { OutgoingDatagram } from '../../src/net/link.ts';
import { encodeArpAnnouncement } from '../../src/wire/arp.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../src/wire/ip.ts';
import { fragmentIpv6Packet } from '../../src/wire/ipv6-fragments.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite, linkIn, NamespacePair, until } from './support.ts';

const GROUP = { ipv4: ipAddress('224.0.0.18'), ipv6: ipAddress('ff02::12') };
const SOURCE = { ipv4: ipAddress('192.0.2.2'), ipv6: ipAddress('2001:db8::2') };

const NOWHERE = { index: 9_999, name: 'v9', family: 'ipv4', groups: [GROUP.ipv4] } as const;

let pair: NamespacePair;
let receiver: Packets;
let sender: Packets;
let indexA: number;
let indexB: number;

beforeEach(() => {
  pair = new NamespacePair();
  receiver = new Packets();
  sender = new Packets();
  indexA = linkIn(pair.a, 'v0').index;
  indexB = linkIn(pair.b, 'v0').index;
});

afterEach(() => {
  receiver.close();
  sender.close();
  pair.remove();
});

function vrrp(vrid: number, length = 12): Uint8Array {
  const message = new Uint8Array(length);
  message.set([0x31, vrid].slice(0, length));
  return message;
}

function datagram(
  family: Family,
  payload: Uint8Array,
  destination: IpAddress = GROUP[family],
): OutgoingDatagram {
  const common = { destination, source: SOURCE[family], trafficClass: 0xc0 };
  const packet =
    family === 'ipv4'
      ? encodeIpv4Packet({ ...common, ttl: 255, protocol: 112 }, payload)
      : encodeIpv6Packet({ ...common, hopLimit: 255, nextHeader: 112 }, payload);
  return { index: indexB, destination, packet };
}

function send(...datagrams: OutgoingDatagram[]): number {
  return inNamespace(pair.b, () => sender.sendDatagrams(datagrams));
}

function listen(family: Family, ...vrids: number[]): void {
  listenTo([GROUP[family]], family, ...vrids);
}

function listenTo(groups: readonly IpAddress[], family: Family, ...vrids: number[]): void {
  inNamespace(pair.a, () => receiver.listen({ index: indexA, name: 'v0', family, vrids, groups }));
}

function received(limit = 512): Uint8Array[] {
  const packets: Uint8Array[] = [];
  receiver.drain(limit, (index, packet, length) => {
    expect(index).toBe(indexA);
    packets.push(packet.slice(0, length));
  });
  return packets;
}

/** The VRID of each packet; undefined where it is too short to have one. */
function vridsOf(packets: readonly Uint8Array[], headerLength = 20): (number | undefined)[] {
  return packets.map((packet) => packet[headerLength + 1]);
}

kernelSuite('packets on a link', () => {
  test('only the listened VRIDs arrive, and packets too short to have one', () => {
    listen('ipv4', 1, 51, 255);
    const sent = [1, 2, 50, 51, 52, 83, 255, 0].map((vrid) => datagram('ipv4', vrrp(vrid)));
    expect(send(...sent, datagram('ipv4', vrrp(7, 1)), datagram('ipv4', vrrp(7, 0)))).toBe(0);
    expect(vridsOf(received())).toEqual([1, 51, 255, undefined, undefined]);
  });

  test('the filter finds the VRID behind IPv4 options', () => {
    listen('ipv4', 51);
    const plain = datagram('ipv4', vrrp(51));
    const packet = new Uint8Array(plain.packet.length + 4);
    packet.set(plain.packet.subarray(0, 20));
    packet[0] = 0x46;
    packet.set([1, 1, 1, 0], 20);
    packet.set(plain.packet.subarray(20), 24);
    expect(send({ ...plain, packet })).toBe(0);
    expect(vridsOf(received(), 24)).toEqual([51]);
  });

  test.each([
    ['ipv4', '224.0.0.100', 20],
    ['ipv6', 'ff02::100', 40],
  ] as const)(
    'over %s those of the joined groups arrive, also of one joined later',
    async (family, text, header) => {
      await pair.settled();
      const other = ipAddress(text);
      listen(family, 51);
      send(datagram(family, vrrp(51)), datagram(family, vrrp(51), other));
      expect(received()).toHaveLength(1);
      listenTo([GROUP[family], other], family, 51, 52);
      send(datagram(family, vrrp(51)), datagram(family, vrrp(52), other));
      expect(vridsOf(received(), header)).toEqual([51, 52]);
    },
  );

  test('a changed set of VRIDs keeps what has already been received', () => {
    listen('ipv4', 1);
    send(datagram('ipv4', vrrp(1)));
    listen('ipv4', 2);
    send(datagram('ipv4', vrrp(1)), datagram('ipv4', vrrp(2)));
    expect(vridsOf(received())).toEqual([1, 2]);
  });

  test('an advertisement arrives whole, with TTL 255 and DSCP CS6', () => {
    listen('ipv4', 51);
    const sent = datagram('ipv4', vrrp(51));
    send(sent);
    const [packet] = received();
    expect(packet?.[1]).toBe(0xc0);
    expect(packet?.[8]).toBe(255);
    expect(packet?.subarray(12)).toEqual(sent.packet.subarray(12));
  });

  test('an IPv6 advertisement arrives with the header that was sent', async () => {
    await pair.settled();
    listen('ipv6', 51);
    const sent = datagram('ipv6', vrrp(51));
    expect(send(sent, datagram('ipv6', vrrp(52)))).toBe(0);
    expect(received()).toEqual([sent.packet]);
  });

  test('an IPv6 advertisement of 255 addresses goes in fragments and arrives whole', async () => {
    await pair.settled();
    listen('ipv6', 51);
    const sent = datagram('ipv6', vrrp(51, 4_088));
    const fragments = fragmentIpv6Packet(sent.packet, 1_500, 1);
    expect(fragments).toHaveLength(3);
    expect(send(...fragments.map((packet) => ({ ...sent, packet })))).toBe(0);
    expect(received()).toEqual([sent.packet]);
  });

  test('the hop limit of a received IPv6 packet is the one on the wire', async () => {
    await pair.settled();
    listen('ipv6', 51);
    const sent = datagram('ipv6', vrrp(51));
    sent.packet[7] = 254;
    send(sent);
    expect(received()[0]?.[7]).toBe(254);
  });

  test('unicast to this host arrives as well, in both families', async () => {
    await pair.settled();
    listen('ipv4', 51);
    listen('ipv6', 51);
    send(
      datagram('ipv4', vrrp(51), ipAddress('192.0.2.1')),
      datagram('ipv6', vrrp(51), ipAddress('2001:db8::1')),
    );
    expect(received()).toHaveLength(2);
  });

  test('listening joins the VRRP groups on the link', () => {
    listen('ipv4', 51);
    listen('ipv6', 51);
    const [igmp, mld] = inNamespace(pair.a, () => [
      readFileSync('/proc/thread-self/net/igmp', 'utf8'),
      readFileSync('/proc/thread-self/net/igmp6', 'utf8'),
    ]);
    expect(igmp).toContain('120000E0');
    expect(mld).toMatch(/v0\s+ff020000000000000000000000000012/);
  });

  test('nothing from another link is received', () => {
    listen('ipv4', 51);
    ip('-n', pair.a, 'link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'w0', 'netns', pair.b);
    for (const namespace of [pair.a, pair.b]) ip('-n', namespace, 'link', 'set', 'w0', 'up');
    const other = { ...datagram('ipv4', vrrp(51)), index: linkIn(pair.b, 'w0').index };
    expect(send(other)).toBe(0);
    expect(received()).toEqual([]);
  });

  test('a sender does not receive its own packets', () => {
    inNamespace(pair.b, () =>
      sender.listen({ ...NOWHERE, index: indexB, name: 'v0', vrids: [51] }),
    );
    send(datagram('ipv4', vrrp(51)));
    expect(sender.drain(512, () => expect.unreachable())).toBe(true);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'an %s packet tells how long it has waited to be read',
    async (family) => {
      await pair.settled();
      listen(family, 55);
      // Time stamps begin when a work queue of the kernel has switched them on (netstamp_work).
      let waited = 0;
      let limit = 0;
      for (let attempt = 0; attempt < 50 && waited < 25_000; attempt++) {
        const before = performance.now();
        send(datagram(family, vrrp(55)));
        await sleep(30);
        receiver.drain(8, (_index, _packet, _length, since) => {
          waited = since;
        });
        limit = (performance.now() - before) * 1_000 + 1_000;
      }
      expect(waited).toBeGreaterThan(25_000);
      expect(waited).toBeLessThan(limit);
    },
  );

  test('draining stops at the limit and reports that packets are left', () => {
    listen('ipv4', 51);
    send(...Array.from({ length: 200 }, () => datagram('ipv4', vrrp(51))));
    let count = 0;
    expect(receiver.drain(150, () => count++)).toBe(false);
    expect(count).toBe(150);
    expect(receiver.drain(512, () => count++)).toBe(true);
    expect(count).toBe(200);
  });

  test('a flooded socket leaves other sockets their share of the limit', async () => {
    await pair.settled();
    listen('ipv4', 51);
    listen('ipv6', 51);
    send(...Array.from({ length: 100 }, () => datagram('ipv4', vrrp(51))));
    send(datagram('ipv6', vrrp(51)));
    const versions = received(10).map((packet) => (packet[0] ?? 0) >>> 4);
    expect(versions).toContain(6);
    expect(versions).toContain(4);
  });

  test('discard leaves nothing waiting', () => {
    listen('ipv4', 51);
    send(...Array.from({ length: 200 }, () => datagram('ipv4', vrrp(51))));
    receiver.discard();
    expect(received()).toEqual([]);
  });

  test('after unlisten nothing is received, and listening again works', () => {
    listen('ipv4', 51);
    receiver.unlisten(indexA, 'ipv4');
    send(datagram('ipv4', vrrp(51)));
    expect(received()).toEqual([]);
    listen('ipv4', 51);
    send(datagram('ipv4', vrrp(51)));
    expect(received()).toHaveLength(1);
  });

  test('255 advertisements leave in one call and arrive in order', () => {
    const vrids = Array.from({ length: 255 }, (_, i) => i + 1);
    listen('ipv4', ...vrids);
    expect(send(...vrids.map((vrid) => datagram('ipv4', vrrp(vrid))))).toBe(0);
    expect(vridsOf(received())).toEqual(vrids);
  });

  test('packets that cannot leave a link that is down are counted, and the link is used again when it is up', () => {
    listen('ipv4', 51);
    const both = [datagram('ipv4', vrrp(51)), datagram('ipv4', vrrp(51))];
    send(...both);
    ip('-n', pair.b, 'link', 'set', 'v0', 'down');
    expect(send(...both)).toBe(2);
    expect(sender.sendFailures()).toMatchObject([{ count: 2, datagrams: both }]);
    ip('-n', pair.b, 'link', 'set', 'v0', 'up');
    receiver.discard();
    expect(send(...both)).toBe(0);
    expect(sender.sendFailures()).toEqual([]);
    expect(received()).toHaveLength(2);
  });

  test('a link that does not exist loses only its own packets', () => {
    listen('ipv4', 51);
    const lost = { ...datagram('ipv4', vrrp(51)), index: 9_999 };
    expect(send(lost, datagram('ipv4', vrrp(51)), lost)).toBe(2);
    expect(sender.sendFailures()).toMatchObject([{ count: 2, datagrams: [lost, lost] }]);
    expect(received()).toHaveLength(1);
  });

  test('listening on a link that does not exist is an error', () => {
    expect(() => inNamespace(pair.a, () => receiver.listen({ ...NOWHERE, vrids: [1] }))).toThrow(
      /raw ipv4 socket on v9: ENODEV/,
    );
  });

  test('a deleted link does not disturb the others', () => {
    listen('ipv4', 51);
    ip('-n', pair.a, 'link', 'delete', 'v0');
    expect(receiver.drain(512, () => expect.unreachable())).toBe(true);
    receiver.unlisten(indexA, 'ipv4');
  });
});

kernelSuite('frames on a link', () => {
  test('announcements reach the neighbor byte for byte', async () => {
    const fd = inNamespace(pair.a, () => openArpListener(indexA));
    const vip = ipAddress('192.0.2.100');
    const mac = linkIn(pair.b, 'v0').mac;
    const frames = (['request', 'reply'] as const).map((form) => ({
      index: indexB,
      frame: encodeArpAnnouncement(mac, vip, form),
    }));
    expect(inNamespace(pair.b, () => sender.sendFrames(frames))).toBe(0);
    const seen: Uint8Array[] = [];
    await until(() => {
      const buffer = new Uint8Array(2_048);
      for (;;) {
        const length = libc().recv(fd, buffer, buffer.length, MSG_DONTWAIT);
        if (length < 0) return seen.length >= frames.length;
        const frame = buffer.slice(0, length);
        if (String(frame.subarray(28, 32)) === String(ipToBytes(vip))) seen.push(frame);
      }
    });
    closeFd(fd);
    expect(seen.map((frame) => frame.subarray(0, 42))).toEqual(
      frames.map(({ frame }) => frame.subarray(0, 42)),
    );
  });

  test('frames for a link that is missing or down are counted, and all others leave', () => {
    const frame = encodeArpAnnouncement(linkIn(pair.b, 'v0').mac, SOURCE.ipv4, 'request');
    const frames = [9_999, indexB, 9_999].map((index) => ({ index, frame }));
    expect(inNamespace(pair.b, () => sender.sendFrames(frames))).toBe(2);
    ip('-n', pair.b, 'link', 'set', 'v0', 'down');
    expect(inNamespace(pair.b, () => sender.sendFrames(frames))).toBe(3);
  });
});

const ETHERTYPE_ARP = 0x0806;

/** `struct sockaddr_ll` with protocol and link (packet(7)). */
function openArpListener(index: number): number {
  const fd = openSocket('ARP listener', AF_PACKET, SOCK_RAW, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETHERTYPE_ARP);
  view.setInt32(4, index, true);
  bindAddress('ARP listener', fd, address);
  return fd;
}
