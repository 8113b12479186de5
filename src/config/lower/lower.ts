/**
 * Converts the file to settings: fills in defaults, converts units, and checks what a schema cannot
 * express. It works on drafts, so that one run finds all errors of a file.
 */
import { type Endpoint, formatEndpoint, isLoopback, parseEndpoint } from '../../net/endpoint.ts';
import { type Duration, NO_TIME, seconds } from '../../net/time.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { identityOf } from '../../protocol/engine/settings-change.ts';
import type { AgentSettings, Probes } from '../agent-settings.ts';
import { describeValue, type Findings } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import type {
  IpvsNotification,
  NotificationSettings,
  ServiceNotification,
  SubjectNotification,
} from '../notification-settings.ts';
import { AGENT_DEFAULTS } from '../schema/defaults.ts';
import type { DraftFile } from '../schema/shape.ts';
import type { SharedKeys } from '../shared-keys.ts';
import { type Inherited, inherit } from './inherit.ts';
import { adviseIpvs } from './ipvs/advise-ipvs.ts';
import { lowerIpvs, trackMinimums } from './ipvs/lower-ipvs.ts';
import { lowerRouterKeys } from './lower-authentication.ts';
import { SharedSessions } from './lower-bfd.ts';
import { lowerInstance } from './lower-instance.ts';
import { lowerLinkDelays } from './lower-link-delays.ts';
import { lowerMail } from './lower-mail.ts';
import { lowerNotify, lowerWebhooks } from './lower-notify.ts';
import { checkLinkAddresses, lowerPeerLink } from './lower-peer-link.ts';
import { SharedRouting } from './lower-routing.ts';
import { lowerSyncGroups } from './lower-sync-groups.ts';
import { lowerDuration } from './lower-timing.ts';
import { checkWitness, lowerWitness } from './lower-witness.ts';
import { SharedNames } from './shared-names.ts';
import { checkStrict } from './strict.ts';

const NOTHING_TO_DO =
  'there is neither an instance nor a service of ipvs, so the agent has nothing to do';
const HTTP_LISTEN = ['http', 'listen'];
const WRITABLE_BY_OTHERS = 0o002;

export interface Lowered {
  readonly settings: Settings;
  readonly agent: AgentSettings;
}

/** The result is valid only if `findings` has no errors afterwards. */
export function lower(
  file: DraftFile,
  hostName: string,
  findings: Findings,
  host: HostFacts = {},
): Lowered {
  const router = file.router ?? hostName;
  const linger = file.stop?.linger ?? AGENT_DEFAULTS.stop.linger;
  const realtime = file.realtime ?? AGENT_DEFAULTS.realtime;
  const probes: Probes = new Map();
  const tracked = { probes, sessions: new SharedSessions(findings, host) };
  const drafts = (file.instances ?? []).flatMap((draft, index) =>
    draft === undefined ? [] : [inherit(file.defaults ?? {}, draft, ['instances', index])],
  );
  const isIdle = drafts.length === 0 && (file.ipvs?.services ?? []).length === 0;
  // What has an error of its own is missing from the draft.
  if (isIdle && findings.errors().length === 0) {
    findings.error(['instances'], 'missing', NOTHING_TO_DO, 'key');
  }
  const total = drafts.reduce((sum, { values }) => sum + addressCount(values), 0);
  const shared = new SharedNames(findings);
  const routing = new SharedRouting();
  const instances: InstanceSettings[] = [];
  const routerKeys = new Map<string, SharedKeys>();
  for (const draft of drafts) {
    shared.check(draft);
    const instance = lowerInstance(draft, { total, realtime, tracked, host }, findings);
    if (instance === undefined) continue;
    instances.push(instance);
    const keys = lowerRouterKeys(draft, host, findings);
    if (keys !== undefined) routerKeys.set(identityOf(instance), keys);
    shared.checkVirtualLink(instance, draft);
    routing.check(instance, draft, findings);
    checkSynced(instance, file, draft, findings);
    checkStrict(instance, linger, draft, findings);
  }
  const services = new Map<string, ServiceNotification>();
  const ipvs = lowerIpvs(file.ipvs, instances, { notify: services, host }, findings);
  const notifications = lowerNotifications(file, drafts, { services, host }, findings);
  const link = file.peer_link && lowerPeerLink(file.peer_link, router, ipvs, host, findings);
  if (link !== undefined) checkLinkAddresses(link.settings, instances, findings);
  const witness = file.witness && lowerWitness(file.witness, host, findings);
  const startDelay = lowerStartDelay(file.start, findings);
  const linkDelays = lowerLinkDelays(file.link_delays, instances, findings);
  const settings: Settings = {
    ...{ router, linger },
    instances: trackMinimums(instances, ipvs?.services ?? []),
    syncGroups: lowerSyncGroups(file.sync_groups, instances, tracked, findings),
    ...(link === undefined ? {} : { peerLink: link.settings }),
    ...(witness === undefined ? {} : { witness: witness.settings }),
    ...(startDelay === 0 ? {} : { startDelay }),
    ...(linkDelays.length === 0 ? {} : { linkDelays }),
  };
  adviseIpvs(ipvs, settings, findings);
  checkWitness(settings, witness?.access.endpoints ?? [], drafts, findings);
  return {
    settings,
    agent: {
      control: lowerControl(file.control, findings),
      httpListen: lowerHttpListen(file.http, findings),
      httpNames: file.http?.names ?? [],
      snmpMaster: file.snmp?.agentx,
      realtime,
      logLevel: file.log?.level ?? AGENT_DEFAULTS.log.level,
      logFormat: file.log?.format ?? AGENT_DEFAULTS.log.format,
      resume: file.resume ?? AGENT_DEFAULTS.resume,
      notifications,
      stateDirectory: file.state_dir ?? AGENT_DEFAULTS.state_dir,
      checkerUser: file.checker?.user,
      probes,
      peerLinkKeys: link?.keys,
      witnessAccess: witness?.access,
      routerKeys,
      ipvs,
    },
  };
}

