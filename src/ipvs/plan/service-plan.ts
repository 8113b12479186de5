/**
 * The smallest set of writes that brings the kernel's service table to the wanted one. Servers are added
 * before others are removed.
 */
import { addressBits } from '../../net/address.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import {
  type Server,
  type Service,
  type ServiceTable,
  serviceName,
  type TableChange,
} from '../../net/ipvs.ts';

interface ServicePlanInput {
  readonly wanted: readonly ServiceTable[];
  readonly actual: readonly ServiceTable[];
  /** Names of services that this agent created; it leaves others alone unless they are wanted. */
  readonly owned: ReadonlySet<string>;
  /** The agent owns the whole table and removes every service that is not wanted. */
  readonly exclusive: boolean;
}

export function planServices(input: ServicePlanInput): TableChange[] {
  const actual = new Map(input.actual.map((one) => [serviceName(one.service.key), one]));
  const changes: TableChange[] = [];
  const names = new Set<string>();
  for (const wanted of input.wanted) {
    const name = serviceName(wanted.service.key);
    names.add(name);
    changes.push(...planService(wanted, actual.get(name)));
  }
  for (const [name, { service }] of actual) {
    if (names.has(name) || !(input.exclusive || input.owned.has(name))) continue;
    changes.push({ kind: 'service.remove', key: service.key });
  }
  return changes;
}

function planService(wanted: ServiceTable, actual: ServiceTable | undefined): TableChange[] {
  const { service } = wanted;
  const changes: TableChange[] = [];
  if (actual === undefined) changes.push({ kind: 'service.add', service });
  else if (!sameService(service, actual.service)) changes.push({ kind: 'service.edit', service });
  return [...changes, ...planServers(wanted, actual?.servers ?? [])];
}

function planServers({ service, servers }: ServiceTable, actual: readonly Server[]): TableChange[] {
  const { key } = service;
  const actualServers = new Map(actual.map((server) => [formatEndpoint(server), server]));
  const changes: TableChange[] = [];
  for (const server of servers) {
    const name = formatEndpoint(server);
    const present = actualServers.get(name);
    actualServers.delete(name);
    if (present === undefined) changes.push({ kind: 'server.add', key, server });
    else if (!sameServer(server, present)) changes.push({ kind: 'server.edit', key, server });
  }
  for (const server of actualServers.values()) changes.push({ kind: 'server.remove', key, server });
  return changes;
}

function sameService(a: Service, b: Service): boolean {
  return (
    a.scheduler === b.scheduler &&
    a.schedulerFlags === b.schedulerFlags &&
    a.onePacket === b.onePacket &&
    persistenceText(a) === persistenceText(b)
  );
}

function persistenceText({ persistence, key }: Service): string {
  if (persistence === undefined) return '';
  const { seconds, prefixLength = addressBits(key.family), engine = '' } = persistence;
  return `${seconds} ${prefixLength} ${engine}`;
}

/** Kernels up to 5.x report `local` when the server is an address of this host. */
function sameServer(a: Server, b: Server): boolean {
  return (
    (a.forwarding === b.forwarding || b.forwarding === 'local') &&
    a.weight === b.weight &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold &&
    tunnelText(a) === tunnelText(b)
  );
}

/** A kernel that has no tunnel types uses ipip. */
function tunnelText({ tunnel, forwarding }: Server): string {
  if (forwarding !== 'tun') return '';
  return tunnel === undefined ? 'ipip 0 none' : `${tunnel.type} ${tunnel.port} ${tunnel.checksum}`;
}
