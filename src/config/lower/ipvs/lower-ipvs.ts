/** Converts `ipvs` of the file to settings. */

import { familyOf, type IpAddress, isMulticast, parseIp } from '../../../net/address.ts';
import {
  type ConnectionTimeouts,
  SUMMARY_PORT_OFFSET,
  serviceName,
  staysByPort,
} from '../../../net/ipvs.ts';
import { seconds } from '../../../net/time.ts';
import type { InstanceSettings, TrackSettings } from '../../../protocol/engine/settings.ts';
import { describeValue, type Findings, type Path } from '../../finding.ts';
import type { HostFacts } from '../../host-facts.ts';
import {
  type IpvsSettings,
  minimumProbe,
  type ServiceSettings,
  type SyncSettings,
} from '../../ipvs-settings.ts';
import type { ServiceNotification } from '../../notification-settings.ts';
import { IPVS_DEFAULTS, SYNC_DEFAULTS } from '../../schema/defaults.ts';
import type { IpvsDraft, SyncFile } from '../../schema/ipvs-schema.ts';
import { lowerDuration } from '../lower-timing.ts';
import { lowerService } from './lower-ipvs-service.ts';
import { ServerGroups } from './server-groups.ts';

const PATH: Path = ['ipvs'];
const TIMEOUT_RANGE = { minimum: seconds(1), maximum: seconds(2_147_483), zero: false };

interface Notifications {
  readonly notify: Map<string, ServiceNotification>;
  readonly host: HostFacts;
}

/**
 * Undefined: the agent leaves IPVS alone.
 * @param into `notify` gets the notifications of each service that has some
 */
export function lowerIpvs(
  file: IpvsDraft | undefined,
  instances: readonly InstanceSettings[],
  into: Notifications,
  findings: Findings,
): IpvsSettings | undefined {
  if (file === undefined || Object.keys(file).length === 0) return undefined;
  checkSysctls(file, findings);
  const services = lowerServices(file, instances, into, findings);
  const sync =
    file.sync === undefined ? undefined : lowerSync(file.sync, file.sysctl, instances, findings);
  const sysctls = Object.entries(file.sysctl ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    required: file.required ?? IPVS_DEFAULTS.required,
    exclusive: file.exclusive ?? IPVS_DEFAULTS.exclusive,
    onStop: file.on_stop ?? IPVS_DEFAULTS.on_stop,
    timeouts: lowerTimeouts(file.timeouts, findings),
    sysctls: { ...sysctlsFor(services), ...Object.fromEntries(sysctls) },
    sync,
    services,
  };
}

/**
 * A client of UDP may send from one port forever, and so would keep a server that was removed: the
 * kernel drops its datagrams unless the connection ends with the server.
 */
function sysctlsFor(services: readonly ServiceSettings[]): Record<string, string> {
  const removes = services.some(
    ({ service, health: { checks, onFailure, fallback } }) =>
      staysByPort(service) &&
      Object.keys(checks).length > 0 &&
      (onFailure === 'remove' || fallback !== undefined),
  );
  return removes ? { expire_nodest_conn: '1' } : {};
}

function lowerServices(
  file: IpvsDraft,
  instances: readonly InstanceSettings[],
  { notify, host }: Notifications,
  findings: Findings,
): ServiceSettings[] {
  const { services = [], sync } = file;
  const groups = new ServerGroups(file, findings);
  const taken = new Set<string>();
  const claim = (name: string, path: Path, what: string) => {
    if (taken.has(name)) findings.error(path, 'conflict', `duplicate ${what}`);
    taken.add(name);
  };
  return services.flatMap((one, index): ServiceSettings[] => {
    if (one === undefined) return [];
    const path = [...PATH, 'services', index];
    claim(`name ${one.name}`, [...path, 'name'], `name "${one.name}"`);
    requireInstance(one.require, instances, [...path, 'require'], findings);
    const lowered = lowerService(one, path, { groups, host }, findings);
    if (lowered === undefined) return [];
    const { settings: service } = lowered;
    if (lowered.notify !== undefined) notify.set(one.name, lowered.notify);
    const key = serviceName(service.service.key);
    claim(key, [...path, one.fwmark === undefined ? 'address' : 'fwmark'], `service ${key}`);
    if (sync !== undefined) checkFamilies(service, path, findings);
    return [service];
  });
}

function lowerSync(
  file: SyncFile,
  sysctl: IpvsDraft['sysctl'],
  instances: readonly InstanceSettings[],
  findings: Findings,
): SyncSettings {
  const path = [...PATH, 'sync'];
  const at = [...path, 'instance'];
  const named = requireInstance(file.instance, instances, at, findings);
  if (file.instance === undefined && instances.length > 1) {
    const message = 'there is more than one instance: name the one to follow with "instance"';
    findings.error(path, 'missing', message);
  }
  const instance = named ?? instances[0];
  return {
    mode: file.mode ?? SYNC_DEFAULTS.mode,
    instance: instance?.name ?? '',
    rstGuard: file.rst_guard ?? SYNC_DEFAULTS.rst_guard,
    catchUp: lowerCatchUp(file, sysctl, findings),
    peers: lowerPeers(file, findings),
    daemon: {
      interface: file.interface,
      syncId: file.sync_id ?? instance?.vrid ?? 1,
      group: lowerGroup(file, path, findings),
      port: file.port ?? SYNC_DEFAULTS.port,
      ttl: file.ttl ?? SYNC_DEFAULTS.ttl,
      maximumLength: file.maxlen,
    },
  };
}

