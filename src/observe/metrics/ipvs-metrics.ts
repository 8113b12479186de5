/** Metrics of the load balancer: the data of `ipvs show`. Absent if the configuration has no `ipvs`. */
import type {
  IpvsDocument,
  ServerDocument,
  ServerHealthDocument,
  ServiceDocument,
  ServiceHealthDocument,
  StatisticsDocument,
} from '../../control/ipvs-document.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type MetricDefinition, type Sample, samplesOf } from './metric.ts';

const SERVICE_LABELS = ['service', 'vip'];
const SERVER_LABELS = [...SERVICE_LABELS, 'server'];
const HEALTH_STATES = ['unchecked', 'unknown', 'up', 'down'] as const;

/** Statistics of services and of servers: field, end of the name, type and meaning. */
const STATISTICS: readonly (readonly [
  keyof StatisticsDocument,
  string,
  MetricDefinition['type'],
  string,
])[] = [
  ['connections', 'connections_total', 'counter', 'Connections scheduled'],
  ['packets_in', 'packets_in_total', 'counter', 'Packets from clients'],
  [
    'packets_out',
    'packets_out_total',
    'counter',
    'Packets to clients, if they pass through this director',
  ],
  ['bytes_in', 'bytes_in_total', 'counter', 'Bytes from clients'],
  [
    'bytes_out',
    'bytes_out_total',
    'counter',
    'Bytes to clients, if they pass through this director',
  ],
  [
    'connection_rate',
    'connections_per_second',
    'gauge',
    'New connections per second, estimated by the kernel',
  ],
  [
    'packet_rate_in',
    'packets_in_per_second',
    'gauge',
    'Packets per second from clients, estimated by the kernel',
  ],
  [
    'packet_rate_out',
    'packets_out_per_second',
    'gauge',
    'Packets per second to clients, estimated by the kernel',
  ],
  [
    'byte_rate_in',
    'bytes_in_per_second',
    'gauge',
    'Bytes per second from clients, estimated by the kernel',
  ],
  [
    'byte_rate_out',
    'bytes_out_per_second',
    'gauge',
    'Bytes per second to clients, estimated by the kernel',
  ],
];

export const IPVS_METRICS: readonly MetricDefinition[] = [
  gauge('vrrp_ipvs_available', '1 if the kernel has IPVS.', ['required'], (document) => [
    { labels: { required: String(document.required) }, value: document.available ? 1 : 0 },
  ]),
  gauge('vrrp_ipvs_troubles', 'Current problems with IPVS.', [], ({ troubles }) => [
    { labels: {}, value: troubles.length },
  ]),
  counter('vrrp_ipvs_writes_total', 'Writes to the service table.', [], ({ counters }) => [
    { labels: {}, value: counters.writes },
  ]),
  counter(
    'vrrp_ipvs_repairs_total',
    'Changes by other programs that the agent reverted.',
    ['what'],
    ({ counters }) => [
      { labels: { what: 'services' }, value: counters.service_repairs },
      { labels: { what: 'sync' }, value: counters.sync_repairs },
      { labels: { what: 'sysctl' }, value: counters.sysctl_repairs },
    ],
  ),
  gauge(
    'vrrp_ipvs_sysctl_differs',
    '1 while a kernel parameter differs from the configuration.',
    ['sysctl'],
    ({ sysctls }) =>
      sysctls.map(({ name, wanted, actual }) => ({
        labels: { sysctl: name },
        value: wanted === actual ? 0 : 1,
      })),
  ),
  ...STATISTICS.map(([field, name, type, help]) =>
    ofServices(type, `vrrp_ipvs_service_${name}`, `${help} (per service).`, ({ statistics }) =>
      Number(statistics[field]),
    ),
  ),
  ...STATISTICS.map(([field, name, type, help]) =>
    ofServers(type, `vrrp_ipvs_server_${name}`, `${help} (per server).`, ({ statistics }) =>
      Number(statistics[field]),
    ),
  ),
  ofServers('gauge', 'vrrp_ipvs_server_weight', 'Weight in the kernel.', ({ weight }) => weight),
  ofServers(
    'gauge',
    'vrrp_ipvs_server_wanted_weight',
    'Weight according to the configuration and the checks; absent if the server should not be in the table.',
    ({ wanted_weight: wanted }) => wanted,
  ),
  ofServers('gauge', 'vrrp_ipvs_server_active', 'Active connections.', ({ active }) => active),
  ofServers(
    'gauge',
    'vrrp_ipvs_server_inactive',
    'Connections that are closing or not yet established.',
    ({ inactive }) => inactive,
  ),
  ofServers(
    'gauge',
    'vrrp_ipvs_server_persistent',
    'Clients bound to the server by persistence.',
    ({ persistent }) => persistent,
  ),
  gauge(
    'vrrp_ipvs_server_health',
    '1 for the current state of the server, 0 for the others.',
    ['service', 'server', 'state'],
    ({ health }) => health.flatMap(healthSamples),
  ),
  ofHealth('gauge', 'vrrp_ipvs_server_drained', '1 while the server is drained.', ({ drained }) =>
    drained === null ? 0 : 1,
  ),
  ofHealth(
    'counter',
    'vrrp_ipvs_server_checks_total',
    'Health checks of the server.',
    ({ check }) => check?.runs,
  ),
  ofHealth(
    'counter',
    'vrrp_ipvs_server_check_failures_total',
    'Failed health checks, including those before the server counts as down.',
    ({ check }) => check?.failures,
  ),
  gauge(
    'vrrp_ipvs_service_healthy_servers',
    'Servers that are up or unchecked.',
    ['service'],
    ({ health }) => health.map(({ service, healthy }) => ({ labels: { service }, value: healthy })),
  ),
  gauge(
    'vrrp_ipvs_sync_daemon',
    '1 while the sync daemon runs; `wanted`: whether it should.',
    ['role', 'wanted'],
    ({ sync }) =>
      sync === null
        ? []
        : (['master', 'backup'] as const).map((role) => ({
            labels: { role, wanted: String(sync.roles.includes(role)) },
            value: sync.daemons.some((daemon) => daemon.role === role) ? 1 : 0,
          })),
  ),
  ofSync('gauge', 'vrrp_ipvs_rst_guard', '1 while resets from the VIPs are suppressed.', (sync) =>
    sync.rst_guard ? 1 : 0,
  ),
];

