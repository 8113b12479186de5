/** Converts IPVS settings back to the `ipvs` of the file. */
import { formatEndpoint } from '../../net/endpoint.ts';
import type { ConnectionTimeouts, Server, Tunnel } from '../../net/ipvs.ts';
import type { Expectation, HttpTarget, ServerProbe, StatusRange } from '../../net/probe.ts';
import { formatDuration } from '../../net/time.ts';
import { withoutValues } from '../../net/url.ts';
import type {
  HealthSettings,
  IpvsSettings,
  MinimumSettings,
  ServiceSettings,
  SyncSettings,
} from '../ipvs-settings.ts';
import type { IpvsNotification, ServiceNotification } from '../notification-settings.ts';
import type {
  CheckMapping,
  DnsFile,
  ExecFile,
  HttpFile,
  HttpsFile,
  MinServersFile,
  UdpFile,
  WeightFromFile,
} from '../schema/check-schema.ts';
import type {
  IpvsFile,
  ServerFile,
  ServiceFile,
  SyncFile,
  TunnelFile,
} from '../schema/ipvs-schema.ts';
import { type Complete, present } from './complete.ts';
import {
  effectiveIpvsNotify,
  effectiveServiceNotify,
  effectiveUpDown,
  maskNotify,
} from './effective-notify.ts';
import { MASK } from './mask.ts';

type ServerMapping = Exclude<ServerFile, string>;
type Mapping<Key extends keyof IpvsFile> = NonNullable<IpvsFile[Key]>;
type FallbackMapping = Exclude<NonNullable<ServiceFile['fallback']>, string>;
type PersistenceFile = NonNullable<ServiceFile['persistence']>;

export function effectiveIpvs(settings: IpvsSettings, notify: IpvsNotification): IpvsFile {
  const { timeouts, sysctls, sync } = settings;
  return present<IpvsFile>({
    required: settings.required,
    exclusive: settings.exclusive,
    on_stop: settings.onStop,
    timeouts: timeouts && effectiveTimeouts(timeouts),
    sysctl: Object.keys(sysctls).length === 0 ? undefined : effectiveSysctls(sysctls),
    sync: sync && effectiveSync(sync),
    notify: effectiveIpvsNotify(notify),
    // Each service shows the servers of its group.
    server_groups: undefined,
    services: settings.services.map((one) => effectiveService(one, notify.services.get(one.name))),
  });
}

/** Replaces the secrets of all webhooks, and the queries of all checks, by `MASK`. */
export function maskIpvs(ipvs: IpvsFile): IpvsFile {
  const masked = { ...ipvs };
  if (ipvs.notify !== undefined) masked.notify = maskNotify(ipvs.notify);
  if (ipvs.services !== undefined) masked.services = ipvs.services.map(maskService);
  return masked;
}

function maskService(service: ServiceFile): ServiceFile {
  const masked = maskChecks(service);
  if (service.notify !== undefined) masked.notify = maskNotify(service.notify);
  if (service.servers !== undefined) {
    masked.servers = service.servers.map((one) =>
      typeof one === 'string' ? one : maskChecks(one),
    );
  }
  return masked;
}

/** Of a service or a server. */
function maskChecks<Keys extends Pick<ServerMapping, 'check' | 'weight_from'>>(keys: Keys): Keys {
  const masked = { ...keys };
  const { check, weight_from: weightFrom } = keys;
  if (check !== undefined) {
    masked.check = Array.isArray(check) ? check.map(maskRequest) : maskRequest(check);
  }
  if (weightFrom !== undefined) masked.weight_from = maskRequest(weightFrom);
  return masked;
}

interface Requests {
  http?: HttpFile | undefined;
  https?: HttpsFile | undefined;
}

function maskRequest<Keys extends string | Requests>(keys: Keys): Keys {
  if (typeof keys === 'string') return keys;
  const masked: Requests = {};
  for (const scheme of ['http', 'https'] as const) {
    const request = keys[scheme];
    if (request?.path === undefined) continue;
    masked[scheme] = { ...request, path: withoutValues(request.path, MASK) };
  }
  return Object.assign({}, keys, masked);
}

