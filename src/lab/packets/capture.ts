/** A tcpdump on one interface of the lab, and the frames it captured. */
import { readFileSync } from 'node:fs';
import type { IpAddress } from '../../net/address.ts';
import { type CapturedFrame, readPcap } from '../../wire/capture/pcap.ts';
import { decodeFrame } from '../../wire/frame.ts';
import { decodeAdvertisement, type ReceivedAdvertisement } from '../../wire/vrrp/advertisement.ts';
import { lengthBeforeTrailer } from '../../wire/vrrp/trailer.ts';
import { LabError } from '../command.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';

export interface CaptureOptions {
  /** pcap-filter(7). */
  readonly filter: string;
  /** Default: the bridge of the switch, which forwards all multicast. */
  readonly host?: LabHost;
  readonly label?: string;
}

/** For seconds in which a busy host does not let tcpdump run: its own buffer has room for 32 frames. */
const BUFFER_KIBIBYTES = 16_384;
/** More than the MTU of the lab. */
const SNAPSHOT_BYTES = 2_048;

export class Capture {
  readonly #process: LabProcess;
  readonly #file: string;
  readonly #log: string;

  private constructor(process: LabProcess, file: string, log: string) {
    this.#process = process;
    this.#file = file;
    this.#log = log;
  }

  /** Returns once frames are being captured. */
  static async start(lab: Lab, options: CaptureOptions): Promise<Capture> {
    const label = options.label ?? `capture-${options.host?.name ?? 'switch'}`;
    const file = lab.path(`${label}.pcap`);
    const interfaceName = options.host === undefined ? 'bridge' : HOST_INTERFACE;
    const args = [
      ...['-i', interfaceName, '-n', '-U', '--immediate-mode', '--time-stamp-precision=micro'],
      ...['-B', String(BUFFER_KIBIBYTES), '-s', String(SNAPSHOT_BYTES)],
      ...['-Z', 'root', '-w', file, options.filter],
    ];
    const process = await lab.spawn(options.host ?? 'switch', 'tcpdump', args, {
      label,
      log: true,
    });
    const log = lab.path(`${label}.log`);
    await waitFor(
      `tcpdump of ${label}`,
      () => readFileSync(log, 'latin1').includes('listening on'),
      {
        unless: process.ended,
      },
    );
    return new Capture(process, file, log);
  }

  /** The frames written so far; the capture continues. */
  frames(): CapturedFrame[] {
    const read = readPcap(readFileSync(this.#file));
    if (read.ok) return read.value;
    throw new LabError('lab-state-error', `${this.#file}: ${read.error.code}`);
  }

  /** An interrupted tcpdump writes out its buffer first (tcpdump(1)). */
  async stop(): Promise<CapturedFrame[]> {
    this.#process.signal('SIGINT');
    await this.#process.ended;
    return this.frames();
  }

  /** After `stop`: how many frames the kernel had no buffer for. */
  lost(): number {
    const log = readFileSync(this.#log, 'latin1');
    const lost = /(\d+) packets? dropped by kernel/.exec(log)?.[1];
    if (lost !== undefined) return Number(lost);
    throw new LabError('lab-state-error', `${this.#log}: tcpdump ended before it was stopped`);
  }
}

/** A VRRP message on the wire, even if a receiver would refuse it. */
export interface CapturedAdvertisement {
  readonly at: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly ttl: number;
  readonly advertisement: ReceivedAdvertisement;
}

export function advertisementsIn(frames: readonly CapturedFrame[]): CapturedAdvertisement[] {
  const found: CapturedAdvertisement[] = [];
  for (const { at, bytes } of frames) {
    const frame = decodeFrame(bytes);
    if (frame.kind !== 'vrrp') continue;
    const { ip, packet, offset, length } = frame;
    const own = lengthBeforeTrailer(packet, offset, length, ip.family) ?? length;
    const message = decodeAdvertisement(packet, offset, own, ip.family);
    if (!message.ok) continue;
    const { source, destination, ttl } = ip;
    found.push({ at, source, destination, ttl, advertisement: message.value });
  }
  return found;
}

/** A gratuitous ARP or an unsolicited Neighbor Advertisement. */
interface CapturedAnnouncement {
  readonly at: number;
  readonly address: IpAddress;
  readonly mac: string;
}

export function announcementsIn(frames: readonly CapturedFrame[]): CapturedAnnouncement[] {
  const found: CapturedAnnouncement[] = [];
  for (const { at, bytes } of frames) {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'arp' && frame.arp.senderIp === frame.arp.targetIp) {
      found.push({ at, address: frame.arp.senderIp, mac: frame.arp.senderMac });
    }
    if (frame.kind === 'neighbor-advertisement' && !frame.advertisement.solicited) {
      const { target, targetMac } = frame.advertisement;
      found.push({ at, address: target, mac: targetMac ?? frame.ethernet.source });
    }
  }
  return found;
}
