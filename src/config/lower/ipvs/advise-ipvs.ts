/** Warns of settings of IPVS that are valid, and do not do what their author expects. */
import type { IpAddress } from '../../../net/address.ts';
import { formatEndpoint } from '../../../net/endpoint.ts';
import { mayLoop, staysByPort } from '../../../net/ipvs.ts';
import type {
  InstanceSettings,
  Settings,
  SyncGroupSettings,
} from '../../../protocol/engine/settings.ts';
import type { Findings, Path } from '../../finding.ts';
import { type IpvsSettings, loopAdvice, type ServiceSettings } from '../../ipvs-settings.ts';

export function adviseIpvs(
  ipvs: IpvsSettings | undefined,
  settings: Pick<Settings, 'instances' | 'syncGroups'>,
  findings: Findings,
): void {
  if (ipvs === undefined) return;
  adviseSync(ipvs, settings, findings);
  adviseTwoNodes(ipvs, settings.instances, findings);
  adviseVips(ipvs, settings.instances, findings);
  for (const [position, service] of ipvs.services.entries()) {
    const path = ['ipvs', 'services', position];
    advisePersistence(service, ipvs, path, findings);
    adviseKeptPorts(service, path, findings);
    adviseDatagrams(service, ipvs, path, findings);
  }
}

/**
 * Connections would be lost: the sync daemons follow one instance, so connections of an instance that
 * can be MASTER on the other director are not sent.
 */
function adviseSync(
  { sync, services, sysctls }: IpvsSettings,
  { instances, syncGroups }: Pick<Settings, 'instances' | 'syncGroups'>,
  findings: Findings,
): void {
  if (sync === undefined || sync.mode === 'both') return;
  const together = companions(sync.instance, syncGroups);
  const isBackupOnly = sysctls['backup_only'] === '1';
  for (const { name, addresses, extraAddresses } of instances) {
    if (together.has(name)) continue;
    const own = new Set([...addresses, ...extraAddresses].map(({ address }) => address));
    const service = services.find(
      ({ service: { key } }) => key.kind === 'address' && own.has(key.address),
    );
    if (service === undefined) continue;
    const cure = isBackupOnly
      ? `, and with "backup_only: 1" it is not balanced while "${sync.instance}" is BACKUP: put both ` +
        'instances into a sync group'
      : ': put both instances into a sync group, or set "mode: both"';
    const message =
      `the MASTER of "${sync.instance}" sends the connections of service "${service.name}", but ` +
      `the address of the service moves with "${name}"${cure}`;
    findings.warn(['ipvs', 'sync'], message);
  }
}

function companions(instance: string, groups: readonly SyncGroupSettings[]): ReadonlySet<string> {
  const group = groups.find(({ instances }) => instances.includes(instance));
  return new Set([instance, ...(group?.instances ?? [])]);
}

/** Directors that are real servers; the host's own addresses are not known here (`host-needs.ts`). */
function adviseTwoNodes(
  { sync, services, sysctls }: IpvsSettings,
  instances: readonly InstanceSettings[],
  findings: Findings,
): void {
  if (sysctls['backup_only'] === '1') {
    if (sync === undefined) {
      const message =
        '"backup_only" has no effect without "sync": only a backup daemon stops the balancing';
      findings.warn(['ipvs', 'sysctl', 'backup_only'], message);
    }
    return;
  }
  const directors = new Set(
    instances.flatMap(({ unicast, sourceAddress }): (IpAddress | undefined)[] => [
      sourceAddress,
      unicast?.source,
      ...(unicast?.peers.map(({ address }) => address) ?? []),
    ]),
  );
  for (const [position, { servers }] of services.entries()) {
    const at = servers.findIndex((server) => mayLoop(server) && directors.has(server.address));
    const server = servers[at];
    if (server === undefined) continue;
    const path = ['ipvs', 'services', position, 'servers', at];
    findings.warn(path, loopAdvice(server, 'an address of a director'));
  }
}

/** A VIP moves: what is sent there arrives at the MASTER, and so does the check of a BACKUP. */
function adviseVips(
  { services }: IpvsSettings,
  instances: readonly InstanceSettings[],
  findings: Findings,
): void {
  const vips = new Map(
    instances.flatMap(({ name, addresses, extraAddresses }) =>
      [...addresses, ...extraAddresses].map(({ address }) => [address, name] as const),
    ),
  );
  for (const [position, { servers }] of services.entries()) {
    const at = servers.findIndex(({ address }) => vips.has(address));
    const server = servers[at];
    if (server === undefined) continue;
    findings.warn(
      ['ipvs', 'services', position, 'servers', at],
      `the server ${formatEndpoint(server)} is a VIP of "${vips.get(server.address)}": only the MASTER is ` +
        'reached there, and a BACKUP checks the other director. Write the own address of the real server',
    );
  }
}

/** The kernel sends the clients of a template to a server of weight 0 (ip_vs_check_template). */
function advisePersistence(
  { name, service, health }: ServiceSettings,
  { sysctls }: IpvsSettings,
  path: Path,
  findings: Findings,
): void {
  if (service.persistence === undefined || health.onFailure !== 'quiesce') return;
  if (sysctls['expire_quiescent_template'] === '1') return;
  if (Object.keys(health.checks).length === 0 && health.fallback === undefined) return;
  findings.warn(
    path,
    `clients of "${name}" stay with a server that is down, because of its "persistence": set ` +
      '"sysctl: { expire_quiescent_template: 1 }", or "on_failure: remove"',
  );
}

/**
 * For a persistent client the kernel maps only the port of the service, which neither a mark nor port 0
 * has (ip_vs_sched_persist); without persistence it maps every port to that of the server.
 */
function adviseKeptPorts(
  { name, service: { key, persistence }, servers }: ServiceSettings,
  path: Path,
  findings: Findings,
): void {
  if (persistence === undefined || (key.kind === 'address' && key.port !== 0)) return;
  const at = servers.findIndex(({ forwarding, port }) => forwarding === 'nat' && port !== 0);
  const server = servers[at];
  if (server === undefined) return;
  findings.warn(
    [...path, 'servers', at],
    `because of the "persistence" of "${name}", its clients keep the port that they ask for: ` +
      `${formatEndpoint(server)} gets them at that port, not at ${server.port}. Write the server without ` +
      'a port, and "port" in its "check"',
  );
}

function adviseDatagrams(
  { name, service, health }: ServiceSettings,
  { sysctls }: IpvsSettings,
  path: Path,
  findings: Findings,
): void {
  if (Object.keys(health.checks).length === 0) return;
  if (service.key.kind === 'mark' && health.onFailure === 'remove') {
    if (sysctls['expire_nodest_conn'] !== undefined) return;
    findings.warn(
      path,
      `where the packets of "${name}" are of UDP, a client that sends from one port stays with a server that was ` +
        'removed: choose "sysctl: { expire_nodest_conn: 1 }", or 0 if all are of TCP',
    );
    return;
  }
  if (!staysByPort(service)) return;
  const stays = `a client of "${name}" that sends from one port stays with a server that is down`;
  if (health.onFailure === 'quiesce') {
    findings.warn([...path, 'on_failure'], `${stays}: use "on_failure: remove"`);
  }
  const removes = health.onFailure === 'remove' || health.fallback !== undefined;
  if (removes && sysctls['expire_nodest_conn'] !== '1') {
    findings.warn(
      ['ipvs', 'sysctl', 'expire_nodest_conn'],
      `${stays}: with "expire_nodest_conn: 1" its next datagram goes to another one`,
    );
  }
}
