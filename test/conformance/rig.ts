/**
 * One engine in a test: packets and inputs go in, outputs come out as lines of text, in order. The
 * kernel obeys immediately unless a test says otherwise.
 */

import { linesOf } from '../../scripts/replay/lines.ts';
import { familyOf, type IpAddress, ip, ipFromBytes, mac } from '../../src/net/address.ts';
import type { KernelAnswer } from '../../src/net/kernel-answer.ts';
import type {
  AddressState,
  KernelChange,
  LinkState,
  OutgoingDatagram,
  OutgoingFrame,
} from '../../src/net/link.ts';
import type { PrefixRoute, Route } from '../../src/net/routing.ts';
import { after, type Duration, type Instant, instant, seconds } from '../../src/net/time.ts';
import {
  type CounterName,
  CounterTable,
  countersLength,
} from '../../src/protocol/engine/counters.ts';
import { Engine } from '../../src/protocol/engine/engine.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import { type Keyring, NO_KEYS } from '../../src/protocol/engine/keyring.ts';
import type { Output } from '../../src/protocol/engine/outputs.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import type { InstanceSettings, Settings } from '../../src/protocol/engine/settings.ts';
import type { InstanceView } from '../../src/protocol/engine/view.ts';
import type { Batch } from '../../src/protocol/thread/recording/entry.ts';
import { RecordedKeyring } from '../../src/protocol/thread/recording/recorded-keyring.ts';
import { type EngineInputs, Recorder } from '../../src/protocol/thread/recording/recorder.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../src/wire/ip.ts';
import { NEIGHBOR_SOLICITATION } from '../../src/wire/neighbor.ts';
import { type Advertisement, encodeAdvertisement } from '../../src/wire/vrrp/advertisement.ts';
import type { ChecksumForm } from '../../src/wire/vrrp/checksum.ts';

export const INDEX = 2;
export const OWN = ip('192.0.2.11');
export const PEER = ip('192.0.2.12');
export const VIP = ip('203.0.113.100');
export const OWN6 = ip('fe80::11');
export const PEER6 = ip('fe80::12');
export const VIP6 = ip('fe80::100');

export const NO_GARP = {
  repeat: 0,
  secondBurstAfter: 0 as Duration,
  refresh: 0 as Duration,
  form: 'request' as const,
};

/** Priority 100, one second, one VIP; announcements as a test wants them. */
export function instanceOf(more: Partial<InstanceSettings> = {}): InstanceSettings {
  const isIpv6 = more.family === 'ipv6';
  return {
    name: 'web',
    interface: 'eth0',
    family: 'ipv4',
    vrid: 55,
    version: 3,
    priority: 100,
    advertisementInterval: seconds(1),
    addresses: [
      { address: isIpv6 ? VIP6 : VIP, prefixLength: isIpv6 ? 64 : 32, interface: 'eth0' },
    ],
    extraAddresses: [],
    routes: [],
    rules: [],
    preempt: true,
    preemptDelay: 0 as Duration,
    accept: true,
    checksum: 'auto',
    authentication: { type: 'none' },
    unicast: undefined,
    sourceAddress: undefined,
    garp: NO_GARP,
    neighborAdvertisement: { router: 'auto' },
    track: [],
    virtualMac: undefined,
    ...more,
  };
}

/** A default route on eth0. */
export function defaultRoute(via: IpAddress, more: Partial<Route> = {}): Route {
  return {
    kind: 'route',
    family: 'ipv4',
    destination: { address: ip('0.0.0.0'), length: 0 },
    via,
    interface: 'eth0',
    source: undefined,
    metric: 0,
    table: 254,
    onlink: false,
    mtu: undefined,
    ...more,
  };
}

export function addressOf(text: string, more: Partial<AddressState> = {}): AddressState {
  const [address = '', length = ''] = text.split('/');
  const state = { ours: false, tentative: false, duplicate: false };
  return { address: ip(address), prefixLength: Number(length), ...state, ...more };
}

export function linkOf(more: Partial<LinkState> = {}): LinkState {
  return {
    index: INDEX,
    name: 'eth0',
    mac: mac('02:00:00:00:00:02'),
    mtu: 1500,
    running: true,
    addresses: [addressOf('192.0.2.11/24'), addressOf('fe80::11/64')],
    ...more,
  };
}

/** Counter rows for instances that a test adds. */
const SPARE_ROWS = 4;

/** Changes a message before it is put into its packet. */
export type Bend = (message: Uint8Array) => Uint8Array;

