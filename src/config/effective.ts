/** Settings back in the words of the file: what `GET /v1/config` shows. */
import type { InstanceSettings, Settings, VirtualAddress } from '../engine/settings.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import { formatDuration } from '../net/time.ts';
import type { AgentSettings } from './agent-settings.ts';
import { effectiveIpvs } from './effective-ipvs.ts';
import type { ConfigFile, InstanceFile } from './schema.ts';

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
    realtime: agent.realtime,
    log: { level: agent.logLevel },
    stop: { linger: settings.linger },
    state_dir: agent.stateDirectory,
    instances: settings.instances.map(effectiveInstance),
    ...(agent.ipvs === undefined ? {} : { ipvs: effectiveIpvs(agent.ipvs) }),
  };
}

/** The same with every password replaced. */
export function maskSecrets(config: ConfigFile): ConfigFile {
  const masked: ConfigFile = { ...config, instances: config.instances.map(maskInstance) };
  if (config.defaults !== undefined) masked.defaults = maskInstance(config.defaults);
  return masked;
}

function maskInstance<Keys extends Pick<InstanceFile, 'authentication'>>(keys: Keys): Keys {
  const { authentication } = keys;
  if (authentication?.password === undefined) return keys;
  return { ...keys, authentication: { ...authentication, password: '********' } };
}

function effectiveInstance(instance: InstanceSettings): InstanceFile {
  const { unicast, sourceAddress, garp } = instance;
  return {
    name: instance.name,
    interface: instance.interface,
    vrid: instance.vrid,
    version: instance.version,
    priority: instance.priority,
    advertisement_interval: formatDuration(instance.advertisementInterval),
    addresses: instance.addresses.map(effectiveAddress),
    extra_addresses: instance.extraAddresses.map(effectiveAddress),
    preempt: instance.preempt,
    preempt_delay: formatDuration(instance.preemptDelay),
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
