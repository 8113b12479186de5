/**
 * What the Grafana dashboard asks, panel by panel. `test/interop/prometheus.test.ts` runs every query, and
 * says which values it must return.
 */

export interface Query {
  readonly expr: string;
  /** Names a series, with labels as in `{{instance}}`. */
  readonly legend: string;
}

export interface PanelDefinition {
  readonly title: string;
  /** For the reader who wonders what it shows. */
  readonly help: string;
  readonly kind: 'stat' | 'table' | 'timeseries' | 'state-timeline';
  readonly unit?: string;
  /** Of 24 columns; default: 8. */
  readonly width?: number;
  /** Values that mean something else than their number. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  /** From this value on it is bad; for `below`, under it. */
  readonly bad?: { readonly above: number } | { readonly below: number };
  readonly decimals?: number;
  readonly queries: readonly Query[];
}

export interface RowDefinition {
  readonly title: string;
  readonly panels: readonly PanelDefinition[];
}

/** Of the agents that the reader has chosen. */
const AGENT = 'job=~"$job",instance=~"$director"';
const ROUTER = `${AGENT},exported_instance=~"$router"`;
/** Of recording rules, and of sums over all directors. */
const RECORDED = 'job=~"$job",exported_instance=~"$router"';

const MASTERS = `sum by (job, exported_instance, vrid, family) (vrrp_instance_state{${RECORDED},state="MASTER"})`;

const BY_DIRECTOR = '{{exported_instance}} on {{instance}}';

const STATES = {
  0: { text: 'INIT', color: 'text' },
  1: { text: 'BACKUP', color: 'blue' },
  2: { text: 'MASTER', color: 'green' },
  3: { text: 'FAULT', color: 'red' },
} as const;

const UP = {
  0: { text: 'down', color: 'red' },
  1: { text: 'up', color: 'green' },
} as const;

function query(expr: string, legend: string): Query {
  return { expr, legend };
}

const FLEET: readonly PanelDefinition[] = [
  {
    title: 'Agents that answer',
    help: 'Directors whose agent answers Prometheus, and all of them.',
    ...{ kind: 'stat', width: 4 },
    queries: [query(`sum(up{${AGENT}})`, 'answer'), query(`count(up{${AGENT}})`, 'all')],
  },
  {
    title: 'Without MASTER',
    help: 'Virtual routers of which no director is MASTER: their addresses are unreachable.',
    ...{ kind: 'stat', width: 4, bad: { above: 1 } },
    queries: [query(`count(${MASTERS} == 0) or vector(0)`, 'routers')],
  },
  {
    title: 'With several MASTERs',
    help: 'Virtual routers of which more than one director is MASTER.',
    ...{ kind: 'stat', width: 4, bad: { above: 1 } },
    queries: [query(`count(${MASTERS} > 1) or vector(0)`, 'routers')],
  },
  {
    title: 'In FAULT',
    help: 'Instances that cannot take over, on any director.',
    ...{ kind: 'stat', width: 4, bad: { above: 1 } },
    queries: [query(`sum(vrrp_instance_state{${ROUTER},state="FAULT"})`, 'instances')],
  },
  {
    title: 'Lowest availability, 1 day',
    help: 'Of the virtual router that was served least: the part of the time in which a director was MASTER.',
    ...{ kind: 'stat', width: 4, unit: 'percentunit', decimals: 3, bad: { below: 0.999 } },
    queries: [query(`min(vrrp_router:availability:avg1d{${RECORDED}})`, 'lowest')],
  },
  {
    title: 'Versions',
    help: 'Agents by version: more than one during an upgrade only.',
    ...{ kind: 'stat', width: 4 },
    queries: [query(`count by (version) (vrrp_agent_info{${AGENT}})`, '{{version}}')],
  },
  {
    title: 'Who is MASTER',
    help: 'The director that has the virtual addresses now.',
    ...{ kind: 'table', width: 12 },
    queries: [query(`vrrp_instance_state{${ROUTER},state="MASTER"} == 1`, BY_DIRECTOR)],
  },
  {
    title: 'Changes of state in 10 minutes',
    help: 'The twenty that change most: flapping is more than one failover.',
    ...{ kind: 'timeseries', width: 12 },
    queries: [
      query(
        `topk(20, sum by (exported_instance, instance) (increase(vrrp_transitions_total{${ROUTER}}[10m])))`,
        BY_DIRECTOR,
      ),
    ],
  },
];

