/** Completes connections of the kernel's table with what the table of services says of them. */
import type { Connection, ConnectionEnd } from '../../net/connection.ts';
import {
  type ConnectionTimeouts,
  endpointName,
  type Forwarding,
  type Server,
  type ServiceTable,
  serviceName,
} from '../../net/ipvs.ts';
import type { SyncEntry } from '../../wire/connections/sync-message.ts';

/**
 * The kernel rewrites addresses inside of FTP and counts what that adds (ip_vs_ftp), which its table
 * does not show: such a connection is left to the kernel.
 */
const FTP = 21;

interface Place {
  readonly forwarding: Forwarding;
  readonly mark: number;
}

export type EntryOf = (connection: Connection) => SyncEntry | undefined;

/** Answers undefined for connections of no service, or of none of its servers. */
export function syncEntries(
  tables: readonly ServiceTable[],
  { tcp, udp }: Pick<ConnectionTimeouts, 'tcp' | 'udp'>,
): EntryOf {
  const byAddress = new Map<string, ReadonlyMap<string, Server>>();
  const byMark = new Map<string, Place>();
  for (const { service, servers } of tables) {
    const { key } = service;
    const named = new Map(servers.map((server) => [endpointName(server), server]));
    if (key.kind === 'address') byAddress.set(serviceName(key), named);
    else
      for (const [name, { forwarding }] of named) byMark.set(name, { forwarding, mark: key.mark });
  }
  const placeOf = ({ protocol, service, server }: Connection): Place | undefined => {
    const name = (port: number) =>
      `${protocol.toLowerCase()} ${endpointName({ address: service.address, port })}`;
    const servers = byAddress.get(name(service.port)) ?? byAddress.get(name(0));
    if (servers === undefined) return lookUp(byMark, server);
    const found = lookUp(servers, server);
    return found === undefined ? undefined : { forwarding: found.forwarding, mark: 0 };
  };
  return (connection) => {
    const place = placeOf(connection);
    if (place === undefined) return undefined;
    if (connection.service.port === FTP && place.forwarding === 'nat') return undefined;
    return { connection, ...place, timeout: connection.protocol === 'UDP' ? udp : tcp };
  };
}

/** A service of every port has servers without one. */
function lookUp<Value>(
  servers: ReadonlyMap<string, Value>,
  { address, port }: ConnectionEnd,
): Value | undefined {
  return (
    servers.get(endpointName({ address, port })) ?? servers.get(endpointName({ address, port: 0 }))
  );
}
