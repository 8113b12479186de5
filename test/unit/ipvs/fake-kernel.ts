/** A kernel with IPVS in memory that records what is written to it. */

import type { IpvsKernel, IpvsPort } from '../../../src/ipvs/keep/ipvs-kernel.ts';
import type { RefusedChange } from '../../../src/ipvs/kernel/ipvs-client.ts';
import { TableWatch } from '../../../src/ipvs/table/table-watch.ts';
import { errnoNumber } from '../../../src/kernel/ffi/errno.ts';
import { KernelError } from '../../../src/kernel/ffi/kernel-error.ts';
import { emptySummary } from '../../../src/net/connection.ts';
import { formatEndpoint } from '../../../src/net/endpoint.ts';
import {
  type DaemonRole,
  type Server,
  type ServerRow,
  type Service,
  type ServiceKey,
  type ServiceRow,
  type Statistics,
  type SyncDaemon,
  serviceName,
  type TableChange,
} from '../../../src/net/ipvs.ts';
import { type Duration, type Instant, instant } from '../../../src/net/time.ts';

export const NOTHING: Statistics = {
  connections: 0,
  packetsIn: 0,
  packetsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  connectionRate: 0,
  packetRateIn: 0,
  packetRateOut: 0,
  byteRateIn: 0,
  byteRateOut: 0,
};

export class FakeKernel implements IpvsPort {
  readonly written: string[] = [];
  readonly running = new Map<DaemonRole, SyncDaemon>();
  readonly table = new Map<string, { service: Service; readonly servers: Map<string, Server> }>();
  readonly parameters = new Map<string, string>();
  /** Services, parameters and interfaces that it refuses. */
  readonly refuses = new Set<string>();
  /** Changes of the RST guard. */
  readonly guard: ('raised' | 'lowered' | 'abandoned')[] = [];
  /** Delivers a summary of another director. */
  hear: (bytes: Uint8Array, address: string) => void = () => {};
  seconds = { tcp: 900, tcpFin: 120, udp: 300 };
  /** Active connections by server. */
  readonly connections = new Map<string, number>();
  index: number | undefined = 3;
  hasIpvs = true;
  closed = 0;

  get now(): Instant {
    return instant(Date.now() * 1_000);
  }

  get roles(): DaemonRole[] {
    return [...this.running.keys()].sort();
  }

  /** Adds a service as ipvsadm would. */
  add(service: Service, ...servers: Server[]): void {
    const named = new Map(servers.map((server) => [formatEndpoint(server), server]));
    this.table.set(serviceName(service.key), { service, servers: named });
  }

  weightOf(key: ServiceKey, server: string): number | undefined {
    return this.table.get(serviceName(key))?.servers.get(server)?.weight;
  }

  /** The kernel for a keeper, with an empty connection table. */
  kernel(): IpvsKernel {
    return {
      open: async () => {
        if (!this.hasIpvs) throw new Error('this kernel has no IPVS');
        return this;
      },
      sysctls: {
        read: (name) => this.parameters.get(name),
        write: (name, value) => {
          if (this.refuses.has(name)) throw new KernelError(`set ${name}`, errnoNumber('EINVAL'));
          this.written.push(`${name} = ${value}`);
          this.parameters.set(name, value);
        },
      },
      interfaceIndex: () => this.index,
      now: () => this.now,
      guardTable: () => ({
        want: async (content) => {
          this.guard.push(content === undefined ? 'lowered' : 'raised');
        },
        abandon: () => {
          this.guard.push('abandoned');
        },
      }),
      watch: ({ router, settings, isMaster, log, caughtUp, moved }) => {
        const watch = new TableWatch({
          ...{ router, settings, isMaster, log, caughtUp, moved },
          sender: 1,
          refresh: 0 as Duration,
          now: () => this.now,
          processor: () => 0 as Duration,
          lines: async function* () {},
          count: () => ({ all: emptySummary(), shared: emptySummary() }),
          open: async (hear) => {
            this.hear = hear;
            return { send: async () => {}, close: () => {} };
          },
          entries: () => () => undefined,
        });
        watch.start();
        return watch;
      },
    };
  }

  info() {
    return { version: '1.2.1', tableSize: 4_096 };
  }

  timeouts() {
    return this.seconds;
  }

  setTimeouts({ tcp, tcpFin, udp }: ReturnType<FakeKernel['timeouts']>): void {
    this.written.push(`timeouts ${tcp} ${tcpFin} ${udp}`);
    const { seconds: former } = this;
    this.seconds = {
      tcp: tcp || former.tcp,
      tcpFin: tcpFin || former.tcpFin,
      udp: udp || former.udp,
    };
  }

  services(): ServiceRow[] {
    return [...this.table.values()].map(({ service }) => ({ ...service, statistics: NOTHING }));
  }

  servers(key: ServiceKey): ServerRow[] {
    const servers = this.table.get(serviceName(key))?.servers.values() ?? [];
    return [...servers].map((server) => ({
      ...server,
      activeConnections: this.connections.get(formatEndpoint(server)) ?? 0,
      inactiveConnections: 0,
      persistentConnections: 0,
      statistics: NOTHING,
    }));
  }

  daemons(): SyncDaemon[] {
    return [...this.running.values()];
  }

  startDaemon(daemon: SyncDaemon): void {
    if (this.refuses.has(daemon.interface)) {
      throw new KernelError(`start the ${daemon.role} sync daemon`, errnoNumber('ENODEV'));
    }
    this.written.push(`start ${daemon.role}`);
    this.running.set(daemon.role, daemon);
  }

  stopDaemon(role: DaemonRole): void {
    this.written.push(`stop ${role}`);
    this.running.delete(role);
  }

  async change(changes: readonly TableChange[]): Promise<RefusedChange[]> {
    return changes.flatMap((change): RefusedChange[] => {
      const key = 'key' in change ? change.key : change.service.key;
      if (this.refuses.has(serviceName(key))) {
        return [{ change, error: new KernelError(change.kind, errnoNumber('ENOENT')) }];
      }
      this.#change(change, serviceName(key));
      return [];
    });
  }

  close(): void {
    this.closed++;
  }

  #change(change: TableChange, name: string): void {
    const server = 'server' in change ? ` ${formatEndpoint(change.server)}` : '';
    this.written.push(`${change.kind} ${name}${server}`);
    const entry = this.table.get(name);
    switch (change.kind) {
      case 'service.add':
      case 'service.edit':
        this.table.set(name, { service: change.service, servers: entry?.servers ?? new Map() });
        return;
      case 'service.remove':
        this.table.delete(name);
        return;
      case 'server.add':
      case 'server.edit':
        entry?.servers.set(formatEndpoint(change.server), change.server);
        return;
      case 'server.remove':
        entry?.servers.delete(formatEndpoint(change.server));
    }
  }
}
