/** The IPVS document of the control API, read from the kernel for each request. */
import type { SyncSettings } from '../../config/ipvs-settings.ts';
import type {
  ConnectionsDocument,
  DaemonDocument,
  IpvsDocument,
  ServerDocument,
  ServiceDocument,
  StatisticsDocument,
  SyncDocument,
} from '../../control/ipvs-document.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import {
  type ServerRow,
  type ServiceRow,
  type ServiceTable,
  type Statistics,
  type SyncDaemon,
  serviceName,
} from '../../net/ipvs.ts';
import { serviceHealthDocument } from '../health/server-health.ts';
import type { TableWatch } from '../table/table-watch.ts';
import type { IpvsKeeper } from './ipvs-keeper.ts';
import { messageOf, monotonicNow } from './ipvs-log.ts';
import type { KernelTable } from './service-keeper.ts';

export function ipvsDocument(keeper: IpvsKeeper): IpvsDocument {
  const { parts } = keeper;
  const { required } = keeper.settings;
  const health = keeper.health.services().map(serviceHealthDocument);
  const unavailable = { ...NOTHING, required, troubles: keeper.troubles(), health };
  if (parts === undefined) return unavailable;
  try {
    const { client, services, sysctls, timeouts, sync } = parts;
    const { version, tableSize } = client.info();
    const { tcp, tcpFin, udp } = client.timeouts();
    return {
      available: true,
      required,
      troubles: keeper.troubles(),
      version,
      table_size: tableSize,
      timeouts: { tcp, tcp_fin: tcpFin, udp },
      sync: sync === undefined ? null : syncDocument(keeper, sync.roles, sync.daemons()),
      services: serviceDocuments(keeper, services.read()),
      health,
      sysctls: sysctls.rows(),
      counters: {
        writes: services.writes,
        service_repairs: services.repairs,
        sync_repairs: sync?.repairs ?? 0,
        sysctl_repairs: sysctls.repairs + timeouts.repairs,
      },
    };
  } catch (error) {
    return { ...unavailable, troubles: [...unavailable.troubles, messageOf(error)] };
  }
}

const NOTHING: IpvsDocument = {
  available: false,
  required: false,
  troubles: [],
  version: null,
  table_size: null,
  timeouts: null,
  sync: null,
  services: [],
  health: [],
  sysctls: [],
  counters: { writes: 0, service_repairs: 0, sync_repairs: 0, sysctl_repairs: 0 },
};

const NO_CONNECTIONS: Omit<ConnectionsDocument, 'catch_up'> = {
  ...{ live: 0, synced: 0, caught_up: true, resent: 0, peers: [] },
  moves: { hand_overs: 0, take_overs: 0, lost: 0, last: null },
};

function syncDocument(
  keeper: IpvsKeeper,
  roles: SyncDocument['roles'],
  daemons: readonly SyncDaemon[],
): SyncDocument | null {
  const { sync } = keeper.settings;
  if (sync === undefined) return null;
  return {
    instance: sync.instance,
    mode: sync.mode,
    interface: sync.daemon.interface,
    sync_id: sync.daemon.syncId,
    roles,
    daemons: daemons.map(daemonDocument),
    rst_guard: keeper.isGuarding,
    connections: connectionsDocument(keeper.parts?.watch, sync),
  };
}

export function connectionsDocument(
  watch: TableWatch | undefined,
  { catchUp }: Pick<SyncSettings, 'catchUp'>,
): ConnectionsDocument {
  if (watch === undefined) return { ...NO_CONNECTIONS, catch_up: catchUp };
  const now = monotonicNow();
  const { live, synced } = watch.standing.own;
  return {
    live,
    synced,
    caught_up: watch.hasCaughtUp,
    resent: watch.resent,
    catch_up: catchUp,
    peers: watch.standing.peers(now).map((peer) => ({
      name: peer.name,
      master: peer.isMaster,
      age_ms: Math.round((now - peer.heardAt) / 1_000),
      live: peer.live,
      missing: peer.missing ?? null,
    })),
    moves: watch.moves.document(),
  };
}