function effectiveTimeouts({ tcp, tcpFin, udp }: ConnectionTimeouts): Mapping<'timeouts'> {
  // 0 leaves the timeout of the kernel unchanged, like a key that is absent.
  const text = (seconds: number) => (seconds === 0 ? undefined : `${seconds}s`);
  return present<Mapping<'timeouts'>>({ tcp: text(tcp), tcp_fin: text(tcpFin), udp: text(udp) });
}

function effectiveSysctls(sysctls: IpvsSettings['sysctls']): Mapping<'sysctl'> {
  const entries = Object.entries(sysctls).map(([name, value]) => [
    name,
    name === 'sync_threshold' ? value : Number(value),
  ]);
  return Object.fromEntries(entries) as Mapping<'sysctl'>;
}

function effectiveSync(settings: SyncSettings): SyncFile {
  const { mode, instance, rstGuard, catchUp, peers, daemon } = settings;
  return present<SyncFile>({
    interface: daemon.interface,
    sync_id: daemon.syncId,
    group: daemon.group,
    port: daemon.port,
    ttl: daemon.ttl,
    maxlen: daemon.maximumLength,
    mode,
    instance,
    rst_guard: rstGuard,
    catch_up: catchUp,
    peers: peers.length === 0 ? undefined : [...peers],
  });
}

function effectiveService(
  settings: ServiceSettings,
  notify: ServiceNotification | undefined,
): ServiceFile {
  const { name, service, servers, require, health } = settings;
  const { key, persistence } = service;
  const isMark = key.kind === 'mark';
  return present<ServiceFile>({
    name,
    address: isMark ? undefined : formatEndpoint(key),
    protocol: isMark ? undefined : key.protocol,
    fwmark: isMark ? key.mark : undefined,
    family: isMark ? key.family : undefined,
    scheduler: service.scheduler as NonNullable<ServiceFile['scheduler']>,
    flags: FLAGS.filter((_, index) => (service.schedulerFlags & (1 << index)) !== 0),
    one_packet: service.onePacket,
    persistence:
      persistence &&
      present<PersistenceFile>({
        timeout: `${persistence.seconds}s`,
        netmask: persistence.prefixLength,
        engine: persistence.engine,
      }),
    // The servers have these four keys, wherever the file gave them.
    forwarding: undefined,
    tunnel: undefined,
    check: undefined,
    weight_from: undefined,
    server_group: undefined,
    servers: servers.map((server) => effectiveServer(server, health, notify)),
    on_failure: health.onFailure,
    quorum: health.quorum,
    notify: notify && effectiveServiceNotify(notify),
    fallback: health.fallback && present<FallbackMapping>(destinationKeys(health.fallback)),
    min_servers: health.minimum && effectiveMinimum(health.minimum),
    require,
  });
}

/** By bit of `schedulerFlags`. */
const FLAGS = ['flag-1', 'flag-2', 'flag-3'] as const;

function effectiveServer(
  server: Server,
  { checks, weights }: HealthSettings,
  notify: ServiceNotification | undefined,
): ServerMapping {
  const name = formatEndpoint(server);
  const [first, ...others] = checks[name]?.map(effectiveCheck) ?? [];
  const weight = weights[name];
  const own = notify?.servers.get(name);
  return present<ServerMapping>({
    ...destinationKeys(server),
    upper_threshold: server.upperThreshold,
    lower_threshold: server.lowerThreshold,
    check: first === undefined || others.length === 0 ? first : [first, ...others],
    weight_from: weight && effectiveWeightFrom(weight),
    notify: own && effectiveUpDown(own),
  });
}

function destinationKeys(server: Server): Complete<FallbackMapping> {
  return {
    address: formatEndpoint(server),
    weight: server.weight,
    forwarding: server.forwarding as NonNullable<ServerMapping['forwarding']>,
    tunnel: server.tunnel && effectiveTunnel(server.tunnel),
  };
}

function effectiveTunnel({ type, port, checksum }: Tunnel): TunnelFile {
  return present<TunnelFile>({ type, port: type === 'gue' ? port : undefined, checksum });
}

