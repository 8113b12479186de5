/** Which connections end when servers leave the service table: the kernel drops their packets. */
import { formatEndpoint } from '../../net/endpoint.ts';
import {
  type Server,
  type ServerRow,
  type Service,
  type ServiceKey,
  type ServiceTable,
  serviceName,
} from '../../net/ipvs.ts';

export interface NamedService {
  readonly name: string;
  readonly service: Service;
  /** With the fallback. */
  readonly servers: readonly Server[];
}

export interface ConnectionsCut {
  /** Name of the service in the file. */
  readonly service: string;
  /** As `10.0.0.11:80`. */
  readonly server: string;
  readonly connections: number;
}

/** The services of others, which `exclusive` removes. */
export function foreignTo(
  own: readonly NamedService[],
  actual: readonly ServiceTable[],
): NamedService[] {
  const known = new Set(own.map(({ service }) => serviceName(service.key)));
  return actual.flatMap(({ service, servers }) => {
    const name = serviceName(service.key);
    return known.has(name) ? [] : [{ name, service, servers }];
  });
}

/** `actual`: the kernel's tables. */
export function connectionsCut(
  before: readonly NamedService[],
  after: readonly NamedService[],
  actual: readonly ServiceTable<Service, ServerRow>[],
): ConnectionsCut[] {
  const tables = new Map(actual.map(({ service, servers }) => [serviceName(service.key), servers]));
  const kept = new Map(after.map(({ service, servers }) => [serviceName(service.key), servers]));
  return before.flatMap(({ name, service: { key } }) => {
    const wanted = new Set(kept.get(serviceName(key))?.map(formatEndpoint));
    const leaving = (tables.get(serviceName(key)) ?? []).filter(
      (row) => !wanted.has(formatEndpoint(row)),
    );
    return leaving
      .map((row) => ({
        service: name,
        server: formatEndpoint(row),
        connections: connectionsOf(row, key),
      }))
      .filter(({ connections }) => connections > 0);
  });
}

/**
 * The connections that need the server. The kernel counts closing TCP and SCTP connections as inactive:
 * they no longer do. It counts every UDP connection as inactive (net/netfilter/ipvs/ip_vs_conn.c), and a
 * mark may have connections of either kind.
 */
export function connectionsOf(
  { activeConnections, inactiveConnections }: ServerRow,
  key: ServiceKey,
): number {
  const isClosing = key.kind === 'address' && key.protocol !== 'udp';
  return isClosing ? activeConnections : activeConnections + inactiveConnections;
}
