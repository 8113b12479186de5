/** `ipvs` of the file as settings. */

import { familyOf, isMulticast, parseIp } from '../../../net/address.ts';
import {
  type ConnectionTimeouts,
  DEFAULT_SYNC_GROUP,
  DEFAULT_SYNC_PORT,
  SUMMARY_PORT_OFFSET,
  serviceName,
} from '../../../net/ipvs.ts';
import { microseconds, seconds } from '../../../net/time.ts';
import type { InstanceSettings } from '../../../protocol/engine/settings.ts';
import type { Findings, Path } from '../../finding.ts';
import type { IpvsSettings, ServiceSettings, SyncSettings } from '../../ipvs-settings.ts';
import type { IpvsDraft, SyncFile } from '../../schema/ipvs-schema.ts';
import { describeValue } from '../../text/value-text.ts';
import { lowerDuration } from '../lower-timing.ts';
import { lowerService } from './lower-ipvs-service.ts';

const PATH: Path = ['ipvs'];
const TIMEOUT_RANGE = { minimum: seconds(1), maximum: seconds(2_147_483), zero: false };

/** Undefined: the agent leaves IPVS alone. */
export function lowerIpvs(
  file: IpvsDraft | undefined,
  instances: readonly InstanceSettings[],
  findings: Findings,
): IpvsSettings | undefined {
  if (file === undefined || Object.keys(file).length === 0) return undefined;
  checkSysctls(file, findings);
  const services = lowerServices(file, instances, findings);
  const sync =
    file.sync === undefined ? undefined : lowerSync(file.sync, file.sysctl, instances, findings);
  return {
    required: file.required ?? true,
    exclusive: file.exclusive ?? false,
    onStop: file.on_stop ?? 'remove',
    timeouts: lowerTimeouts(file.timeouts, findings),
    sysctls: Object.fromEntries(
      Object.entries(file.sysctl ?? {}).map(([name, value]) => [name, String(value)]),
    ),
    sync,
    services,
  };
}

function lowerServices(
  { services = [], sync }: IpvsDraft,
  instances: readonly InstanceSettings[],
  findings: Findings,
): ServiceSettings[] {
  const taken = new Set<string>();
  const claim = (name: string, path: Path, what: string) => {
    if (taken.has(name)) findings.error(path, 'conflict', `${what} is already taken`);
    taken.add(name);
  };
  return services.flatMap((file, index): ServiceSettings[] => {
    if (file === undefined) return [];
    const path = [...PATH, 'services', index];
    claim(`name ${file.name}`, [...path, 'name'], `the name "${file.name}"`);
    requireInstance(file.require, instances, [...path, 'require'], findings);
    const service = lowerService(file, path, findings);
    if (service === undefined) return [];
    const key = serviceName(service.service.key);
    claim(key, [...path, file.fwmark === undefined ? 'address' : 'fwmark'], key);
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
    const message = 'there is more than one instance: "instance" must say which one counts';
    findings.error(path, 'missing', message);
  }
  const instance = named ?? instances[0];
  return {
    mode: file.mode ?? 'follow',
    instance: instance?.name ?? '',
    rstGuard: file.rst_guard ?? 'planned',
    catchUp: lowerCatchUp(file, sysctl, findings),
    daemon: {
      interface: file.interface,
      syncId: file.sync_id ?? instance?.vrid ?? 1,
      group: lowerGroup(file, path, findings),
      port: file.port ?? DEFAULT_SYNC_PORT,
      ttl: file.ttl ?? 1,
      maximumLength: file.maxlen,
    },
  };
}

/** Messages of version 0 are not spoken here. */
function lowerCatchUp(
  { catch_up: wanted, port = DEFAULT_SYNC_PORT }: SyncFile,
  sysctl: IpvsDraft['sysctl'],
  findings: Findings,
): boolean {
  const isVersion0 = sysctl?.sync_version === 0;
  if (wanted === true && isVersion0) {
    const message = '"sync_version: 0" has no form for this: remove one of them';
    findings.error([...PATH, 'sync', 'catch_up'], 'conflict', message);
  }
  const catchUp = wanted ?? !isVersion0;
  if (catchUp && port > 65_535 - SUMMARY_PORT_OFFSET) {
    const message = `"catch_up" needs the port ${SUMMARY_PORT_OFFSET} above: use a lower one`;
    findings.error([...PATH, 'sync', 'port'], 'range', message);
  }
  return catchUp;
}

function lowerGroup({ group = DEFAULT_SYNC_GROUP }: SyncFile, path: Path, findings: Findings) {
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
    const message = `there is no instance ${JSON.stringify(name)}; there are: ${known}`;
    findings.error(path, 'conflict', message);
  }
  return instance;
}

/** The daemons refuse to start beside servers of another family than their service's. */
function checkFamilies(
  { service, servers }: ServiceSettings,
  path: Path,
  findings: Findings,
): void {
  const mixed = servers.findIndex(({ address }) => familyOf(address) !== service.key.family);
  if (mixed < 0) return;
  const message = 'connections to a server of another family cannot be synchronised';
  findings.error([...path, 'servers', mixed], 'conflict', message);
}

/** What the kernel would refuse, or take and never use (net/netfilter/ipvs/ip_vs_ctl.c). */
function checkSysctls({ sysctl = {} }: IpvsDraft, findings: Findings): void {
  const { sync_ports: ports, sync_threshold: threshold } = sysctl;
  if (ports !== undefined && (ports & (ports - 1)) !== 0) {
    const message = `must be a power of two: 1, 2, 4, 8, 16, 32 or 64, not ${ports}`;
    findings.error([...PATH, 'sysctl', 'sync_ports'], 'range', message);
  }
  const [first = 0, period = 0] = (threshold ?? '').split(' ').map(Number);
  if (period !== 0 && first >= period) {
    const message = 'the first number must be less than the second, unless that is 0';
    findings.error([...PATH, 'sysctl', 'sync_threshold'], 'range', message);
  }
}

function lowerTimeouts(
  file: IpvsDraft['timeouts'],
  findings: Findings,
): ConnectionTimeouts | undefined {
  if (file === undefined) return undefined;
  const read = (key: 'tcp' | 'tcp_fin' | 'udp'): number => {
    const path = [...PATH, 'timeouts', key];
    const time = lowerDuration(file[key], microseconds(0), TIMEOUT_RANGE, path, findings);
    if (time % seconds(1) !== 0) {
      findings.error(path, 'range', 'the kernel counts whole seconds here');
    }
    return time / seconds(1);
  };
  return { tcp: read('tcp'), tcpFin: read('tcp_fin'), udp: read('udp') };
}
