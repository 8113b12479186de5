/** Adds to a connection of the kernel's table what only the service table knows about it. */
import { type IpAddress, ipToBytes } from '../../net/address.ts';
import { type Connection, type ConnectionEnd, isTemplate } from '../../net/connection.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import {
  type ConnectionTimeouts,
  type Server,
  type ServiceTable,
  serviceName,
} from '../../net/ipvs.ts';
import type { SyncEntry } from '../../wire/connections/sync-message.ts';

/**
 * The kernel rewrites addresses inside FTP and tracks the added bytes (ip_vs_ftp), which its connection
 * table does not show: such connections are left to the kernel.
 */
const FTP = 21;

interface Place {
  readonly table: ServiceTable;
  readonly server: Server;
}

type Places = ReadonlyMap<string, Place>;

export type EntryOf = (connection: Connection) => SyncEntry | undefined;

/** The returned function gives undefined for a connection without a service or server. */
export function syncEntries(
  tables: readonly ServiceTable[],
  timeouts: Pick<ConnectionTimeouts, 'tcp' | 'udp'>,
): EntryOf {
  const byAddress = new Map<string, Places>();
  const byMark = new Map<number, Places>();
  const ofAnyMark = new Map<string, Place>();
  for (const table of tables) {
    const { key } = table.service;
    const places = new Map(
      table.servers.map((server) => [formatEndpoint(server), { table, server }]),
    );
    if (key.kind === 'address') {
      byAddress.set(serviceName(key), places);
    } else {
      byMark.set(key.mark, places);
      for (const [name, place] of places) ofAnyMark.set(name, place);
    }
  }
  const placeOf = ({ protocol, service, server }: Connection): Place | undefined => {
    if (protocol === 'IP') return lookUp(byMark.get(markOf(service.address)), server);
    const name = (port: number) =>
      `${protocol.toLowerCase()} ${formatEndpoint({ address: service.address, port })}`;
    const places = byAddress.get(name(service.port)) ?? byAddress.get(name(0));
    return lookUp(places ?? ofAnyMark, server);
  };
  return (connection) => {
    const place = placeOf(connection);
    return place === undefined ? undefined : entryOf(connection, place, timeouts);
  };
}

function entryOf(
  connection: Connection,
  { table: { service }, server: { forwarding } }: Place,
  { tcp, udp }: Pick<ConnectionTimeouts, 'tcp' | 'udp'>,
): SyncEntry | undefined {
  const mark = service.key.kind === 'mark' ? service.key.mark : 0;
  if (isTemplate(connection)) {
    const { persistence } = service;
    // The table does not show what a persistence engine found in the packets.
    if (persistence === undefined || persistence.engine !== undefined) return undefined;
    return { connection, forwarding, mark, timeout: persistence.seconds };
  }
  if (connection.service.port === FTP && forwarding === 'nat') return undefined;
  return { connection, forwarding, mark, timeout: connection.protocol === 'UDP' ? udp : tcp };
}

/** A template of a service with a mark has the mark in place of the address. */
function markOf(address: IpAddress): number {
  const [a = 0, b = 0, c = 0, d = 0] = ipToBytes(address);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** Servers of a service for all ports have port 0. */
function lookUp(places: Places | undefined, { address, port }: ConnectionEnd): Place | undefined {
  return (
    places?.get(formatEndpoint({ address, port })) ??
    places?.get(formatEndpoint({ address, port: 0 }))
  );
}
