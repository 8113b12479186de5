/**
 * Collects the outputs of one turn and orders them so that no VIP is announced or advertised before
 * the kernel has it, and none is removed before its MASTER has resigned:
 * sockets, links set up, addresses to add and the routes and rules behind them, advertisements,
 * BFD, datagrams to the other directors, announcements, rules, routes and addresses to remove, lifetimes to renew, reports.
 */
import type {
  AddressChange,
  KernelChange,
  OutgoingDatagram,
  OutgoingFrame,
} from '../../../net/link.ts';
import type { OutgoingBfd } from '../bfd-messages.ts';
import type { OutgoingPeerDatagram } from '../director-messages.ts';
import type { Output } from '../outputs.ts';
import type { Report } from '../reports.ts';
import type { BatchPlace } from './pending-changes.ts';

const NOTHING: readonly Output[] = [];

interface Batch {
  readonly id: number;
  readonly changes: KernelChange[];
}

export class Outbox {
  #empty = true;
  #first: Output[] = [];
  #linksToSetUp: number[] = [];
  #additions: Batch | undefined;
  #datagrams: OutgoingDatagram[] = [];
  #toDirectors: OutgoingPeerDatagram[] = [];
  #bfd: readonly OutgoingBfd[] = [];
  readonly #frames: OutgoingFrame[][] = [];
  #removals: Batch | undefined;
  #renewals: Batch | undefined;
  #reports: Output[] = [];
  #finished = false;
  #nextId = 1;

  /** Outputs that precede all others: sockets, queues, virtual links. */
  first(output: Output): void {
    this.#first.push(output);
    this.#empty = false;
  }

  setLinkUp(index: number): void {
    this.#linksToSetUp.push(index);
    this.#empty = false;
  }

  sendDatagrams(datagrams: readonly OutgoingDatagram[]): void {
    for (const datagram of datagrams) this.#datagrams.push(datagram);
    this.#empty = false;
  }

  sendToDirectors(datagrams: readonly OutgoingPeerDatagram[]): void {
    this.#toDirectors.push(...datagrams);
    this.#empty = false;
  }

  /** The packets of a turn. */
  sendBfd(datagrams: readonly OutgoingBfd[]): void {
    this.#bfd = datagrams;
    this.#empty = false;
  }

  /** Frames of a later wave are sent last: no VIP is announced twice before each is announced once. */
  sendFrames(frames: readonly OutgoingFrame[], wave = 0): void {
    this.#frames[wave] ??= [];
    for (const frame of frames) this.#frames[wave].push(frame);
    this.#empty = false;
  }

  /** Appends the change to the batch of its kind and returns its place there. */
  change(change: KernelChange): BatchPlace {
    this.#empty = false;
    if (change.operation === 'add') {
      this.#additions ??= { id: this.#nextId++, changes: [] };
      return placed(change, this.#additions);
    }
    this.#removals ??= { id: this.#nextId++, changes: [] };
    return placed(change, this.#removals);
  }

  /** The answer is ignored: the kernel reports an address that could not be renewed when it expires. */
  renew(change: AddressChange): void {
    this.#empty = false;
    this.#renewals ??= { id: this.#nextId++, changes: [] };
    this.#renewals.changes.push(change);
  }

  report(report: Report): void {
    this.#reports.push({ kind: 'report', report });
    this.#empty = false;
  }

  finish(): void {
    this.#finished = true;
    this.#empty = false;
  }

  /** Returns the outputs in order and empties the outbox. */
  take(): readonly Output[] {
    if (this.#empty) return NOTHING;
    const outputs = this.#first;
    if (this.#linksToSetUp.length > 0) {
      outputs.push({ kind: 'links.set-up', indexes: this.#linksToSetUp });
      this.#linksToSetUp = [];
    }
    if (this.#additions !== undefined) outputs.push(batchOutput(this.#additions));
    if (this.#datagrams.length > 0) {
      outputs.push({ kind: 'datagrams.send', datagrams: this.#datagrams });
      this.#datagrams = [];
    }
    if (this.#bfd.length > 0) {
      outputs.push({ kind: 'bfd.send', datagrams: this.#bfd });
      this.#bfd = [];
    }
    if (this.#toDirectors.length > 0) {
      outputs.push({ kind: 'director.send', datagrams: this.#toDirectors });
      this.#toDirectors = [];
    }
    if (this.#frames.length > 0) {
      outputs.push({ kind: 'frames.send', frames: this.#frames.flat() });
      this.#frames.length = 0;
    }
    if (this.#removals !== undefined) outputs.push(batchOutput(this.#removals));
    if (this.#renewals !== undefined) outputs.push(batchOutput(this.#renewals));
    if (this.#reports.length > 0) {
      outputs.push(...this.#reports);
      this.#reports = [];
    }
    if (this.#finished) outputs.push({ kind: 'finished' });
    this.#first = [];
    this.#additions = undefined;
    this.#removals = undefined;
    this.#renewals = undefined;
    this.#finished = false;
    this.#empty = true;
    return outputs;
  }
}

function placed(change: KernelChange, { id, changes }: Batch): BatchPlace {
  changes.push(change);
  return { id, position: changes.length - 1 };
}

function batchOutput(batch: Batch): Output {
  return { kind: 'kernel.change', ...batch };
}