export interface AdvertOptions extends Partial<Advertisement> {
  readonly source?: IpAddress;
  readonly destination?: IpAddress;
  readonly ttl?: number;
  readonly protocol?: number;
  readonly form?: ChecksumForm;
  readonly bend?: Bend;
}

/** A peer's advertisement of the virtual router of `instanceOf`, as a complete IP packet. */
export function advert(options: AdvertOptions = {}): Uint8Array {
  const { source = PEER, ttl = 255, protocol = 112, form = 'rfc9568', bend } = options;
  const isIpv6 = familyOf(source) === 'ipv6';
  const { destination = ip(isIpv6 ? 'ff02::12' : '224.0.0.18') } = options;
  const message = encodeAdvertisement(
    {
      version: 3,
      vrid: 55,
      priority: 200,
      interval: seconds(1),
      addresses: [isIpv6 ? VIP6 : VIP],
      ...options,
    },
    { source, destination },
    form,
  );
  const bent = bend?.(message) ?? message;
  const trafficClass = 0xc0;
  return isIpv6
    ? encodeIpv6Packet(
        { source, destination, hopLimit: ttl, trafficClass, nextHeader: protocol },
        bent,
      )
    : encodeIpv4Packet({ source, destination, ttl, trafficClass, protocol }, bent);
}

export interface RigOptions {
  readonly linger?: Settings['linger'];
  readonly links?: readonly LinkState[];
  readonly shortcut?: boolean;
  readonly standby?: boolean;
  readonly syncGroups?: Settings['syncGroups'];
  /** Zero by default, so that a hand-over ends in one turn. */
  readonly handoverOverlap?: Duration;
  /** Keys of routers that authenticate by HMAC. */
  readonly keyring?: Keyring;
  readonly lastNumber?: BigUint64Array;
  /** For the masterships that outlive the engine. */
  readonly masterships?: Float64Array;
  /** Its name for the other directors. */
  readonly router?: string;
  readonly peerLink?: Settings['peerLink'];
  readonly witness?: Settings['witness'];
  /** Further settings of the agent. */
  readonly common?: Pick<Settings, 'startDelay' | 'linkDelays'>;
  /** Receives the entries of a recording of this engine. */
  readonly record?: (batch: Batch) => void;
}

export class Rig {
  readonly engine: Engine;
  readonly recorder: Recorder | undefined;
  readonly counters: CounterTable;
  readonly reports: Report[] = [];
  /** The IP packets that it has sent. */
  readonly sent: OutgoingDatagram[] = [];
  now: Instant = instant(1_000_000_000);
  /** The kernel's answer to one change. */
  errnoOf: (change: KernelChange) => number = () => 0;
  /** The kernel's error message for a refused change. */
  words: string | undefined;
  /** Its answer to each link that is to be set up. */
  raiseErrno = 0;
  /** The default gateway of its links. */
  gateway: IpAddress | null = null;
  /** What reaches the prefixes of the host's addresses. */
  prefixRoute: PrefixRoute | null = 'other';
  /** The hosts by which the routes to prefixes were asked for. */
  readonly asked: IpAddress[] = [];
  /** The links of which the default gateway was asked for. */
  readonly lookups: number[] = [];
  /** Hosts that answer questions of ARP and ND at once. */
  readonly answering = new Set<IpAddress>();
  readonly #links: readonly LinkState[];

  constructor(instances: readonly Partial<InstanceSettings>[] = [{}], options: RigOptions = {}) {
    const {
      linger = 'off',
      links = [linkOf()],
      shortcut = true,
      standby = false,
      syncGroups = [],
      handoverOverlap = 0 as Duration,
      masterships = new Float64Array(0),
      router = 'lb1',
      peerLink,
      witness,
      common = {},
      record: send,
      keyring = NO_KEYS,
      lastNumber = new BigUint64Array(1),
    } = options;
    const settings = {
      ...{ router, linger, instances: instances.map(instanceOf), syncGroups, ...common },
      ...(peerLink === undefined ? {} : { peerLink }),
      ...(witness === undefined ? {} : { witness }),
    };
    this.counters = new CounterTable(
      new Float64Array(countersLength(instances.length + SPARE_ROWS)),
    );
    const more = { shortcut, standby, handoverOverlap, masterships };
    const recorded = send === undefined ? undefined : new RecordedKeyring(keyring);
    const own = { keyring: recorded ?? keyring, lastNumber };
    this.engine = new Engine(settings, this.counters, { ...more, ...own });
    this.#links = links;
    if (send === undefined || recorded === undefined) return;
    this.recorder = new Recorder({
      ...{ engine: this.engine, settings, standby, handoverOverlap, send, now: this.now },
      keyring: recorded,
      wall: () => 0,
      taken: () => Number.MAX_SAFE_INTEGER,
    });
  }

