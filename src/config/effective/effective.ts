/** Converts settings back to the form of the file; `GET /v1/config` shows the result. */
import { formatEndpoint } from '../../net/endpoint.ts';
import { DEFAULT_METRIC, markText, type Prefix, type Route, type Rule } from '../../net/routing.ts';
import { formatDuration, NO_TIME } from '../../net/time.ts';
import { VRRP_TTL } from '../../net/vrrp.ts';
import type {
  GarpSettings,
  InstanceSettings,
  Settings,
  SyncGroupSettings,
  UnicastSettings,
  VirtualAddress,
  VirtualMacSettings,
} from '../../protocol/engine/settings.ts';
import { identityOf } from '../../protocol/engine/settings-change.ts';
import type { AgentSettings, Probes } from '../agent-settings.ts';
import type { SubjectNotification } from '../notification-settings.ts';
import type { ConfigFile, InstanceFile, SyncGroupFile } from '../schema/schema.ts';
import { present } from './complete.ts';
import { effectiveAuthentication, maskAuthentication } from './effective-authentication.ts';
import { effectiveIpvs, maskIpvs } from './effective-ipvs.ts';
import {
  effectiveAgentNotify,
  effectiveGroupNotify,
  effectiveInstanceNotify,
  maskNotify,
} from './effective-notify.ts';
import { effectivePeerLink, maskPeerLink } from './effective-peer-link.ts';
import { effectiveTrack, maskTrack } from './effective-track.ts';
import { effectiveWitness } from './effective-witness.ts';

type Mapping<Key extends keyof InstanceFile> = NonNullable<InstanceFile[Key]>;
type RouteFile = Mapping<'routes'>[number];
type HopFile = NonNullable<RouteFile['nexthops']>[number];
type RuleFile = Mapping<'rules'>[number];

/** A complete file with all defaults filled in; loading it gives the same settings. */
export function effectiveConfig(settings: Settings, agent: AgentSettings): ConfigFile {
  const { notifications, probes, httpListen, httpNames, ipvs, checkerUser, peerLinkKeys } = agent;
  const { peerLink, witness } = settings;
  return present<ConfigFile>({
    router: settings.router,
    // The files are joined.
    include: undefined,
    control: {
      socket: agent.control.socket,
      mode: agent.control.mode.toString(8).padStart(4, '0'),
      ...(agent.control.group === undefined ? {} : { group: agent.control.group }),
    },
    http: httpListen && {
      listen: formatEndpoint(httpListen),
      ...(httpNames.length === 0 ? {} : { names: [...httpNames] }),
    },
    snmp: agent.snmpMaster === undefined ? undefined : { agentx: agent.snmpMaster },
    notify: effectiveAgentNotify(notifications),
    realtime: agent.realtime,
    log: { level: agent.logLevel, format: agent.logFormat },
    checker: checkerUser === undefined ? undefined : { user: checkerUser },
    start: { delay: formatDuration(settings.startDelay ?? NO_TIME) },
    stop: { linger: settings.linger },
    link_delays: settings.linkDelays?.map(({ interface: name, up, down }) => ({
      interface: name,
      up: formatDuration(up),
      down: formatDuration(down),
    })),
    resume: agent.resume,
    state_dir: agent.stateDirectory,
    // Each instance shows the values that it inherits.
    defaults: undefined,
    instances: settings.instances.map((instance) =>
      effectiveInstance(instance, notifications.instances.get(instance.name), agent),
    ),
    sync_groups: settings.syncGroups.map((group) =>
      effectiveSyncGroup(group, notifications.groups.get(group.name), probes),
    ),
    peer_link: peerLink && peerLinkKeys && effectivePeerLink(peerLink, peerLinkKeys),
    witness: witness && agent.witnessAccess && effectiveWitness(witness, agent.witnessAccess),
    ipvs: ipvs && effectiveIpvs(ipvs, notifications.ipvs),
  });
}

function effectiveInstance(
  instance: InstanceSettings,
  notify: SubjectNotification | undefined,
  { probes, routerKeys }: AgentSettings,
): InstanceFile {
  const { unicast, preemptWhenSynced, virtualMac, routes, rules, lease } = instance;
  return present<InstanceFile>({
    name: instance.name,
    interface: instance.interface,
    vrf: instance.vrf?.name,
    vrid: instance.vrid,
    version: instance.alsoVersion2 === true ? '2+3' : instance.version,
    priority: instance.priority,
    advertisement_interval: formatDuration(instance.advertisementInterval),
    addresses: instance.addresses.map(effectiveAddress),
    extra_addresses: instance.extraAddresses.map(effectiveAddress),
    routes: routes.length === 0 ? undefined : routes.map(effectiveRoute),
    rules: rules.length === 0 ? undefined : rules.map(effectiveRule),
    preempt: instance.preempt,
    preempt_delay: formatDuration(instance.preemptDelay),
    preempt_when_synced: preemptWhenSynced && { max_wait: formatDuration(preemptWhenSynced) },
    accept: instance.accept,
    checksum: instance.checksum,
    authentication: effectiveAuthentication(
      instance.authentication,
      routerKeys.get(identityOf(instance)),
    ),
    unicast: unicast && effectiveUnicast(unicast),
    multicast_group: instance.multicastGroup,
    source_address: instance.sourceAddress,
    garp: effectiveGarp(instance.garp),
    neighbor_advertisement: { ...instance.neighborAdvertisement },
    lease: lease === undefined ? 'off' : formatDuration(lease),
    on_interface_down: instance.onInterfaceDown ?? 'fault',
    on_vrrp_loss: instance.onVrrpLoss ?? 'judge',
    witness: instance.witness ?? false,
    address_conflict: instance.addressConflict ?? 'report',
    track: effectiveTrack(instance.track, probes),
    notify: notify && effectiveInstanceNotify(notify, instance.beforeMaster),
    virtual_mac: virtualMac === undefined ? false : effectiveVirtualMac(virtualMac),
    // A check of the file, which changes no setting.
    strict: undefined,
  });
}

