/** What the capture shows, as facts about machines. Times in microseconds since 1970. */
import type { IpAddress } from '../../net/address.ts';
import { ARP_REPLY } from '../../wire/arp.ts';
import { decodeFrame, type VrrpFrame } from '../../wire/frame.ts';
import { decodeAdvertisement } from '../../wire/vrrp/advertisement.ts';
import { decodeEcho } from '../echo.ts';
import type { Probe } from '../probe.ts';
import { ASKER_MAC } from '../probes/asker.ts';
import { CLIENT_NAME } from '../scenario/names.ts';
import { firstFragmentIn } from './first-fragment.ts';
import type { SwitchFrame } from './switch-capture.ts';

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

/** An answer to the client's question who has the address; of IPv6, to its echo requests. */
export interface OwnerAnswer {
  readonly at: number;
  readonly node: string;
}

export interface Facts {
  readonly adverts: readonly Advert[];
  readonly announcements: readonly Announcement[];
  readonly arpAnswers: readonly OwnerAnswer[];
  readonly echoAnswers: readonly OwnerAnswer[];
  readonly echoes: readonly Probe[];
}

export function factsIn(frames: readonly SwitchFrame[], watched: IpAddress): Facts {
  const adverts: Advert[] = [];
  const announcements: Announcement[] = [];
  const arpAnswers: OwnerAnswer[] = [];
  const echoAnswers: OwnerAnswer[] = [];
  const echoes = new EchoPairs(watched);
  for (const { at, machine: node, isFromMachine, bytes } of frames) {
    if (node === CLIENT_NAME || !isFromMachine) {
      echoes.atClient(at, bytes);
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
        else if (operation === ARP_REPLY && targetMac === ASKER_MAC && senderIp === watched) {
          arpAnswers.push({ at, node });
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
        if (advert !== undefined) adverts.push({ at, node, ...advert });
        else if (decodeEcho(bytes)?.source === watched) echoAnswers.push({ at, node });
      }
    }
  }
  return { adverts, announcements, arpAnswers, echoAnswers, echoes: echoes.probes };
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
