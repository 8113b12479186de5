/** IPVS settings back in the words of the file. */
import { endpointName, type Server, type Tunnel } from '../../net/ipvs.ts';
import type {
  HealthSettings,
  IpvsSettings,
  ServiceSettings,
  SyncSettings,
} from '../ipvs-settings.ts';
import type { IpvsFile, ServerFile, ServiceFile, TunnelFile } from '../schema/ipvs-schema.ts';
import { effectiveCheck, effectiveMinimum, effectiveWeightFrom } from './effective-check.ts';

type ServerMapping = Exclude<ServerFile, string>;
type SysctlFile = NonNullable<IpvsFile['sysctl']>;

export function effectiveIpvs(settings: IpvsSettings): IpvsFile {
  const { timeouts, sync } = settings;
  return {
    required: settings.required,
    exclusive: settings.exclusive,
    on_stop: settings.onStop,
    ...(timeouts === undefined
      ? {}
      : {
          timeouts: {
            ...given('tcp', timeouts.tcp),
            ...given('tcp_fin', timeouts.tcpFin),
            ...given('udp', timeouts.udp),
          },
        }),
    ...(Object.keys(settings.sysctls).length === 0
      ? {}
      : { sysctl: effectiveSysctls(settings.sysctls) }),
    ...(sync === undefined ? {} : { sync: effectiveSync(sync) }),
    services: settings.services.map(effectiveService),
  };
}

/** Zero leaves the kernel's value alone, as a key that is not there does. */
function given(key: string, count: number): Record<string, string> {
  return count === 0 ? {} : { [key]: `${count}s` };
}

function effectiveSysctls(sysctls: IpvsSettings['sysctls']): SysctlFile {
  const entries = Object.entries(sysctls).map(([name, value]) => [
    name,
    name === 'sync_threshold' ? value : Number(value),
  ]);
  return Object.fromEntries(entries) as SysctlFile;
}

function effectiveSync({
  mode,
  instance,
  rstGuard,
  catchUp,
  daemon,
}: SyncSettings): IpvsFile['sync'] {
  const { group, port, ttl, maximumLength } = daemon;
  return {
    interface: daemon.interface,
    sync_id: daemon.syncId,
    ...(group === undefined ? {} : { group }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(maximumLength === undefined ? {} : { maxlen: maximumLength }),
    mode,
    instance,
    rst_guard: rstGuard,
    catch_up: catchUp,
  };
}

function effectiveService(settings: ServiceSettings): ServiceFile {
  const { name, service, servers, require, health } = settings;
  const { key, persistence } = service;
  return {
    name,
    ...(key.kind === 'mark'
      ? { fwmark: key.mark, family: key.family }
      : { address: endpointName(key), protocol: key.protocol }),
    scheduler: service.scheduler as NonNullable<ServiceFile['scheduler']>,
    flags: ([1, 2, 4] as const)
      .map((bit, index) => ((service.schedulerFlags & bit) === 0 ? undefined : FLAGS[index]))
      .filter((flag) => flag !== undefined),
    one_packet: service.onePacket,
    ...(persistence === undefined
      ? {}
      : {
          persistence: {
            timeout: `${persistence.seconds}s`,
            netmask: persistence.prefixLength,
            ...(persistence.engine === undefined ? {} : { engine: persistence.engine }),
          },
        }),
    servers: servers.map((server) => ({
      ...effectiveServer(server),
      ...probesOf(endpointName(server), health),
    })),
    on_failure: health.onFailure,
    ...(health.fallback === undefined ? {} : { fallback: effectiveFallback(health.fallback) }),
    ...(health.minimum === undefined ? {} : { min_servers: effectiveMinimum(health.minimum) }),
    ...(require === undefined ? {} : { require }),
  };
}

const FLAGS = ['flag-1', 'flag-2', 'flag-3'] as const;

/** Said of each server, wherever the file has said it. */
function probesOf(name: string, { checks, weights }: HealthSettings) {
  const check = checks[name];
  const weight = weights[name];
  return {
    ...(check === undefined ? {} : { check: effectiveCheck(check) }),
    ...(weight === undefined ? {} : { weight_from: effectiveWeightFrom(weight) }),
  };
}

function effectiveFallback(server: Server): NonNullable<ServiceFile['fallback']> {
  const { upper_threshold: _, lower_threshold: __, ...words } = effectiveServer(server);
  return words;
}

function effectiveServer(server: Server): ServerMapping {
  return {
    address: endpointName(server),
    weight: server.weight,
    forwarding: server.forwarding as NonNullable<ServerMapping['forwarding']>,
    upper_threshold: server.upperThreshold,
    lower_threshold: server.lowerThreshold,
    ...(server.tunnel === undefined ? {} : { tunnel: effectiveTunnel(server.tunnel) }),
  };
}

function effectiveTunnel({ type, port, checksum }: Tunnel): TunnelFile {
  return { type, ...(type === 'gue' ? { port } : {}), checksum };
}
