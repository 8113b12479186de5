/** Settings back in the words of the file: what `GET /v1/config` shows. */

import { formatEndpoint } from '../../net/endpoint.ts';
import { formatDuration } from '../../net/time.ts';
import type { InstanceSettings, Settings, VirtualAddress } from '../../protocol/engine/settings.ts';
import type { AgentSettings, Probes } from '../agent-settings.ts';
import type { SubjectNotification } from '../notification-settings.ts';
import type { ConfigFile, InstanceFile } from '../schema/schema.ts';
import { effectiveIpvs } from './effective-ipvs.ts';
import { effectiveNotify, effectiveWebhooks, MASK, maskNotify } from './effective-notify.ts';
import { effectiveRouting } from './effective-routing.ts';
import { effectiveSyncGroup, effectiveTrack } from './effective-track.ts';

/** A complete file, all defaults filled in; loading it gives the same settings. */
export function effectiveConfig(settings: Settings, agent: AgentSettings): ConfigFile {
  return {
    router: settings.router,
    control: {
      socket: agent.control.socket,
      mode: agent.control.mode.toString(8).padStart(4, '0'),
    },
    ...(agent.httpListen === undefined
      ? {}
      : { http: { listen: formatEndpoint(agent.httpListen) } }),
    ...effectiveAgentNotify(agent),
    realtime: agent.realtime,
    log: { level: agent.logLevel },
    stop: { linger: settings.linger },
    state_dir: agent.stateDirectory,
    instances: settings.instances.map((instance) =>
      effectiveInstance(instance, agent.notifications.instances.get(instance.name), agent.probes),
    ),
    sync_groups: settings.syncGroups.map((group) =>
      effectiveSyncGroup(group, agent.probes, agent.notifications.groups.get(group.name)),
    ),
    ...(agent.ipvs === undefined ? {} : { ipvs: effectiveIpvs(agent.ipvs) }),
  };
}

/** The same with every password replaced. */
export function maskSecrets(config: ConfigFile): ConfigFile {
  const masked: ConfigFile = { ...config, instances: config.instances.map(maskInstance) };
  if (config.defaults !== undefined) masked.defaults = maskInstance(config.defaults);
  if (config.notify !== undefined) masked.notify = maskNotify(config.notify);
  if (config.sync_groups !== undefined) {
    masked.sync_groups = config.sync_groups.map(({ notify, ...group }) =>
      notify === undefined ? group : { ...group, notify: maskNotify(notify) },
    );
  }
  return masked;
}

function maskInstance<Keys extends Pick<InstanceFile, 'authentication' | 'notify'>>(
  keys: Keys,
): Keys {
  const masked = { ...keys };
  const { authentication, notify } = keys;
  if (authentication?.password !== undefined) {
    masked.authentication = { ...authentication, password: MASK };
  }
  if (notify !== undefined) masked.notify = maskNotify(notify);
  return masked;
}

function effectiveAgentNotify({ notifications }: AgentSettings): Pick<ConfigFile, 'notify'> {
  const { fifo, webhooks } = notifications;
  if (fifo === undefined && webhooks.length === 0) return {};
  return { notify: { ...(fifo === undefined ? {} : { fifo }), ...effectiveWebhooks(webhooks) } };
}

function effectiveInstance(
  instance: InstanceSettings,
  notify: SubjectNotification | undefined,
  probes: Probes,
): InstanceFile {
  const { unicast, sourceAddress, garp, preemptWhenSynced } = instance;
  return {
    name: instance.name,
    interface: instance.interface,
    vrid: instance.vrid,
    version: instance.alsoVersion2 === true ? '2+3' : instance.version,
    priority: instance.priority,
    advertisement_interval: formatDuration(instance.advertisementInterval),
    addresses: instance.addresses.map(effectiveAddress),
    extra_addresses: instance.extraAddresses.map(effectiveAddress),
    ...effectiveRouting(instance),
    preempt: instance.preempt,
    preempt_delay: formatDuration(instance.preemptDelay),
    ...(preemptWhenSynced === undefined
      ? {}
      : { preempt_when_synced: { max_wait: formatDuration(preemptWhenSynced) } }),
    accept: instance.accept,
    checksum: instance.checksum,
    authentication: instance.authentication,
    ...(unicast === undefined ? {} : { unicast: effectiveUnicast(unicast) }),
    ...(sourceAddress === undefined ? {} : { source_address: sourceAddress }),
    garp: {
      repeat: garp.repeat,
      second_burst_after: formatDuration(garp.secondBurstAfter),
      refresh: formatDuration(garp.refresh),
      form: garp.form,
    },
    neighbor_advertisement: { ...instance.neighborAdvertisement },
    lease: instance.lease === undefined ? 'off' : formatDuration(instance.lease),
    address_conflict: instance.addressConflict ?? 'report',
    track: effectiveTrack(instance.track, probes),
    ...(notify === undefined ? {} : { notify: effectiveNotify(notify, instance.beforeMaster) }),
    virtual_mac:
      instance.virtualMac === undefined ? false : { interface: instance.virtualMac.interface },
  };
}

function effectiveAddress({ address, prefixLength, interface: link }: VirtualAddress) {
  return { address: `${address}/${prefixLength}`, interface: link };
}

function effectiveUnicast({
  source,
  peers,
}: NonNullable<InstanceSettings['unicast']>): NonNullable<InstanceFile['unicast']> {
  return {
    ...(source === undefined ? {} : { source }),
    peers: peers.map(({ address, minimumTtl }) => ({ address, min_ttl: minimumTtl })),
  };
}
