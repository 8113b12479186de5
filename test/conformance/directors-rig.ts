/** Two engines on one peer link, whose datagrams pass through the codec; the service segment is empty. */
import { linesOf } from '../../scripts/replay/lines.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import {
  type Duration,
  earliest,
  type Instant,
  instant,
  milliseconds,
} from '../../src/net/time.ts';
import { CounterTable, countersLength } from '../../src/protocol/engine/counters.ts';
import { Engine } from '../../src/protocol/engine/engine.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import type { Output } from '../../src/protocol/engine/outputs.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import type {
  InstanceSettings,
  PeerLinkSettings,
  Settings,
} from '../../src/protocol/engine/settings.ts';
import {
  decodeDatagram,
  encodeDatagram,
  LONGEST_DATAGRAM,
  type PeerDatagram,
} from '../../src/wire/peer-link/datagram.ts';
import { StatementMemory } from '../../src/wire/peer-link/statement-memory.ts';
import { instanceOf, linkOf } from './rig.ts';

export const LB1 = ip('198.51.100.139');
export const LB2 = ip('198.51.100.140');

const DELAY = milliseconds(1);

interface Flight {
  readonly at: Instant;
  readonly to: Director;
  readonly from: string;
  readonly bytes: Uint8Array;
}

export interface DirectorOptions {
  readonly instances?: readonly Partial<InstanceSettings>[];
  readonly link?: Partial<PeerLinkSettings>;
}

export class Director {
  readonly name: string;
  readonly address: IpAddress;
  readonly reports: Report[] = [];
  engine: Engine;
  boot: string;
  /** How far its wall clock is ahead, in microseconds. */
  clock = 0;
  /** The errno when it opens its socket. */
  refusal: string | undefined;
  sent: PeerDatagram[] = [];
  readonly counters: CounterTable;
  readonly settings: Settings;
  readonly memory = new StatementMemory();

  constructor(name: string, peer: string, { instances = [{}], link = {} }: DirectorOptions = {}) {
    this.name = name;
    this.address = name === 'lb1' ? LB1 : LB2;
    this.boot = name === 'lb1' ? '1111111111111111' : '2222222222222222';
    const peerLink: PeerLinkSettings = {
      source: this.address,
      port: 8843,
      heartbeat: milliseconds(100),
      directors: [{ name: peer, address: name === 'lb1' ? LB2 : LB1 }],
      services: 0,
      ...link,
    };
    this.settings = {
      ...{ router: name, linger: 'off', instances: instances.map(instanceOf), syncGroups: [] },
      peerLink,
    };
    this.counters = new CounterTable(new Float64Array(countersLength(instances.length + 4)));
    this.engine = new Engine(this.settings, this.counters);
  }

  /** What happened between the directors, in lines. */
  get lines(): string[] {
    return this.reports.flatMap((report) => linesOf({ kind: 'report', report })).filter(isOfPeers);
  }
}

export class DirectorPair {
  readonly lb1: Director;
  readonly lb2: Director;
  now: Instant = instant(1_000_000_000);
  /** Drops what this returns true for. */
  drops: (from: string, datagram: PeerDatagram) => boolean = () => false;
  readonly #flights: Flight[] = [];

  constructor(first: DirectorOptions = {}, second: DirectorOptions = {}) {
    this.lb1 = new Director('lb1', 'lb2', first);
    this.lb2 = new Director('lb2', 'lb1', second);
  }

  start(...directors: readonly Director[]): this {
    for (const one of directors.length > 0 ? directors : [this.lb1, this.lb2]) {
      this.handle(one, { kind: 'links.replaced', links: [linkOf()] });
    }
    return this;
  }

  /** Time passes; every deadline and every datagram is served to the microsecond. */
  elapse(duration: Duration): this {
    const end = instant(this.now + duration);
    for (let turns = 0; this.#next() <= end; turns++) {
      if (turns > 200_000) throw new Error('the deadline does not move');
      this.now = instant(Math.max(this.now, this.#next()));
      for (const director of [this.lb1, this.lb2]) {
        if (director.engine.deadline() > this.now) continue;
        this.handle(director, { kind: 'wake' });
        this.#deliver(director);
        this.handle(director, { kind: 'quiet' });
      }
      for (const director of [this.lb1, this.lb2]) this.#deliver(director);
    }
    this.now = end;
    return this;
  }

  handle(director: Director, input: Input): void {
    for (const output of director.engine.handle(input, this.now)) this.#perform(director, output);
  }

  /** Another host sends this to the director, as if it came from its peer, with a right HMAC. */
  replay(director: Director, datagram: PeerDatagram): void {
    const heard = { kind: 'director.heard', director: this.#peerOf(director).name } as const;
    this.handle(director, { ...heard, datagram, wall: this.#wall(director) });
  }

  /** The process ends without a word, and another one begins. */
  restart(director: Director, boot: string): void {
    director.boot = boot;
    director.engine = new Engine(director.settings, director.counters);
    this.start(director);
  }

  #perform(director: Director, output: Output): void {
    switch (output.kind) {
      case 'report':
        director.reports.push(output.report);
        return;
      case 'peer-link.open': {
        const { refusal: errno, boot } = director;
        const version = '1.2.3';
        this.handle(
          director,
          errno === undefined
            ? { kind: 'peer-link.opened', boot, version }
            : { kind: 'peer-link.failed', errno },
        );
        return;
      }
      case 'director.send':
        for (const { datagram } of output.datagrams) this.#send(director, datagram);
        return;
      case 'kernel.change':
        this.handle(director, {
          ...{ kind: 'kernel.changed', id: output.id },
          answers: output.changes.map(() => ({ errno: 0, text: undefined })),
        });
    }
  }

  #send(director: Director, unsent: PeerDatagram): void {
    const datagram = { ...unsent, wall: this.#wall(director) };
    director.sent.push(datagram);
    if (this.drops(director.name, datagram)) return;
    const bytes = encodeDatagram(datagram, 1);
    if (bytes.length > LONGEST_DATAGRAM) throw new Error(`${bytes.length} bytes do not fit`);
    const to = this.#peerOf(director);
    this.#flights.push({ at: instant(this.now + DELAY), to, from: director.name, bytes });
  }

  #deliver(director: Director): void {
    const due = this.#flights.filter(({ at, to }) => to === director && at <= this.now);
    for (const flight of due) {
      this.#flights.splice(this.#flights.indexOf(flight), 1);
      const decoded = decodeDatagram(flight.bytes, flight.to.memory.read);
      if (!decoded.ok) throw new Error(decoded.error.code);
      this.handle(director, {
        ...{ kind: 'director.heard', director: flight.from, datagram: decoded.value },
        wall: this.#wall(director),
      });
    }
  }

  #next(): Instant {
    const next = earliest(this.lb1.engine.deadline(), this.lb2.engine.deadline());
    return this.#flights.reduce((first, { at }) => earliest(first, at), next);
  }

  #wall({ clock }: Director): number {
    return 1_700_000_000_000_000 + this.now + clock;
  }

  #peerOf(director: Director): Director {
    return director === this.lb1 ? this.lb2 : this.lb1;
  }
}

function isOfPeers(line: string): boolean {
  return line.startsWith('peer ');
}
