/** The meaning of a configuration, as `check` shows it. */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import type { AgentSettings } from '../../config/agent-settings.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { plain } from '../terminal/text.ts';

export interface ConfigSummary {
  readonly router: string;
  readonly socket: string;
  /** Address and port of the HTTP listener; null: not configured. */
  readonly http: string | null;
  readonly realtime: AgentSettings['realtime'];
  readonly instances: readonly InstanceSummary[];
}

interface InstanceSummary {
  readonly name: string;
  readonly interface: string;
  readonly family: string;
  readonly vrid: number;
  readonly version: number | '2+3';
  readonly priority: number;
  readonly interval_ms: number;
  /** How long a BACKUP of this priority waits without an advertisement before it becomes MASTER. */
  readonly master_down_ms: number;
  readonly delivery: 'multicast' | 'unicast';
  readonly addresses: readonly string[];
  readonly extra_addresses: readonly string[];
}

const SHOWN_ADDRESSES = 3;

export function configSummary(settings: Settings, agent: AgentSettings): ConfigSummary {
  return {
    router: settings.router,
    socket: agent.control.socket,
    http: agent.httpListen === undefined ? null : formatEndpoint(agent.httpListen),
    realtime: agent.realtime,
    instances: settings.instances.map(instanceSummary),
  };
}

/** Lines may be longer than the screen: nothing in the report is cut off. */
export function renderSummary(summary: ConfigSummary): string {
  const { router, socket, http, realtime, instances } = summary;
  const noun = instances.length === 1 ? 'instance' : 'instances';
  return (
    `router ${router}: ${instances.length} ${noun}, ` +
    `real-time priority ${realtime}, control socket ${socket}` +
    `${http === null ? '' : `, http://${http}/`}\n` +
    (instances.length === 0 ? '' : renderTable(COLUMNS, instances, Number.POSITIVE_INFINITY, plain))
  );
}

const COLUMNS: readonly Column<InstanceSummary>[] = [
  { title: 'INSTANCE', cell: ({ name }) => name },
  { title: 'INTERFACE', cell: (row) => row.interface },
  { title: 'VRID', cell: ({ vrid }) => String(vrid) },
  { title: 'VERSION', cell: ({ version }) => String(version) },
  { title: 'PRIORITY', cell: ({ priority }) => String(priority) },
  { title: 'INTERVAL', cell: (row) => formatMilliseconds(row.interval_ms) },
  { title: 'MASTER DOWN', cell: (row) => formatMilliseconds(row.master_down_ms) },
  { title: 'DELIVERY', cell: ({ delivery }) => delivery },
  {
    title: 'ADDRESSES',
    cell: ({ addresses, extra_addresses }) => shortList([...addresses, ...extra_addresses]),
  },
];

function instanceSummary(instance: InstanceSettings): InstanceSummary {
  const { version, priority, advertisementInterval } = instance;
  const addressText = (entry: InstanceSettings['addresses'][number]) => {
    const elsewhere = entry.interface === instance.interface ? '' : `@${entry.interface}`;
    return `${entry.address}/${entry.prefixLength}${elsewhere}`;
  };
  return {
    name: instance.name,
    interface: instance.interface,
    family: instance.family,
    vrid: instance.vrid,
    version: instance.alsoVersion2 === true ? '2+3' : version,
    priority,
    interval_ms: advertisementInterval / 1_000,
    master_down_ms: masterDownInterval(version, priority, advertisementInterval) / 1_000,
    delivery: instance.unicast === undefined ? 'multicast' : 'unicast',
    addresses: instance.addresses.map(addressText),
    extra_addresses: instance.extraAddresses.map(addressText),
  };
}

function shortList(addresses: readonly string[]): string {
  const shown = addresses.slice(0, SHOWN_ADDRESSES).join(' ');
  const hidden = addresses.length - SHOWN_ADDRESSES;
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}

function formatMilliseconds(value: number): string {
  return value < 1_000 ? `${value}ms` : `${Number((value / 1_000).toFixed(6))}s`;
}
