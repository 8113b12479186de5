/**
 * Other programs that speak VRRP in this network namespace, such as keepalived. Two on one VRID are not
 * each other's peers: the kernel does not return the packets of one to the other, so both are MASTER.
 */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { otherProgramText } from '../../control/other-program-text.ts';
import type { EventFacts, OtherProgramDocument } from '../../control/protocol.ts';
import { ObserveSocket } from '../../kernel/packet/observe-socket.ts';
import { type SocketOwner, vrrpPrograms } from '../../kernel/process/protocol-sockets.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import { byteAt } from '../../wire/bytes.ts';
import { decodeFrame } from '../../wire/frame.ts';

/** How often the sockets are looked at, in milliseconds. */
const LOOK_MS = 60_000;

/** Longer than the interval of nearly all MASTERs. */
const LISTEN_MS = 3_500;
const DRAIN_MS = 250;
const FRAMES_MAX = 256;

interface OtherProgramsOptions {
  readonly settings: () => Settings;
  /** An advertisement of an instance that is MASTER is the agent's own. */
  readonly isMaster: (instance: string) => boolean;
  readonly record: (facts: EventFacts) => void;
  /** Default: those of this host. */
  readonly programs?: () => readonly SocketOwner[];
}

export class OtherPrograms {
  readonly #options: OtherProgramsOptions;
  /** By pid. */
  readonly #known = new Map<number | undefined, OtherProgramDocument>();
  #timer: NodeJS.Timeout | undefined;
  #listening: NodeJS.Timeout | undefined;
  #endListening = () => {};

  constructor(options: OtherProgramsOptions) {
    this.#options = options;
  }

  get documents(): readonly OtherProgramDocument[] {
    // One that has ended is not shown until the next look.
    const runs = ({ pid }: OtherProgramDocument) => pid === null || existsSync(`/proc/${pid}`);
    return [...this.#known.values()].filter(runs);
  }

  /** `listens`: also hears which VRIDs they use, before an instance of this agent can be MASTER. */
  start(listens: boolean): void {
    this.#look(listens);
    this.#timer = setInterval(() => this.#look(false), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#endListening();
  }

  #look(listens: boolean): void {
    const owners = (this.#options.programs ?? vrrpPrograms)();
    for (const pid of this.#known.keys()) {
      if (!owners.some((one) => one.pid === pid)) this.#known.delete(pid);
    }
    const added = owners.filter(({ pid }) => !this.#known.has(pid));
    for (const owner of added) this.#report(owner, []);
    if (added.length > 0 && listens) this.#listen(added);
  }

  #report({ pid, program }: SocketOwner, instances: readonly string[]): void {
    const facts = { pid: pid ?? null, program: program ?? null, instances };
    const message = otherProgramText(facts);
    this.#known.set(pid, { ...facts, message });
    this.#options.record({ kind: 'other-vrrp-program', ...facts });
  }

  /** A packet socket gets a copy of what other programs of this host send. */
  #listen(owners: readonly SocketOwner[]): void {
    const { instances } = this.#options.settings();
    const links = new Map(instances.flatMap(({ interface: name }) => socketOn(name)));
    const heard = new Set<string>();
    const drain = () => {
      for (const [name, socket] of links) {
        drained(socket, (source, vrid) => {
          const one = instances.find((it) => it.interface === name && it.vrid === vrid);
          if (one === undefined || !isOwnAddress(source)) return;
          if (!this.#options.isMaster(one.name)) heard.add(one.name);
        });
      }
    };
    const draining = setInterval(drain, DRAIN_MS);
    this.#endListening = () => {
      clearInterval(draining);
      clearTimeout(this.#listening);
      for (const socket of links.values()) socket.close();
      this.#endListening = () => {};
    };
    this.#listening = setTimeout(() => {
      this.#endListening();
      if (heard.size === 0) return;
      for (const owner of owners) this.#report(owner, [...heard].sort());
    }, LISTEN_MS);
  }
}

/** For `check`, one sentence each. Only where the process is known: a running agent has such sockets too. */
export function otherProgramWarnings(): string[] {
  return vrrpPrograms()
    .filter(({ pid }) => pid !== undefined)
    .map(({ pid, program }) =>
      otherProgramText({ pid: pid ?? null, program: program ?? null, instances: [] }),
    );
}

function socketOn(name: string): [string, ObserveSocket][] {
  try {
    const socket = ObserveSocket.on(name);
    return socket === undefined ? [] : [[name, socket]];
  } catch {
    // What is sent there stays unknown.
    return [];
  }
}

function drained(socket: ObserveSocket, sink: (source: string, vrid: number) => void): void {
  try {
    socket.drain(FRAMES_MAX, (bytes, length) => {
      const frame = decodeFrame(bytes, length);
      if (frame.kind !== 'vrrp' || frame.length < 2) return;
      sink(frame.ip.source, byteAt(frame.packet, frame.offset + 1));
    });
  } catch {
    // The link is gone.
  }
}

function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((all = []) =>
    all.some((one) => one.address === address),
  );
}