function effectiveMinimum({ count, weight }: MinimumSettings): MinServersFile {
  return weight === undefined ? count : { count, weight };
}

function effectiveCheck(probe: ServerProbe): CheckMapping {
  const { rise, fall, retryAfter } = probe;
  return present<CheckMapping>({
    ...targetKeys(probe),
    ...timingKeys(probe),
    ...{ rise, fall },
    retry_after: retryAfter && formatDuration(retryAfter),
  });
}

function effectiveWeightFrom(probe: ServerProbe): WeightFromFile {
  const { http, https, exec, port, connect_to, source } = targetKeys(probe);
  const scale = 'weight' in probe ? probe.weight : undefined;
  return present<WeightFromFile>({
    http,
    https,
    exec,
    port,
    connect_to,
    source,
    ...timingKeys(probe),
    fall: probe.fall,
    reads: scale?.reads,
    smoothing: scale?.smoothing,
    min: scale?.minimum,
    max: scale?.maximum,
  });
}

function timingKeys({ interval, timeout }: ServerProbe) {
  return { interval: formatDuration(interval), timeout: formatDuration(timeout) };
}

type TargetKeys = Complete<
  Omit<CheckMapping, 'interval' | 'timeout' | 'rise' | 'fall' | 'retry_after'>
>;

const NO_TARGET: TargetKeys = {
  tcp: undefined,
  http: undefined,
  https: undefined,
  dns: undefined,
  udp: undefined,
  ping: undefined,
  exec: undefined,
  // `connect_to` has the port.
  port: undefined,
  connect_to: undefined,
  source: undefined,
};

function targetKeys(target: ServerProbe): TargetKeys {
  switch (target.kind) {
    case 'tcp':
      return {
        ...NO_TARGET,
        tcp: {},
        connect_to: formatEndpoint(target.endpoint),
        source: target.source,
      };
    case 'http':
      return { ...NO_TARGET, ...httpKeys(target), source: target.source };
    case 'dns': {
      const { name, type, answer, endpoint, source } = target;
      const dns = present<DnsFile>({ name, type, answer });
      return { ...NO_TARGET, dns, connect_to: formatEndpoint(endpoint), source };
    }
    case 'udp': {
      const { send, expect, endpoint } = target;
      const udp = present<UdpFile>({
        send: undefined,
        send_hex: send === '' ? undefined : send,
        expect: textOf(expect),
        expect_regex: patternOf(expect),
      });
      return { ...NO_TARGET, udp, connect_to: formatEndpoint(endpoint) };
    }
    case 'ping':
      return { ...NO_TARGET, ping: {}, connect_to: target.address };
    case 'script':
      return {
        ...NO_TARGET,
        exec: present<ExecFile>({ command: [...target.argv], user: target.user }),
      };
  }
}

function httpKeys(target: HttpTarget): Pick<CheckMapping, 'http' | 'https' | 'connect_to'> {
  const [, scheme, authority = '', path = '/'] =
    /^(https?):\/\/([^/]+)(.*)$/.exec(target.url) ?? [];
  const { host, method, serverName, verify, status, body, digest } = target;
  const request: Complete<HttpFile> = {
    method: method as NonNullable<HttpFile['method']>,
    path,
    host,
    status: status.map(rangeText),
    body: textOf(body),
    body_regex: patternOf(body),
    digest: digest && `${digest.algorithm}:${digest.hex}`,
  };
  return scheme === 'http'
    ? { http: present<HttpFile>(request), connect_to: authority }
    : {
        https: present<HttpsFile>({ ...request, verify, sni: serverName }),
        connect_to: authority,
      };
}

function rangeText({ first, last }: StatusRange): number | string {
  return first === last ? first : `${first}-${last}`;
}

function textOf(expectation: Expectation | undefined): string | undefined {
  return expectation?.kind === 'text' ? expectation.text : undefined;
}

function patternOf(expectation: Expectation | undefined): string | undefined {
  return expectation?.kind === 'pattern' ? expectation.pattern : undefined;
}