function effectiveSyncGroup(
  { name, instances, mode, track }: SyncGroupSettings,
  notify: SubjectNotification | undefined,
  probes: Probes,
): SyncGroupFile {
  return present<SyncGroupFile>({
    name,
    instances: [...instances],
    mode,
    track: effectiveTrack(track, probes),
    notify: notify && effectiveGroupNotify(notify),
  });
}

function effectiveAddress({ address, prefixLength, interface: link, label }: VirtualAddress) {
  const place = { address: `${address}/${prefixLength}`, interface: link };
  return label === undefined ? place : { ...place, label };
}

function effectiveVirtualMac(virtualMac: VirtualMacSettings): Mapping<'virtual_mac'> {
  return {
    interface: virtualMac.interface,
    advertise_with: virtualMac.advertisesWith ?? 'virtual',
  };
}

function effectiveUnicast({ source, peers, ttl }: UnicastSettings): Mapping<'unicast'> {
  return present<Mapping<'unicast'>>({
    source,
    peers: peers.map(({ address, minimumTtl }) => ({ address, min_ttl: minimumTtl })),
    ttl: ttl ?? VRRP_TTL,
  });
}

function effectiveGarp({ contested, interval, ...garp }: GarpSettings) {
  return present<Mapping<'garp'>>({
    repeat: garp.repeat,
    second_burst_after: formatDuration(garp.secondBurstAfter),
    refresh: formatDuration(garp.refresh),
    refresh_repeat: garp.refreshRepeat ?? 1,
    form: garp.form,
    interval: formatDuration(interval ?? NO_TIME),
    contested: contested && {
      repeat: contested.repeat,
      second_burst_after: formatDuration(contested.secondBurstAfter),
    },
  });
}

function effectiveRoute(route: Route): RouteFile {
  const { family, destination, metric } = route;
  return present<RouteFile>({
    destination: destination.length === 0 ? 'default' : prefixText(destination),
    type: route.refuses ?? 'unicast',
    via: route.via,
    dev: route.interface,
    nexthops: route.hops?.map(({ interface: dev, ...hop }) => present<HopFile>({ ...hop, dev })),
    scope: route.scope,
    src: route.source,
    // The file cannot name the kernel's default for IPv4, which is 0.
    metric: metric === DEFAULT_METRIC[family] ? undefined : metric,
    table: route.table,
    // Without `dev` the key belongs to each next hop, or to none.
    onlink: route.interface === undefined ? undefined : route.onlink,
    mtu: route.mtu,
  });
}

function effectiveRule({ from, to, incoming, outgoing, mark, priority, table }: Rule): RuleFile {
  return present<RuleFile>({
    from: from && prefixText(from),
    to: to && prefixText(to),
    iif: incoming,
    oif: outgoing,
    fwmark: mark && markText(mark),
    priority,
    table,
  });
}

function prefixText({ address, length }: Prefix): string {
  return `${address}/${length}`;
}

/** Replaces every secret of the file. */
export function maskSecrets(config: ConfigFile): ConfigFile {
  const masked: ConfigFile = { ...config, instances: (config.instances ?? []).map(maskInstance) };
  if (config.defaults !== undefined) masked.defaults = maskInstance(config.defaults);
  if (config.notify !== undefined) masked.notify = maskNotify(config.notify);
  if (config.ipvs !== undefined) masked.ipvs = maskIpvs(config.ipvs);
  if (config.peer_link !== undefined) masked.peer_link = maskPeerLink(config.peer_link);
  if (config.sync_groups !== undefined) {
    masked.sync_groups = config.sync_groups.map(maskMember);
  }
  return masked;
}

function maskInstance<Keys extends Pick<InstanceFile, 'authentication' | 'notify' | 'track'>>(
  keys: Keys,
): Keys {
  const masked = maskMember(keys);
  const { authentication } = keys;
  if (authentication !== undefined) masked.authentication = maskAuthentication(authentication);
  return masked;
}

/** The keys of an instance or a sync group that have secrets in common. */
function maskMember<Keys extends Pick<InstanceFile, 'notify' | 'track'>>(keys: Keys): Keys {
  const masked = { ...keys };
  const { notify, track } = keys;
  if (notify !== undefined) masked.notify = maskNotify(notify);
  if (track !== undefined) masked.track = maskTrack(track);
  return masked;
}
