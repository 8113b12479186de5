/** Converts a service of the file, with its servers and health checks, to settings. */

import type { Quorum } from '../../../ipvs/plan/server-weight.ts';
import { addressBits, type Family, familyOf } from '../../../net/address.ts';
import { formatEndpoint, isLoopback } from '../../../net/endpoint.ts';
import type { Persistence, Server, Service, ServiceKey, Tunnel } from '../../../net/ipvs.ts';
import type { ServerProbe } from '../../../net/probe.ts';
import { seconds } from '../../../net/time.ts';
import { describeValue, type Findings, type Path } from '../../finding.ts';
import type { HostFacts } from '../../host-facts.ts';
import type { HealthSettings, MinimumSettings, ServiceSettings } from '../../ipvs-settings.ts';
import type { ServiceNotification, UpDownCommands } from '../../notification-settings.ts';
import {
  QUORUM_DEFAULTS,
  SERVER_DEFAULTS,
  SERVICE_DEFAULTS,
  TUNNEL_DEFAULTS,
} from '../../schema/defaults.ts';
import type { ServerFile, ServiceFile, TunnelFile } from '../../schema/ipvs-schema.ts';
import { familyName, parseAddressAndPort } from '../lower-address.ts';
import { lowerServiceNotify, lowerUpDown } from '../lower-notify.ts';
import { lowerDuration } from '../lower-timing.ts';
import { lowerChecks, lowerWeightFrom } from './lower-check.ts';
import type { ServerEntry, ServerGroups } from './server-groups.ts';

const PERSISTENCE_RANGE = { minimum: seconds(1), maximum: seconds(2_678_400), zero: false };

/** Bits of `schedulerFlags` (<linux/ip_vs.h>: IP_VS_SVC_F_SCHED_SH_FALLBACK and its like). */
const FLAG_BITS = {
  'mh-fallback': 1,
  'mh-port': 2,
  'sh-fallback': 1,
  'sh-port': 2,
  'flag-1': 1,
  'flag-2': 2,
  'flag-3': 4,
} as const;

export interface LoweredService {
  readonly settings: ServiceSettings;
  readonly notify: ServiceNotification | undefined;
}

export function lowerService(
  file: ServiceFile,
  path: Path,
  { groups, host }: { readonly groups: ServerGroups; readonly host: HostFacts },
  findings: Findings,
): LoweredService | undefined {
  const key = lowerKey(file, path, findings);
  if (key === undefined) return undefined;
  const service: Service = {
    key,
    scheduler: file.scheduler ?? SERVICE_DEFAULTS.scheduler,
    schedulerFlags: lowerFlags(file, path, findings),
    onePacket: file.one_packet ?? SERVICE_DEFAULTS.one_packet,
    persistence: lowerPersistence(file, key.family, path, findings),
  };
  checkCombinations(service, path, findings);
  const entries = groups.serversOf(file, path);
  const lowered = lowerServers(file, entries, key, path, findings);
  const settings = {
    name: file.name,
    service,
    servers: lowered.map(({ server }) => server),
    require: file.require,
    health: lowerHealth(file, key, lowered, path, findings),
  };
  const notified = new Map(Object.entries(recordOf(lowered, ({ notify }) => notify)));
  const at = (...keys: (string | number)[]) => [...path, 'notify', ...keys];
  return { settings, notify: lowerServiceNotify(file.notify, notified, at, host, findings) };
}

function lowerKey(file: ServiceFile, path: Path, findings: Findings): ServiceKey | undefined {
  const { address: text, fwmark, protocol, family } = file;
  if ((text === undefined) === (fwmark === undefined)) {
    findings.error(path, 'conflict', 'a service needs exactly one of "address" and "fwmark"');
    return undefined;
  }
  if (fwmark !== undefined) {
    if (protocol !== undefined) {
      const message = '"protocol" does not apply to "fwmark", which matches every protocol';
      findings.error([...path, 'protocol'], 'conflict', message);
    }
    return { kind: 'mark', family: family ?? SERVICE_DEFAULTS.family, mark: fwmark };
  }
  const endpoint = parseAddressAndPort(text ?? '');
  const at = [...path, 'address'];
  if (endpoint?.port === undefined) {
    const form = 'an IP address (IPv6 in brackets) and a port';
    findings.error(at, 'type', `expected ${form}, found ${describeValue(text)}`);
    return undefined;
  }
  if (family !== undefined && family !== familyOf(endpoint.address)) {
    const message = `${endpoint.address} is not an ${familyName(family)} address`;
    findings.error([...path, 'family'], 'conflict', message);
  }
  return {
    kind: 'address',
    family: familyOf(endpoint.address),
    protocol: protocol ?? SERVICE_DEFAULTS.protocol,
    address: endpoint.address,
    port: endpoint.port,
  };
}

