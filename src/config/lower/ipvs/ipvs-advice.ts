/** What is possible in `ipvs`, and seldom meant. */
import type { Settings, SyncGroupSettings } from '../../../protocol/engine/settings.ts';
import type { Findings } from '../../finding.ts';
import type { IpvsSettings } from '../../ipvs-settings.ts';

/**
 * The daemons follow one instance. Where another one is MASTER on the other director its connections are
 * not sent, and a take-over loses them.
 */
export function adviseIpvs(
  ipvs: IpvsSettings | undefined,
  { instances, syncGroups }: Pick<Settings, 'instances' | 'syncGroups'>,
  findings: Findings,
): void {
  const { sync, services = [] } = ipvs ?? {};
  if (sync === undefined || sync.mode === 'both') return;
  const together = companions(sync.instance, syncGroups);
  for (const { name, addresses, extraAddresses } of instances) {
    if (together.has(name)) continue;
    const own = new Set([...addresses, ...extraAddresses].map(({ address }) => address));
    const service = services.find(
      ({ service: { key } }) => key.kind === 'address' && own.has(key.address),
    );
    if (service === undefined) continue;
    const message =
      `connections of the service "${service.name}" are sent by the MASTER of ` +
      `"${sync.instance}", and its address moves with "${name}": put both instances into a sync ` +
      'group, or set "mode: both"';
    findings.warn(['ipvs', 'sync'], message);
  }
}

function companions(instance: string, groups: readonly SyncGroupSettings[]): ReadonlySet<string> {
  const group = groups.find(({ instances }) => instances.includes(instance));
  return new Set([instance, ...(group?.instances ?? [])]);
}
