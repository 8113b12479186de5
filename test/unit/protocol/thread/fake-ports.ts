/** Fake ports for a loop: they record each call in order and answer as a test has set them. */

import type { PacketSink } from '../../../../src/kernel/ports.ts';
import type { IpAddress } from '../../../../src/net/address.ts';
import type {
  LinkEvent,
  LinkState,
  OutgoingDatagram,
  SendFailure,
} from '../../../../src/net/link.ts';
import { after, type Duration, type Instant, instant } from '../../../../src/net/time.ts';
import { CounterTable, countersLength } from '../../../../src/protocol/engine/counters.ts';
import { Engine } from '../../../../src/protocol/engine/engine.ts';
import { type Keyring, NO_KEYS } from '../../../../src/protocol/engine/keyring.ts';
import type { Report } from '../../../../src/protocol/engine/reports.ts';
import type { InstanceSettings } from '../../../../src/protocol/engine/settings.ts';
import { Loop } from '../../../../src/protocol/thread/loop.ts';
import { INDEX, instanceOf, linkOf } from '../../../conformance/rig.ts';

interface FakeOptions {
  /** Instances beside the first one. */
  readonly others?: readonly Partial<InstanceSettings>[];
  readonly standby?: boolean;
  readonly wallOffset?: number;
  readonly keyring?: Keyring;
}

export class FakePorts {
  readonly engine: Engine;
  readonly loop: Loop;
  readonly calls: string[] = [];
  readonly reports: Report[] = [];
  readonly lateness: number[] = [];
  now: Instant = instant(1_000_000_000);
  deadline: Instant = this.now;
  /** The wall clock less the engine's clock; undefined: the loop has none. */
  wallOffset: number | undefined;
  links: readonly LinkState[] = [linkOf()];
  /** The links once addresses are claimed, on a kernel that does not keep their marks. */
  claimedLinks: readonly LinkState[] | undefined;
  /** Nothing changes while the links are read. */
  isQuiet = true;
  /** Waiting packets; `endless`: however many are read, one more waits. */
  inbox: Uint8Array[] = [];
  endless: Uint8Array | undefined;
  /** How long each of them has waited. */
  waited = 0 as Duration;
  events: LinkEvent[] = [];
  monitor: 'drained' | 'overrun' | 'malformed' = 'drained';
  leftRoutes: string[] = [];
  errno = 0;
  /** How many changes of a batch the kernel answers at most. */
  answersOnly = Number.POSITIVE_INFINITY;
  /** The errno that keeps advertisements from leaving. */
  sendFailure = '';
  /** The same on one link, by index. */
  readonly sendFailureOn = new Map<number, string>();
  #failures: readonly SendFailure[] = [];
  /** How many datagrams of a batch leave nevertheless. */
  reaches = 0;
  listenFailure: Error | undefined;
  snapshotFailure: Error | undefined;

  constructor(
    more: Partial<InstanceSettings> = {},
    linger: 'auto' | 'off' = 'off',
    { others = [], standby = false, wallOffset, keyring = NO_KEYS }: FakeOptions = {},
  ) {
    this.wallOffset = wallOffset;
    const instances = [more, ...others].map(instanceOf);
    const settings = { router: 'lb1', linger, instances, syncGroups: [] };
    const counters = new CounterTable(new Float64Array(countersLength(instances.length)));
    this.engine = new Engine(settings, counters, { standby, keyring });
    this.loop = new Loop(this.engine, this.#ports(), {
      reports: (reports) => {
        this.calls.push('reports');
        this.reports.push(...reports);
      },
      lateness: (microseconds) => this.lateness.push(microseconds),
      finished: () => this.calls.push('finished'),
    });
  }

  /** Advances the clock and wakes the loop; returns the calls of that turn. */
  turnAfter(delay: Duration): string[] {
    this.now = after(this.now, delay);
    return this.during(() => this.loop.turn());
  }

  during(action: () => void): string[] {
    this.calls.length = 0;
    action();
    return [...this.calls];
  }

  /** The newest row of `status`. */
  get view() {
    return this.reports.flatMap((report) => (report.kind === 'view' ? [report.view] : [])).at(-1);
  }

  #ports() {
    const { wallOffset } = this;
    return {
      clock: {
        now: () => this.now,
        ...(wallOffset === undefined ? {} : { wall: () => this.now + (this.wallOffset ?? 0) }),
        arm: (deadline: Instant) => {
          this.deadline = deadline;
          this.calls.push('arm');
        },
      },
      wakeOnPackets: (wake: boolean) => void this.calls.push(`wake on packets: ${wake}`),
      packets: {
        listen: () => {
          this.calls.push('listen');
          if (this.listenFailure !== undefined) throw this.listenFailure;
        },
        unlisten: () => void this.calls.push('unlisten'),
        sendDatagrams: (datagrams: readonly OutgoingDatagram[]) => {
          const priorities = datagrams.map(({ packet }) => packet[22]);
          this.calls.push(`advertise ${priorities.join()}`);
          this.#failures = datagrams.slice(this.reaches).flatMap((one) => {
            const errno = this.sendFailureOn.get(one.index) ?? this.sendFailure;
            return errno === '' ? [] : [{ errno, count: 1, datagrams: [one] }];
          });
          return this.#failures.length;
        },
        sendFailures: () => this.#failures,
        sendFrames: () => {
          this.calls.push('announce');
          return 0;
        },
        drain: (limit: number, sink: PacketSink) => {
          this.calls.push(`read ${limit}`);
          const { endless } = this;
          const packets = endless === undefined ? this.inbox.splice(0, limit) : [endless];
          for (const packet of packets) sink(INDEX, packet, packet.length, this.waited);
          return endless === undefined && this.inbox.length === 0;
        },
        discard: () => {
          this.calls.push('discard');
          this.inbox = [];
        },
        close: () => undefined,
      },
      routes: {
        changeKernel: (changes: readonly { readonly operation: string }[]) => {
          this.calls.push(...changes.map(({ operation }) => operation));
          const answers = changes.map(() => ({ errno: this.errno, text: undefined }));
          return answers.slice(0, this.answersOnly);
        },
        gateway: () => null,
        prefixRoute: () => null,
        clearRouting: () => this.leftRoutes,
        claim: (addresses: readonly IpAddress[]) => {
          this.calls.push(`claim ${addresses.join()}`);
          this.links = this.claimedLinks ?? this.links;
          return this.claimedLinks !== undefined;
        },
        setLinksUp: (indexes: readonly number[]) => {
          this.calls.push(...indexes.map((index) => `raise ${index}`));
          return indexes.map(() => ({ errno: this.errno, text: undefined }));
        },
        snapshot: () => {
          this.calls.push('snapshot');
          if (this.snapshotFailure !== undefined) throw this.snapshotFailure;
          return { links: [...this.links], complete: this.isQuiet };
        },
        drain: (sink: (event: LinkEvent) => void) => {
          this.calls.push('read changes');
          for (const event of this.events.splice(0)) sink(event);
          return this.monitor;
        },
        close: () => undefined,
      },
    };
  }
}