function lowerFlags(
  { flags, scheduler = SERVICE_DEFAULTS.scheduler }: ServiceFile,
  path: Path,
  findings: Findings,
): number {
  let bits = 0;
  for (const [index, flag] of (flags ?? []).entries()) {
    bits |= FLAG_BITS[flag];
    const [owner] = flag.split('-');
    if (owner === 'flag' || owner === scheduler) continue;
    const message = `${flag} is a flag of scheduler ${owner}, not of ${scheduler}`;
    findings.error([...path, 'flags', index], 'conflict', message);
  }
  return bits;
}

function lowerPersistence(
  { persistence }: ServiceFile,
  family: Family,
  path: Path,
  findings: Findings,
): Persistence | undefined {
  if (persistence === undefined) return undefined;
  const at = [...path, 'persistence'];
  const { timeout = SERVICE_DEFAULTS.persistence.timeout, netmask, engine } = persistence;
  const time = lowerDuration(timeout, PERSISTENCE_RANGE, [...at, 'timeout'], findings);
  if (time % seconds(1) !== 0) {
    findings.error([...at, 'timeout'], 'range', 'must be whole seconds');
  }
  const bits = addressBits(family);
  if ((netmask ?? bits) > bits) {
    findings.error([...at, 'netmask'], 'range', `must be a prefix length from 1 to ${bits}`);
  }
  return { seconds: time / seconds(1), prefixLength: netmask ?? bits, engine };
}

function checkCombinations(service: Service, path: Path, findings: Findings): void {
  const { key, onePacket, persistence } = service;
  if (key.kind === 'mark') return;
  if (onePacket && key.protocol !== 'udp') {
    findings.error([...path, 'one_packet'], 'conflict', '"one_packet" needs "protocol: udp"');
  }
  if (key.port === 0 && persistence === undefined) {
    const message = 'port 0 (every port) needs "persistence"';
    findings.error([...path, 'address'], 'conflict', message);
  }
}

type ServerMapping = Exclude<ServerFile, string>;

interface LoweredServer {
  readonly server: Server;
  readonly checks: readonly ServerProbe[];
  readonly weight: ServerProbe | undefined;
  readonly notify: UpDownCommands | undefined;
}

function lowerServers(
  file: ServiceFile,
  entries: readonly ServerEntry[],
  key: ServiceKey,
  path: Path,
  findings: Findings,
): LoweredServer[] {
  const names = new Set<string>();
  return entries.flatMap(({ entry, at }): LoweredServer[] => {
    const values = typeof entry === 'string' ? { address: entry } : entry;
    const server = lowerServer(values, file, key, at, findings);
    if (server === undefined) return [];
    const name = formatEndpoint(server);
    if (names.has(name)) findings.error(at, 'conflict', `duplicate server ${name}`);
    names.add(name);
    const { notify } = values;
    const atNotify = (...keys: (string | number)[]) => [...at, 'notify', ...keys];
    return [
      {
        server,
        ...lowerProbes(server, values, file, { path, at, findings }),
        notify: notify && lowerUpDown(notify, atNotify, findings),
      },
    ];
  });
}

/** The `check` and `weight_from` of a server replace those of its service as a whole. */
function lowerProbes(
  server: Server,
  own: ServerMapping,
  service: ServiceFile,
  { path, at, findings }: { readonly path: Path; readonly at: Path; readonly findings: Findings },
): Pick<LoweredServer, 'checks' | 'weight'> {
  const placeOf = (key: 'check' | 'weight_from') => ({
    server,
    path: [...(own[key] === undefined ? path : at), key],
    findings,
  });
  const from = own.weight_from ?? service.weight_from;
  return {
    checks: lowerChecks(own.check ?? service.check, placeOf('check')),
    weight: lowerWeightFrom(from === 'file' ? undefined : from, placeOf('weight_from')),
  };
}

function lowerServer(
  values: ServerMapping,
  file: Pick<ServiceFile, 'forwarding' | 'tunnel'>,
  key: ServiceKey,
  path: Path,
  findings: Findings,
): Server | undefined {
  const endpoint = parseAddressAndPort(values.address);
  if (endpoint === undefined) {
    const message = `expected an IP address with or without a port, found ${describeValue(values.address)}`;
    findings.error(path, 'type', message);
    return undefined;
  }
  const forwarding = values.forwarding ?? file.forwarding ?? SERVICE_DEFAULTS.forwarding;
  const servicePort = key.kind === 'address' ? key.port : 0;
  const port = endpoint.port ?? servicePort;
  if (forwarding !== 'nat' && port !== servicePort) {
    const message = `forwarding ${forwarding} cannot change the port: it must be ${servicePort}, as in the service`;
    findings.error(path, 'conflict', message);
  }
  if (forwarding === 'nat' && isLoopback(endpoint.address)) {
    const message =
      'the kernel drops what "forwarding: nat" sends to a loopback address: write another address of ' +
      'this host, or use "forwarding: dr"';
    findings.error(path, 'conflict', message);
  }
  if (forwarding !== 'tun' && familyOf(endpoint.address) !== key.family) {
    const message = 'a server of another address family needs forwarding tun';
    findings.error(path, 'conflict', message);
  }
  const {
    upper_threshold: upper = SERVER_DEFAULTS.upper_threshold,
    lower_threshold: lower = SERVER_DEFAULTS.lower_threshold,
  } = values;
  if (lower > upper) {
    const message = `must not be greater than "upper_threshold" (${upper})`;
    findings.error([...path, 'lower_threshold'], 'conflict', message);
  }
  return {
    address: endpoint.address,
    port,
    forwarding,
    weight: values.weight ?? SERVER_DEFAULTS.weight,
    upperThreshold: upper,
    lowerThreshold: lower,
    tunnel:
      forwarding === 'tun' ? lowerTunnel(values.tunnel ?? file.tunnel, path, findings) : undefined,
  };
}

