/**
 * The connection table as the kernel counts it for each server. This costs the same however many
 * connections there are, but says nothing about a single one.
 */
import { BUCKETS, hashOf, type TableReading } from '../../net/connection.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type ServerRow, type Service, serviceName } from '../../net/ipvs.ts';

/** A bucket holds 65,535 connections, and a server may have more. */
const BUCKETS_OF_SERVER = 32;

interface CountedService {
  readonly service: Pick<Service, 'key'>;
  readonly servers: readonly Pick<ServerRow, 'address' | 'port' | 'activeConnections'>[];
}

/**
 * The kernel counts as active what `isLive` says of connections. Its number of persistence templates also
 * has those that it does not send to other directors, so they are left out.
 */
export function countedTable(tables: readonly CountedService[]): TableReading {
  const [all, shared] = [emptyCount(), emptyCount()];
  for (const { service, servers } of tables) {
    const { key } = service;
    // Flows of UDP, which a mark may have too: other directors need not have them.
    const isShared = key.kind === 'address' && key.protocol !== 'udp';
    for (const server of servers) {
      const name = `${serviceName(key)} ${formatEndpoint(server)}`;
      add(all, name, server.activeConnections);
      if (isShared) add(shared, name, server.activeConnections);
    }
  }
  return { all, shared };
}

interface Count {
  live: number;
  readonly synced: number;
  readonly buckets: Uint16Array;
  readonly isCounted: true;
}

function emptyCount(): Count {
  return { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS), isCounted: true };
}

/** In equal parts: of two numbers, the larger one is at least as large in each bucket. */
function add(count: Count, name: string, active: number): void {
  count.live += active;
  const first = hashOf(name);
  for (let part = 0; part < BUCKETS_OF_SERVER; part++) {
    const bucket = (first + part) & (BUCKETS - 1);
    const sum = (count.buckets[bucket] ?? 0) + Math.floor((active + part) / BUCKETS_OF_SERVER);
    count.buckets[bucket] = Math.min(sum, 0xffff);
  }
}
