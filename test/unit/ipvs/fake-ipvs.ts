/** A kernel's service table in memory. */
import type { RefusedChange } from '../../../src/ipvs/kernel/ipvs-client.ts';
import { formatEndpoint } from '../../../src/net/endpoint.ts';
import {
  type Server,
  type ServerRow,
  type Service,
  type ServiceKey,
  type ServiceRow,
  serviceName,
  type TableChange,
} from '../../../src/net/ipvs.ts';
import { NOTHING } from './fake-kernel.ts';

export class FakeIpvs {
  /** The writes, as text. */
  readonly written: string[] = [];
  /** Services whose servers were read. */
  readonly read: string[] = [];
  /** Errors by the kind of change. */
  readonly refusals = new Map<TableChange['kind'], RefusedChange['error']>();
  readonly #services = new Map<string, { service: Service; servers: Map<string, Server> }>();
  readonly #connections = new Map<string, { active: number; inactive: number }>();

  services(): ServiceRow[] {
    return [...this.#services.values()].map(({ service }) => ({
      ...service,
      statistics: NOTHING,
    }));
  }

  servers(key: ServiceKey): ServerRow[] {
    this.read.push(serviceName(key));
    const found = this.#services.get(serviceName(key));
    return [...(found?.servers.entries() ?? [])].map(([name, server]) => {
      const { active, inactive } = this.#connections.get(name) ?? { active: 0, inactive: 0 };
      return {
        ...server,
        activeConnections: active,
        inactiveConnections: inactive,
        persistentConnections: 0,
        statistics: NOTHING,
      };
    });
  }

  async change(changes: readonly TableChange[]): Promise<RefusedChange[]> {
    return changes.flatMap((change): RefusedChange[] => {
      const error = this.refusals.get(change.kind);
      if (error !== undefined) return [{ change, error }];
      this.#write(change);
      return [];
    });
  }

  connections(server: string, active: number, inactive = 0): void {
    this.#connections.set(server, { active, inactive });
  }

  /** A change by another program, which is not recorded. */
  tamper(change: TableChange): void {
    this.#write(change);
    this.written.pop();
  }

  #write(change: TableChange): void {
    if ('service' in change) {
      const name = serviceName(change.service.key);
      const servers = this.#services.get(name)?.servers ?? new Map<string, Server>();
      this.#services.set(name, { service: change.service, servers });
      this.written.push(`${change.kind} ${name}`);
      return;
    }
    const name = serviceName(change.key);
    if (change.kind === 'service.remove') {
      this.#services.delete(name);
      this.written.push(`${change.kind} ${name}`);
      return;
    }
    const { server } = change;
    const servers = this.#services.get(name)?.servers;
    if (change.kind === 'server.remove') servers?.delete(formatEndpoint(server));
    else servers?.set(formatEndpoint(server), server);
    this.written.push(`${change.kind} ${formatEndpoint(server)} ${server.weight}`);
  }
}