function lowerTunnel(
  tunnel: TunnelFile | undefined,
  path: Path,
  findings: Findings,
): Tunnel | undefined {
  if (tunnel === undefined) return undefined;
  const { type = TUNNEL_DEFAULTS.type, port, checksum = TUNNEL_DEFAULTS.checksum } = tunnel;
  if ((type === 'gue') !== (port !== undefined)) {
    findings.error(path, 'conflict', 'a tunnel has a port if and only if its type is gue');
  }
  return { type, port: port ?? 0, checksum };
}

function lowerHealth(
  file: ServiceFile,
  key: ServiceKey,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): HealthSettings {
  const quorum = lowerQuorum(file.quorum, servers, [...path, 'quorum'], findings);
  return {
    ...(quorum === undefined ? {} : { quorum }),
    checks: recordOf(servers, ({ checks }) => (checks.length > 0 ? checks : undefined)),
    weights: recordOf(servers, ({ weight }) => weight),
    onFailure: file.on_failure ?? defaultOnFailure(key),
    fallback: lowerFallback(file, key, servers, path, findings),
    minimum: lowerMinimum(file, servers, path, findings),
  };
}

/** A quorum that cannot be reached again would keep the service down forever. */
function lowerQuorum(
  file: ServiceFile['quorum'],
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): Quorum | undefined {
  if (file === undefined) return undefined;
  const { weight, hysteresis = QUORUM_DEFAULTS.hysteresis } =
    typeof file === 'number' ? { weight: file } : file;
  const total = servers.reduce((sum, { server, weight: probe }) => {
    const scale = probe !== undefined && 'weight' in probe ? probe.weight : undefined;
    return sum + (server.weight === 0 ? 0 : (scale?.maximum ?? server.weight));
  }, 0);
  if (hysteresis >= weight) {
    const message = `must be less than "weight" (${weight})`;
    findings.error([...path, 'hysteresis'], 'range', message);
  } else if (weight + hysteresis > total) {
    const sum = hysteresis === 0 ? '' : ` with its hysteresis (${weight} + ${hysteresis})`;
    const message = `must not be greater${sum} than the weight of all servers (${total})`;
    findings.error(path, 'range', message);
  }
  return { weight, hysteresis };
}

function defaultOnFailure(key: ServiceKey): HealthSettings['onFailure'] {
  const { udp, others } = SERVICE_DEFAULTS.on_failure;
  return key.kind === 'address' && key.protocol === 'udp' ? udp : others;
}

function recordOf<Value>(
  servers: readonly LoweredServer[],
  select: (server: LoweredServer) => Value | undefined,
): Record<string, Value> {
  return Object.fromEntries(
    servers.flatMap((one): [string, Value][] => {
      const value = select(one);
      return value === undefined ? [] : [[formatEndpoint(one.server), value]];
    }),
  );
}

function lowerFallback(
  { fallback, ...file }: ServiceFile,
  key: ServiceKey,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): Server | undefined {
  if (fallback === undefined) return undefined;
  const at = [...path, 'fallback'];
  const values = typeof fallback === 'string' ? { address: fallback } : fallback;
  const server = lowerServer(values, file, key, at, findings);
  if (server === undefined) return undefined;
  const name = formatEndpoint(server);
  if (servers.some(({ server: one }) => formatEndpoint(one) === name)) {
    const message = `the fallback ${name} must not be one of the servers`;
    findings.error(at, 'conflict', message);
  }
  if (server.weight === 0) {
    findings.error([...at, 'weight'], 'range', 'with weight 0 it would get no connections');
  }
  return server;
}

function lowerMinimum(
  { min_servers: file, require }: ServiceFile,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): MinimumSettings | undefined {
  if (file === undefined) return undefined;
  const at = [...path, 'min_servers'];
  const { count, weight } = typeof file === 'number' ? { count: file, weight: undefined } : file;
  if (require === undefined) {
    const message = '"min_servers" needs "require", the instance that needs the servers';
    findings.error(at, 'missing', message, 'key');
  }
  if (count > servers.length) {
    const message = `must not be greater than the number of servers (${servers.length})`;
    findings.error(at, 'range', message);
  }
  if (weight !== undefined && weight >= 0) {
    const message = 'must be negative; remove it for FAULT';
    findings.error([...at, 'weight'], 'range', message);
  }
  return { count, weight };
}