function lowerStartDelay(start: DraftFile['start'], findings: Findings): Duration {
  const text = start?.delay ?? AGENT_DEFAULTS.start.delay;
  const range = { minimum: NO_TIME, maximum: seconds(600), zero: true };
  return lowerDuration(text, range, ['start', 'delay'], findings);
}

function addressCount({ addresses, extra_addresses }: Inherited['values']): number {
  return (addresses?.length ?? 0) + (extra_addresses?.length ?? 0);
}

function checkSynced(
  { preemptWhenSynced }: InstanceSettings,
  { namesSync }: DraftFile,
  { at }: Inherited,
  findings: Findings,
): void {
  if (preemptWhenSynced === undefined || namesSync) return;
  findings.error(at('preempt_when_synced'), 'conflict', '"preempt_when_synced" needs "ipvs.sync"');
}

function lowerNotifications(
  file: DraftFile,
  drafts: readonly Inherited[],
  { services, host }: { services: IpvsNotification['services']; host: HostFacts },
  findings: Findings,
): NotificationSettings {
  const instances = new Map<string, SubjectNotification>();
  for (const { values, at } of drafts) {
    const notify = lowerNotify(values.notify, (...keys) => at('notify', ...keys), host, findings);
    if (notify !== undefined) instances.set(values.name ?? '', notify);
  }
  const groups = new Map<string, SubjectNotification>();
  for (const [index, group] of (file.sync_groups ?? []).entries()) {
    const path = ['sync_groups', index, 'notify'];
    const notify = lowerNotify(group.notify, (...keys) => [...path, ...keys], host, findings);
    if (notify !== undefined) groups.set(group.name, notify);
  }
  const mail = file.notify?.mail;
  return {
    fifo: file.notify?.fifo,
    mail: mail && lowerMail(mail, namesIn(file), host, findings),
    webhooks: lowerWebhooks(
      file.notify?.webhooks,
      (...keys) => ['notify', ...keys],
      host,
      findings,
    ),
    instances,
    groups,
    ipvs: {
      fifo: file.ipvs?.notify?.fifo,
      webhooks: lowerWebhooks(file.ipvs?.notify?.webhooks, ipvsNotify, host, findings),
      services,
    },
  };
}

function ipvsNotify(...keys: (string | number)[]): (string | number)[] {
  return ['ipvs', 'notify', ...keys];
}

/** Of instances, sync groups and services. */
function namesIn({ instances, sync_groups, ipvs }: DraftFile): ReadonlySet<string> {
  const named = [...(instances ?? []), ...(sync_groups ?? []), ...(ipvs?.services ?? [])];
  return new Set(named.flatMap((one) => one?.name ?? []));
}

function lowerControl(control: DraftFile['control'], findings: Findings): AgentSettings['control'] {
  const mode = Number.parseInt(control?.mode ?? AGENT_DEFAULTS.control.mode, 8);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    findings.warn(['control', 'mode'], 'every local user can control the agent');
  }
  return {
    socket: control?.socket ?? AGENT_DEFAULTS.control.socket,
    mode,
    group: control?.group,
  };
}

/** Undefined: no listener, or an invalid one, which has been reported. */
function lowerHttpListen(http: DraftFile['http'], findings: Findings): Endpoint | undefined {
  if (http === undefined) return undefined;
  const value = http.listen ?? AGENT_DEFAULTS.http.listen;
  const endpoint = parseEndpoint(String(value));
  if (endpoint === undefined) {
    const message = `expected an IP address and a port from 1 to 65535, found ${describeValue(value)}`;
    if (!findings.reported(HTTP_LISTEN)) findings.error(HTTP_LISTEN, 'range', message);
    return undefined;
  }
  if (!isLoopback(endpoint.address)) {
    findings.warn(
      HTTP_LISTEN,
      `metrics and status are readable without authentication at ${formatEndpoint(endpoint)}`,
    );
  }
  return endpoint;
}