const PAIR: readonly PanelDefinition[] = [
  {
    title: 'States',
    help: 'One lane for each instance on each director.',
    ...{ kind: 'state-timeline', width: 24, words: STATES },
    queries: [
      query(
        `max by (exported_instance, instance) (vrrp_instance_state{${ROUTER},state="BACKUP"} ` +
          `or 2 * vrrp_instance_state{${ROUTER},state="MASTER"} or 3 * vrrp_instance_state{${ROUTER},state="FAULT"})`,
        BY_DIRECTOR,
      ),
    ],
  },
  {
    title: 'Priority',
    help: 'What each director advertises: tracked objects and operators change it.',
    kind: 'timeseries',
    queries: [query(`vrrp_priority_effective{${ROUTER}}`, BY_DIRECTOR)],
  },
  {
    title: 'Two MASTERs',
    help: 'Seconds in which a MASTER heard another one, in the time shown.',
    ...{ kind: 'timeseries', unit: 's' },
    queries: [
      query(`increase(vrrp_dual_master_seconds_total{${ROUTER}}[$__rate_interval])`, BY_DIRECTOR),
    ],
  },
  {
    title: 'Advertisements a second',
    help: 'Sent by the MASTER, received by the others.',
    kind: 'timeseries',
    queries: [
      query(
        `rate(vrrp_advertisements_sent_total{${ROUTER}}[$__rate_interval])`,
        `sent: ${BY_DIRECTOR}`,
      ),
      query(
        `rate(vrrp_advertisements_received_total{${ROUTER}}[$__rate_interval])`,
        `received: ${BY_DIRECTOR}`,
      ),
    ],
  },
  {
    title: 'Refused packets a second',
    help: 'By reason; `vrrp-agent events` names the sender.',
    kind: 'timeseries',
    queries: [
      query(
        `sum by (instance, reason) (rate(vrrp_discarded_total{${AGENT}}[$__rate_interval]))`,
        '{{reason}} on {{instance}}',
      ),
    ],
  },
  {
    title: 'Lateness of the timers',
    help: 'How late the protocol woke up for a deadline: 99 of 100 are better than this.',
    ...{ kind: 'timeseries', unit: 's' },
    queries: [
      query(
        `histogram_quantile(0.99, sum by (instance, le) (rate(vrrp_timer_lateness_seconds_bucket{${AGENT}}[$__rate_interval])))`,
        '{{instance}}',
      ),
    ],
  },
  {
    title: 'Stalls and packets not sent',
    help: 'Stalls are long enough for a peer to take over.',
    kind: 'timeseries',
    queries: [
      query(`increase(vrrp_stalls_total{${AGENT}}[$__rate_interval])`, 'stalls of {{instance}}'),
      query(
        `increase(vrrp_send_failures_total{${AGENT}}[$__rate_interval])`,
        'not sent by {{instance}}',
      ),
    ],
  },
  {
    title: 'Peer link',
    help: 'Whether each director hears the others over the second network.',
    ...{ kind: 'state-timeline', words: UP },
    queries: [query(`vrrp_peer_up{${AGENT}}`, '{{instance}} hears {{peer}}')],
  },
  {
    title: 'Peers: round trip and clock',
    help: 'Round trip over the peer link, and how far the clock of the other director is ahead.',
    ...{ kind: 'timeseries', unit: 's' },
    queries: [
      query(`vrrp_peer_rtt_seconds{${AGENT}}`, 'round trip {{instance}} to {{peer}}'),
      query(`vrrp_peer_clock_offset_seconds{${AGENT}}`, 'clock of {{peer}} seen by {{instance}}'),
    ],
  },
  {
    title: 'Configuration differs',
    help: '1: what has to be equal on the directors differs; `vrrp-agent peers` names it.',
    kind: 'timeseries',
    queries: [query(`vrrp_peer_configuration_differs{${AGENT}}`, '{{instance}} and {{peer}}')],
  },
];

const AVAILABILITY: readonly PanelDefinition[] = [
  {
    title: 'Availability',
    help: 'The part of the time in which a director was MASTER, as exact as the scrape interval; `vrrp-agent history` is exact.',
    ...{ kind: 'stat', width: 12, unit: 'percentunit', decimals: 4, bad: { below: 0.999 } },
    queries: [
      query(`vrrp_router:availability:avg1h{${RECORDED}}`, '{{exported_instance}}, 1 hour'),
      query(`vrrp_router:availability:avg1d{${RECORDED}}`, '{{exported_instance}}, 1 day'),
      query(`vrrp_router:availability:avg30d{${RECORDED}}`, '{{exported_instance}}, 30 days'),
    ],
  },
  {
    title: 'Outages',
    help: 'How often no director was MASTER.',
    ...{ kind: 'stat', width: 6 },
    queries: [
      query(`vrrp_router:outages:count1d{${RECORDED}}`, '{{exported_instance}}, 1 day'),
      query(`vrrp_router:outages:count30d{${RECORDED}}`, '{{exported_instance}}, 30 days'),
    ],
  },
  {
    title: 'Served',
    help: 'Whether a director is MASTER.',
    ...{ kind: 'state-timeline', width: 6 },
    words: { 0: { text: 'no', color: 'red' }, 1: { text: 'yes', color: 'green' } },
    queries: [query(`vrrp_router:served:bool{${RECORDED}}`, '{{exported_instance}}')],
  },
];

