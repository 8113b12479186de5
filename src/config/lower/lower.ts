/**
 * From the file to settings: defaults filled in, units converted, and everything checked that a
 * schema cannot say. Works on drafts, so that all errors of a file are found in one run.
 */
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { type AgentSettings, DEFAULT_SOCKET, type Probes } from '../agent-settings.ts';
import type { Findings } from '../finding.ts';
import type { NotificationSettings, SubjectNotification } from '../notification-settings.ts';
import type { DraftFile } from '../schema/shape.ts';
import { inherit } from './inherit.ts';
import { adviseIpvs } from './ipvs/ipvs-advice.ts';
import { lowerIpvs } from './ipvs/lower-ipvs.ts';
import { trackMinimums } from './ipvs/lower-ipvs-health.ts';
import { lowerHttp } from './lower-http.ts';
import { lowerInstance } from './lower-instance.ts';
import { lowerNotify, lowerWebhooks } from './lower-notify.ts';
import { SharedRouting } from './lower-routing.ts';
import { lowerSyncGroups } from './lower-sync-groups.ts';
import { SharedNames } from './shared-names.ts';
import { checkStrict } from './strict.ts';

export interface Lowered {
  readonly settings: Settings;
  readonly agent: AgentSettings;
}

/** Only to be used when `findings` holds no errors afterwards. */
export function lower(file: DraftFile, hostName: string, findings: Findings): Lowered {
  const agent = lowerAgent(file, findings);
  adviseAgent(file, agent, findings);
  const shared = new SharedNames(findings);
  const routing = new SharedRouting();
  const probes: Probes = new Map();
  const instances: InstanceSettings[] = [];
  const notifications = new Map<string, SubjectNotification>();
  for (const [index, draft] of (file.instances ?? []).entries()) {
    if (draft === undefined) continue;
    const path = ['instances', index];
    const inherited = inherit(file.defaults ?? {}, draft, path);
    shared.check(inherited);
    const instance = lowerInstance(inherited, agent.realtime, probes, findings);
    if (instance !== undefined) {
      shared.checkVirtualLink(instance, inherited);
      instances.push(instance);
      routing.check(instance, inherited, findings);
      if (instance.preemptWhenSynced !== undefined && !file.namesSync) {
        const message = 'without "ipvs.sync" there is no connection table to wait for';
        findings.error(inherited.at('preempt_when_synced'), 'conflict', message);
      }
      checkStrict(instance, file.stop?.linger ?? 'auto', inherited, findings);
    }
    const { values, at } = inherited;
    const notify = lowerNotify(values.notify, (...keys) => at('notify', ...keys), findings);
    if (notify !== undefined) notifications.set(values.name ?? '', notify);
  }
  const ipvs = lowerIpvs(file.ipvs, instances, findings);
  const settings: Settings = {
    router: file.router ?? hostName,
    linger: file.stop?.linger ?? 'auto',
    instances: trackMinimums(instances, ipvs?.services ?? []),
    syncGroups: lowerSyncGroups(file.sync_groups, instances, probes, findings),
  };
  adviseIpvs(ipvs, settings, findings);
  const notify: NotificationSettings = {
    fifo: file.notify?.fifo,
    webhooks: lowerWebhooks(file.notify?.webhooks, (...keys) => ['notify', ...keys], findings),
    instances: notifications,
    groups: groupNotifications(file, findings),
  };
  return { settings, agent: { ...agent, notifications: notify, ipvs, probes } };
}

function groupNotifications(file: DraftFile, findings: Findings): NotificationSettings['groups'] {
  const notifications = new Map<string, SubjectNotification>();
  for (const [index, { name, notify }] of (file.sync_groups ?? []).entries()) {
    const path = ['sync_groups', index, 'notify'];
    const lowered = lowerNotify(notify, (...keys) => [...path, ...keys], findings);
    if (lowered !== undefined) notifications.set(name, lowered);
  }
  return notifications;
}

function lowerAgent(
  file: DraftFile,
  findings: Findings,
): Omit<AgentSettings, 'notifications' | 'ipvs' | 'probes'> {
  return {
    control: {
      socket: file.control?.socket ?? DEFAULT_SOCKET,
      mode: Number.parseInt(file.control?.mode ?? '0660', 8),
    },
    httpListen: lowerHttp(file.http, findings),
    realtime: file.realtime ?? 'auto',
    logLevel: file.log?.level ?? 'info',
    stateDirectory: file.state_dir ?? '/var/lib/vrrp-agent',
  };
}

function adviseAgent(
  file: DraftFile,
  agent: Pick<AgentSettings, 'control'>,
  findings: Findings,
): void {
  if (file.control?.mode !== undefined && (agent.control.mode & 0o002) !== 0) {
    findings.warn(['control', 'mode'], 'every user of this machine may control the agent');
  }
}
