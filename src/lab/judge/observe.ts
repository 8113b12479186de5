/** Facts about machines from the capture. Times are microseconds since 1970. */
import type { IpAddress } from '../../net/address.ts';
import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { ARP_REPLY } from '../../wire/arp.ts';
import { uint16At } from '../../wire/bytes.ts';
import { ETHERTYPE_IPV6 } from '../../wire/ethernet.ts';
import { NEXT_HEADER_FRAGMENT } from '../../wire/fragment.ts';
import { decodeFrame, type VrrpFrame } from '../../wire/frame.ts';
import { isLaterFragment } from '../../wire/ipv6-fragments.ts';
import { decodeAdvertisement } from '../../wire/vrrp/advertisement.ts';
import { lengthBeforeTrailer } from '../../wire/vrrp/trailer.ts';
import { decodeEcho } from '../packets/echo.ts';
import type { Probe } from '../probes/probe.ts';
import type { SwitchFrame } from '../run/switch-capture.ts';
import { arpRequesterOf, clientNumber } from '../topology/layout.ts';

const ETHERNET_LENGTH = 14;
/** After the IPv6 header and the fragment header. */
const MESSAGE_OFFSET = 48;
const MESSAGE_HEADER_LENGTH = 8;
const VERSION_3_ADVERTISEMENT = 0x31;
const CENTISECOND = 10_000;

export interface Advert {
  readonly at: number;
  readonly node: string;
  readonly vrid: number;
  readonly priority: number;
  readonly interval: number;
}

/** Gratuitous ARP, or an unsolicited Neighbor Advertisement. */
export interface Announcement {
  readonly at: number;
  readonly node: string;
  readonly address: IpAddress;
}

/** An answer to a client's ARP request, or over IPv6 to its echo request. */
export interface OwnerAnswer {
  readonly at: number;
  readonly node: string;
  readonly client: string;
}

export interface Facts {
  readonly adverts: readonly Advert[];
  readonly announcements: readonly Announcement[];
  readonly arpAnswers: readonly OwnerAnswer[];
  readonly echoAnswers: readonly OwnerAnswer[];
  /** By client. */
  readonly echoes: ReadonlyMap<string, readonly Probe[]>;
}

export function factsIn(
  frames: readonly SwitchFrame[],
  watched: IpAddress,
  clients: readonly string[],
): Facts {
  const adverts: Advert[] = [];
  const announcements: Announcement[] = [];
  const arpAnswers: OwnerAnswer[] = [];
  const echoAnswers: OwnerAnswer[] = [];
  const pairs = new Map(clients.map((name) => [name, new EchoPairs(watched)]));
  const requesters = new Map(clients.map((name, at) => [arpRequesterOf(at).mac, name]));
  for (const { at, machine: node, isFromMachine, bytes } of frames) {
    const pair = pairs.get(node);
    if (pair !== undefined || !isFromMachine) {
      pair?.atClient(at, bytes);
      continue;
    }
    const frame = decodeFrame(bytes);
    switch (frame.kind) {
      case 'vrrp': {
        const advert = advertIn(frame);
        if (advert !== undefined) adverts.push({ at, node, ...advert });
        break;
      }
      case 'arp': {
        const { operation, senderIp, targetIp, targetMac } = frame.arp;
        if (senderIp === targetIp) announcements.push({ at, node, address: senderIp });
        const client = requesters.get(targetMac);
        if (client !== undefined && operation === ARP_REPLY && senderIp === watched) {
          arpAnswers.push({ at, node, client });
        }
        break;
      }
      case 'neighbor-advertisement':
        if (!frame.advertisement.solicited) {
          announcements.push({ at, node, address: frame.advertisement.target });
        }
        break;
      default: {
        const advert = firstFragmentIn(bytes);
        if (advert !== undefined) {
          adverts.push({ at, node, ...advert });
          break;
        }
        const echo = decodeEcho(bytes);
        if (echo?.source !== watched) break;
        const client = clients[clientNumber(echo.destination)];
        if (client !== undefined) echoAnswers.push({ at, node, client });
      }
    }
  }
  const echoes = new Map([...pairs].map(([name, { probes }]) => [name, probes]));
  return { adverts, announcements, arpAnswers, echoAnswers, echoes };
}

function advertIn({ packet, offset, length, ip }: VrrpFrame) {
  const own = lengthBeforeTrailer(packet, offset, length, ip.family) ?? length;
  const message = decodeAdvertisement(packet, offset, own, ip.family);
  if (!message.ok) return undefined;
  const { vrid, priority, interval } = message.value;
  return { vrid, priority, interval };
}

/**
 * An advertisement of many IPv6 addresses is fragmented (RFC 8200 section 4.5). The first fragment has
 * the header of the message (RFC 9568 section 5.1), which is all that is needed here. Undefined for
 * any other frame.
 */
export function firstFragmentIn(frame: Uint8Array) {
  const packet = frame.subarray(ETHERNET_LENGTH);
  if (packet.length < MESSAGE_OFFSET + MESSAGE_HEADER_LENGTH) return undefined;
  if (uint16At(frame, ETHERNET_LENGTH - 2) !== ETHERTYPE_IPV6) return undefined;
  if (packet[6] !== NEXT_HEADER_FRAGMENT || packet[40] !== PROTOCOL_VRRP) return undefined;
  const [kind, vrid = 0, priority = 0] = packet.subarray(MESSAGE_OFFSET);
  if (kind !== VERSION_3_ADVERTISEMENT || isLaterFragment(packet)) return undefined;
  const interval = (uint16At(packet, MESSAGE_OFFSET + 4) & 0x0fff) * CENTISECOND;
  return { vrid, priority, interval };
}

/** Pairs the requests that enter the switch with the answers that leave it for the client. */
class EchoPairs {
  readonly probes: { sentAt: number; answeredAt: number | undefined }[] = [];
  readonly #open = new Map<string, { answeredAt: number | undefined }>();
  readonly #watched: IpAddress;

  constructor(watched: IpAddress) {
    this.#watched = watched;
  }

  atClient(at: number, bytes: Uint8Array): void {
    const echo = decodeEcho(bytes);
    if (echo === undefined) return;
    const key = `${echo.identifier}/${echo.counter}`;
    if (echo.kind === 'request' && echo.destination === this.#watched) {
      const probe = { sentAt: at, answeredAt: undefined };
      this.probes.push(probe);
      this.#open.set(key, probe);
    }
    const request =
      echo.kind === 'reply' && echo.source === this.#watched ? this.#open.get(key) : undefined;
    if (request === undefined) return;
    request.answeredAt = at;
    this.#open.delete(key);
  }
}