const SERVERS: readonly PanelDefinition[] = [
  {
    title: 'Healthy servers',
    help: 'The part of the real servers that are up, or unchecked.',
    ...{ kind: 'timeseries', unit: 'percentunit' },
    queries: [query(`vrrp_service:servers_up:ratio{${AGENT}}`, '{{service}} on {{instance}}')],
  },
  {
    title: 'Servers that take new connections',
    help: '0 is an outage of the service, unless its fallback is in use.',
    kind: 'timeseries',
    queries: [query(`vrrp_ipvs_service_serving_servers{${AGENT}}`, '{{service}} on {{instance}}')],
  },
  {
    title: 'Servers',
    help: 'One lane for each real server on each director.',
    ...{ kind: 'state-timeline', words: { ...UP, 2: { text: 'unknown', color: 'orange' } } },
    queries: [
      query(
        `max by (service, server, instance) (vrrp_ipvs_server_health{${AGENT},state=~"up|unchecked"} ` +
          `or 2 * vrrp_ipvs_server_health{${AGENT},state="unknown"} or 0 * vrrp_ipvs_server_health{${AGENT},state="down"})`,
        '{{service}}: {{server}} on {{instance}}',
      ),
    ],
  },
  {
    title: 'Connections',
    help: 'Connections that carry data, by origin: own, or learned from another director.',
    kind: 'timeseries',
    queries: [query(`vrrp_ipvs_connections{${AGENT}}`, '{{origin}} on {{instance}}')],
  },
  {
    title: 'New connections a second',
    help: 'By service.',
    kind: 'timeseries',
    queries: [
      query(
        `rate(vrrp_ipvs_service_connections_total{${AGENT}}[$__rate_interval])`,
        '{{service}} on {{instance}}',
      ),
    ],
  },
  {
    title: 'Traffic',
    help: 'From clients; to clients only where it passes through the director.',
    ...{ kind: 'timeseries', unit: 'Bps' },
    queries: [
      query(
        `rate(vrrp_ipvs_service_bytes_in_total{${AGENT}}[$__rate_interval])`,
        'in: {{service}} on {{instance}}',
      ),
      query(
        `rate(vrrp_ipvs_service_bytes_out_total{${AGENT}}[$__rate_interval])`,
        'out: {{service}} on {{instance}}',
      ),
    ],
  },
  {
    title: 'Connections that a failover would lose',
    help: 'What one director has and the other lacks.',
    kind: 'timeseries',
    queries: [
      query(`vrrp_ipvs_peer_connections_missing{${AGENT}}`, 'between {{instance}} and {{peer}}'),
    ],
  },
  {
    title: 'Connections lost',
    help: 'At takeovers, in the time shown.',
    kind: 'timeseries',
    queries: [
      query(`increase(vrrp_ipvs_connections_lost_total{${ROUTER}}[$__rate_interval])`, BY_DIRECTOR),
    ],
  },
  {
    title: 'Checker and notifications',
    help: 'Whether the checker process runs, and how notifications ended, a second.',
    kind: 'timeseries',
    queries: [
      query(`vrrp_checker_up{${AGENT}}`, 'checker of {{instance}}'),
      query(
        `sum by (instance, outcome) (rate(vrrp_notifications_total{${AGENT}}[$__rate_interval]))`,
        '{{outcome}} on {{instance}}',
      ),
    ],
  },
];

export const ROWS: readonly RowDefinition[] = [
  { title: 'Fleet', panels: FLEET },
  { title: 'Pair', panels: PAIR },
  { title: 'Availability', panels: AVAILABILITY },
  { title: 'Servers and connections', panels: SERVERS },
];

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly series: string;
  readonly of: string;
}

/** The choices of the reader, as the values of a label of these series. */
export const VARIABLES: readonly Variable[] = [
  { name: 'job', label: 'Job', series: 'vrrp_agent_info', of: 'job' },
  { name: 'director', label: 'Director', series: 'vrrp_agent_info{job=~"$job"}', of: 'instance' },
  {
    ...{ name: 'router', label: 'Virtual router', of: 'exported_instance' },
    series: 'vrrp_instance_state{job=~"$job",instance=~"$director"}',
  },
];