  start(links: readonly LinkState[] = this.#links): string[] {
    return this.handle({ kind: 'links.replaced', links });
  }

  /** One input, followed by the kernel's answers to its outputs. */
  handle(input: Input): string[] {
    const lines = this.#perform(this.#inputs.handle(input, this.now));
    this.#inputs.performed();
    this.recorder?.turned(this.now);
    return lines;
  }

  /** Packets that wait together, and then `quiet`. */
  hear(...packets: Uint8Array[]): string[] {
    for (const packet of packets) this.#inputs.receive(INDEX, packet, packet.length, this.now);
    return this.handle({ kind: 'quiet' });
  }

  /** Time passes; every deadline is met to the microsecond. */
  elapse(duration: Duration): string[] {
    const end = after(this.now, duration);
    const lines: string[] = [];
    for (let turns = 0; this.engine.deadline() <= end; turns++) {
      if (turns > 100_000) throw new Error('the deadline does not move');
      this.now = Math.max(this.now, this.engine.deadline()) as Instant;
      lines.push(...this.turn());
    }
    this.now = end;
    return lines;
  }

  /** Time passes while the thread is stalled. */
  freeze(duration: Duration): void {
    this.now = after(this.now, duration);
  }

  turn(): string[] {
    return [...this.handle({ kind: 'wake' }), ...this.handle({ kind: 'quiet' })];
  }

  /** Until no MASTER was heard for the Master_Down_Interval. */
  becomeMaster(): string[] {
    return this.elapse(seconds(4));
  }

  view(position = 0): InstanceView {
    const view = this.engine.view()[position];
    if (view === undefined) throw new RangeError(`no instance ${position}`);
    return view;
  }

  get state(): string {
    return this.view().state;
  }

  count(counter: CounterName, row = 1): number {
    return this.counters.read(row, counter);
  }

  #answersTo(frames: readonly OutgoingFrame[]): Input[] {
    return frames.flatMap(({ index, frame }): Input[] => {
      const address = askedIn(frame);
      if (address === undefined || !this.answering.has(address)) return [];
      const claim = { index, address, mac: mac('02:00:00:00:00:98'), to: askerIn(frame) };
      return [{ kind: 'address.claimed', ...claim }];
    });
  }

  get #inputs(): EngineInputs {
    return this.recorder ?? this.engine;
  }

  #perform(outputs: readonly Output[]): string[] {
    const lines: string[] = [];
    const answers: Input[] = [];
    for (const output of outputs) {
      lines.push(...linesOf(output));
      if (output.kind === 'links.set-up') {
        const given = output.indexes.map(() => answered(this.raiseErrno));
        answers.push({ kind: 'links.up', indexes: output.indexes, answers: given });
      }
      if (output.kind === 'report') this.reports.push(output.report);
      if (output.kind === 'datagrams.send') this.sent.push(...output.datagrams);
      if (output.kind === 'gateway.find') {
        const { index, family } = output;
        this.lookups.push(index);
        answers.push({ kind: 'gateway.found', index, family, address: this.gateway });
      }
      if (output.kind === 'prefix.find') {
        const { index, prefix, host } = output;
        this.asked.push(host);
        answers.push({ kind: 'prefix.found', index, prefix, route: this.prefixRoute });
      }
      if (output.kind === 'frames.send') answers.push(...this.#answersTo(output.frames));
      if (output.kind !== 'kernel.change') continue;
      const given = output.changes.map((change) => answered(this.errnoOf(change), this.words));
      answers.push({ kind: 'kernel.changed', id: output.id, answers: given });
    }
    for (const answer of answers) lines.push(...this.handle(answer));
    return lines;
  }
}

/** The address that a frame of ARP or ND asks for; the target is behind the headers (RFC 4861 section 4.3). */
function askedIn(frame: Uint8Array): IpAddress | undefined {
  const decoded = decodeFrame(frame);
  if (decoded.kind === 'arp') return decoded.arp.targetIp;
  return frame[54] === NEIGHBOR_SOLICITATION ? ipFromBytes(frame, 62, 16) : undefined;
}

function askerIn(frame: Uint8Array): IpAddress {
  const decoded = decodeFrame(frame);
  return decoded.kind === 'arp' ? decoded.arp.senderIp : ipFromBytes(frame, 22, 16);
}

/** The kernel's answer, with its error message for a refusal. */
export function answered(errno: number, words?: string): KernelAnswer {
  return { errno, text: errno === 0 ? undefined : words };
}