function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  read: (document: IpvsDocument) => readonly Sample[],
): MetricDefinition {
  return {
    ...{ name, help, labels, type: 'gauge' },
    samples: ({ ipvs }) => (ipvs === undefined ? [] : read(ipvs)),
  };
}

function counter(...definition: Parameters<typeof gauge>): MetricDefinition {
  return { ...gauge(...definition), type: 'counter' };
}

function ofServices(
  type: MetricDefinition['type'],
  name: string,
  help: string,
  read: (service: ServiceDocument) => number,
): MetricDefinition {
  const definition = gauge(name, help, SERVICE_LABELS, ({ services }) =>
    services.map((service) => ({ labels: labelsOf(service), value: read(service) })),
  );
  return { ...definition, type };
}

function ofServers(
  type: MetricDefinition['type'],
  name: string,
  help: string,
  read: (server: ServerDocument) => number | null | undefined,
): MetricDefinition {
  const definition = gauge(name, help, SERVER_LABELS, (document) =>
    samplesOf(
      labelled(document),
      ({ labels }) => labels,
      ({ server }) => read(server),
    ),
  );
  return { ...definition, type };
}

interface LabelledHealth {
  readonly server: ServerHealthDocument;
  readonly labels: Sample['labels'];
}

/** For all metrics of a scrape. */
const labelledHealth = new WeakMap<IpvsDocument, readonly LabelledHealth[]>();

/** One for each server of the file whose value is known. */
export function healthSamplesOf(
  document: IpvsDocument,
  read: (server: ServerHealthDocument) => number | null | undefined,
): Sample[] {
  let rows = labelledHealth.get(document);
  if (rows === undefined) {
    rows = document.health.flatMap(({ service, servers }) =>
      servers.map((server) => ({ server, labels: { service, server: server.server } })),
    );
    labelledHealth.set(document, rows);
  }
  return samplesOf(
    rows,
    ({ labels }) => labels,
    ({ server }) => read(server),
  );
}

interface LabelledServer {
  readonly server: ServerDocument;
  readonly labels: Sample['labels'];
}

/** For all metrics of a scrape. */
const labelledServers = new WeakMap<IpvsDocument, readonly LabelledServer[]>();

function labelled(document: IpvsDocument): readonly LabelledServer[] {
  const known = labelledServers.get(document);
  if (known !== undefined) return known;
  const made = document.services.flatMap((service) => {
    const labels = labelsOf(service);
    return service.servers.map((server) => ({
      server,
      labels: { ...labels, server: formatEndpoint(server) },
    }));
  });
  labelledServers.set(document, made);
  return made;
}

function ofHealth(
  type: MetricDefinition['type'],
  name: string,
  help: string,
  read: (server: ServerHealthDocument) => number | null | undefined,
): MetricDefinition {
  const definition = gauge(name, help, ['service', 'server'], (document) =>
    healthSamplesOf(document, read),
  );
  return { ...definition, type };
}

function ofSync(
  type: MetricDefinition['type'],
  name: string,
  help: string,
  read: (sync: NonNullable<IpvsDocument['sync']>) => number,
): MetricDefinition {
  const definition = gauge(name, help, ['instance'], ({ sync }) =>
    sync === null ? [] : [{ labels: { instance: sync.instance }, value: read(sync) }],
  );
  return { ...definition, type };
}

function healthSamples({ service, servers }: ServiceHealthDocument): Sample[] {
  return servers.flatMap(({ server, state }) =>
    HEALTH_STATES.map((one) => ({
      labels: { service, server, state: one },
      value: one === state ? 1 : 0,
    })),
  );
}

/** A service of another program has no name. */
function labelsOf({ name, protocol, address, port, fwmark }: ServiceDocument) {
  const vip =
    address === null || port === null
      ? `fwmark ${fwmark}`
      : `${protocol} ${formatEndpoint({ address, port })}`;
  return { service: name ?? '', vip };
}