function daemonDocument(daemon: SyncDaemon): DaemonDocument {
  return {
    role: daemon.role,
    interface: daemon.interface,
    sync_id: daemon.syncId,
    group: daemon.group ?? null,
    port: daemon.port ?? null,
    ttl: daemon.ttl ?? null,
    maxlen: daemon.maximumLength ?? null,
  };
}

function serviceDocuments(keeper: IpvsKeeper, tables: readonly KernelTable[]): ServiceDocument[] {
  const services = keeper.parts?.services;
  const names = new Map(
    keeper.settings.services.map(({ name, service }) => [serviceName(service.key), name]),
  );
  const wanted = new Map(
    services?.wanted().map((table) => [serviceName(table.service.key), table]) ?? [],
  );
  const positions = new Map([...names.keys()].map((key, at) => [key, at]));
  return tables
    .map((table) => ({ ...table, key: serviceName(table.service.key) }))
    .map((table) => ({ ...table, position: positions.get(table.key) ?? positions.size }))
    .sort((a, b) => a.position - b.position)
    .map(({ key, service, servers }) =>
      serviceDocument(names.get(key) ?? null, service, servers, wanted.get(key)),
    );
}

function serviceDocument(
  name: string | null,
  service: ServiceRow,
  servers: readonly ServerRow[],
  wanted: ServiceTable | undefined,
): ServiceDocument {
  const { key, persistence } = service;
  const weights = new Map(wanted?.servers.map((one) => [formatEndpoint(one), one.weight]));
  return {
    name,
    protocol: key.kind === 'mark' ? null : key.protocol,
    address: key.kind === 'mark' ? null : key.address,
    port: key.kind === 'mark' ? null : key.port,
    fwmark: key.kind === 'mark' ? key.mark : null,
    family: key.family,
    scheduler: service.scheduler,
    flags: flagsOf(service),
    one_packet: service.onePacket,
    persistence:
      persistence === undefined
        ? null
        : {
            seconds: persistence.seconds,
            prefix_length: persistence.prefixLength,
            engine: persistence.engine ?? null,
          },
    statistics: statisticsDocument(service.statistics),
    servers: servers.map((server) => serverDocument(server, weights)),
  };
}

/** Flags of `sh` and `mh` have names (ipvsadm(8), --sched-flags). */
function flagsOf({ scheduler, schedulerFlags }: ServiceRow): string[] {
  const named = scheduler === 'sh' || scheduler === 'mh';
  const names = named ? [`${scheduler}-fallback`, `${scheduler}-port`, 'flag-3'] : NUMBERED;
  return names.filter((_, bit) => (schedulerFlags & (1 << bit)) !== 0);
}

const NUMBERED = ['flag-1', 'flag-2', 'flag-3'];

/** `weights`: those that are wanted, by server. */
function serverDocument(server: ServerRow, weights: ReadonlyMap<string, number>): ServerDocument {
  const { tunnel } = server;
  return {
    address: server.address,
    port: server.port,
    forwarding: server.forwarding,
    weight: server.weight,
    wanted_weight: weights.get(formatEndpoint(server)) ?? null,
    upper_threshold: server.upperThreshold,
    lower_threshold: server.lowerThreshold,
    tunnel: tunnel === undefined ? null : { ...tunnel },
    active: server.activeConnections,
    inactive: server.inactiveConnections,
    persistent: server.persistentConnections,
    statistics: statisticsDocument(server.statistics),
  };
}

function statisticsDocument(statistics: Statistics): StatisticsDocument {
  return {
    connections: statistics.connections,
    packets_in: statistics.packetsIn,
    packets_out: statistics.packetsOut,
    bytes_in: statistics.bytesIn,
    bytes_out: statistics.bytesOut,
    connection_rate: statistics.connectionRate,
    packet_rate_in: statistics.packetRateIn,
    packet_rate_out: statistics.packetRateOut,
    byte_rate_in: statistics.byteRateIn,
    byte_rate_out: statistics.byteRateOut,
  };
}