function lowerPeers({ peers = [] }: SyncFile, findings: Findings): IpAddress[] {
  return peers.flatMap((text, position) => {
    const address = parseIp(text);
    if (address !== undefined && !isMulticast(address)) return address;
    const message = `expected the IP address of a director, found ${describeValue(text)}`;
    findings.error([...PATH, 'sync', 'peers', position], 'type', message);
    return [];
  });
}

/** The agent implements only version 1 of the sync messages. */
function lowerCatchUp(
  { catch_up: wanted, port = SYNC_DEFAULTS.port }: SyncFile,
  sysctl: IpvsDraft['sysctl'],
  findings: Findings,
): boolean {
  const isVersion0 = sysctl?.sync_version === 0;
  if (wanted === true && isVersion0) {
    const message = '"catch_up" does not support "sync_version: 0": remove one of them';
    findings.error([...PATH, 'sync', 'catch_up'], 'conflict', message);
  }
  const catchUp = wanted ?? (SYNC_DEFAULTS.catch_up && !isVersion0);
  if (catchUp && port > 65_535 - SUMMARY_PORT_OFFSET) {
    const message = `"catch_up" also uses port + ${SUMMARY_PORT_OFFSET}: choose a lower port`;
    findings.error([...PATH, 'sync', 'port'], 'range', message);
  }
  return catchUp;
}

function lowerGroup({ group = SYNC_DEFAULTS.group }: SyncFile, path: Path, findings: Findings) {
  const address = parseIp(group);
  if (address !== undefined && isMulticast(address)) return address;
  const message = `expected a multicast address, found ${describeValue(group)}`;
  findings.error([...path, 'group'], 'range', message);
  return undefined;
}

function requireInstance(
  name: string | undefined,
  instances: readonly InstanceSettings[],
  path: Path,
  findings: Findings,
): InstanceSettings | undefined {
  if (name === undefined) return undefined;
  const instance = instances.find((one) => one.name === name);
  if (instance === undefined) {
    const known = instances.map((one) => one.name).join(', ');
    const message = `unknown instance ${JSON.stringify(name)}; the instances are: ${known}`;
    findings.error(path, 'conflict', message);
  }
  return instance;
}

/** The kernel refuses to start a sync daemon while a server has another family than its service. */
function checkFamilies(
  { service, servers }: ServiceSettings,
  path: Path,
  findings: Findings,
): void {
  const mixed = servers.findIndex(({ address }) => familyOf(address) !== service.key.family);
  if (mixed < 0) return;
  const message = 'with "sync", a server must have the address family of its service';
  findings.error([...path, 'servers', mixed], 'conflict', message);
}

/** Values that the kernel rejects, or accepts and never uses (net/netfilter/ipvs/ip_vs_ctl.c). */
function checkSysctls({ sysctl = {}, sync }: IpvsDraft, findings: Findings): void {
  if (sysctl.backup_only === 1 && sync?.mode === 'both') {
    const message =
      'with "backup_only: 1" a director balances nothing while a backup daemon runs, and with ' +
      '"mode: both" it always runs: use "mode: follow"';
    findings.error([...PATH, 'sync', 'mode'], 'conflict', message);
  }
  const { sync_ports: ports, sync_threshold: threshold } = sysctl;
  if (ports !== undefined && (ports & (ports - 1)) !== 0) {
    const message = `must be a power of two: 1, 2, 4, 8, 16, 32 or 64, not ${ports}`;
    findings.error([...PATH, 'sysctl', 'sync_ports'], 'range', message);
  }
  const [first = 0, period = 0] = (threshold ?? '').split(' ').map(Number);
  if (period !== 0 && first >= period) {
    const message = 'the first number must be less than the second, unless the second is 0';
    findings.error([...PATH, 'sysctl', 'sync_threshold'], 'range', message);
  }
}

function lowerTimeouts(
  file: IpvsDraft['timeouts'],
  findings: Findings,
): ConnectionTimeouts | undefined {
  if (file === undefined) return undefined;
  const read = (key: 'tcp' | 'tcp_fin' | 'udp'): number => {
    const text = file[key];
    if (text === undefined) return 0;
    const path = [...PATH, 'timeouts', key];
    const time = lowerDuration(text, TIMEOUT_RANGE, path, findings);
    if (time % seconds(1) !== 0) findings.error(path, 'range', 'must be whole seconds');
    return time / seconds(1);
  };
  return { tcp: read('tcp'), tcpFin: read('tcp_fin'), udp: read('udp') };
}

/** Makes each instance track whether the services that require it have enough healthy servers. */
export function trackMinimums(
  instances: readonly InstanceSettings[],
  services: readonly ServiceSettings[],
): InstanceSettings[] {
  return instances.map((instance) => {
    const tracks = services.flatMap(({ name, require, health: { minimum } }): TrackSettings[] => {
      if (require !== instance.name || minimum === undefined) return [];
      const source = { kind: 'ipvs', probe: minimumProbe(name), init: 'wait' } as const;
      return [{ name: `ipvs:${name}`, weight: minimum.weight, source }];
    });
    return tracks.length === 0 ? instance : { ...instance, track: [...instance.track, ...tracks] };
  });
}
