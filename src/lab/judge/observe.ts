/** What the capture shows, as facts about machines. Times in microseconds since 1970. */
import type { IpAddress } from '../../net/address.ts';
import { ARP_REPLY } from '../../wire/arp.ts';
import { decodeFrame, type VrrpFrame } from '../../wire/frame.ts';
import { decodeAdvertisement } from '../../wire/vrrp/advertisement.ts';
import { decodeEcho } from '../packets/echo.ts';
import { askerOf } from '../probes/asker.ts';
import type { Probe } from '../probes/probe.ts';
import type { SwitchFrame } from '../run/switch-capture.ts';
import { clientNumber } from '../topology/layout.ts';
import { firstFragmentIn } from './first-fragment.ts';

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

/** An answer to a client's question who has the address; of IPv6, to its echo requests. */
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
  /** By the client that asked. */
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
  const askers = new Map(clients.map((name, at) => [askerOf(at).mac, name]));
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
        const client = askers.get(targetMac);
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
  const message = decodeAdvertisement(packet, offset, length, ip.family);
  if (!message.ok) return undefined;
  const { vrid, priority, interval } = message.value;
  return { vrid, priority, interval };
}

/** Requests where they enter the switch, answers where they leave it for the client. */
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
    const asked =
      echo.kind === 'reply' && echo.source === this.#watched ? this.#open.get(key) : undefined;
    if (asked === undefined) return;
    asked.answeredAt = at;
    this.#open.delete(key);
  }
}
