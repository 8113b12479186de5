/** For every alert: series with which it fires, and similar ones with which it does not. */

/** A series as promtool writes it (`a+bxn`: from a, n steps of b), and its values, one in 15 s. */
type Series = readonly [series: string, values: string];

export interface AlertCase {
  readonly alert: string;
  /** When it is asked. */
  readonly at: string;
  readonly fires: readonly Series[];
  /** The labels of the alert, without its severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** What a template makes of `$value`. */
  readonly value?: string;
  readonly quiet: readonly Series[];
}

const AGENT = { job: 'vrrp-agent', instance: 'lb1:9112' } as const;
const ROUTER = { ...AGENT, exported_instance: 'web' } as const;
const STATE = { ...ROUTER, vrid: '55', family: 'ipv4', interface: 'eth0' } as const;
const SERVICE = { ...AGENT, service: 'web' } as const;
const SERVER = { ...SERVICE, server: '10.0.0.11:80' } as const;

const LONG = 80;

function series(name: string, labels: Readonly<Record<string, string>>, values: string): Series {
  const list = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return [`${name}{${list.join(',')}}`, values];
}

function constant(value: number): string {
  return `${value}x${LONG}`;
}

const RISING = `0+1x${LONG}`;
/** One step, after a minute. */
const ONCE = `0x3 1x${LONG}`;

/** An alert on one series that keeps a value, and all its labels. */
function level(
  alert: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  [bad, good]: readonly [number, number],
  at = '5m',
): AlertCase {
  return {
    ...{ alert, at, labels },
    fires: [series(name, labels, constant(bad))],
    quiet: [series(name, labels, constant(good))],
  };
}

/** An alert on one counter. */
function counter(
  alert: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  [bad, good]: readonly [string, string],
  more: Partial<AlertCase> = {},
): AlertCase {
  return {
    ...{ alert, at: '10m', labels },
    fires: [series(name, labels, bad)],
    quiet: [series(name, labels, good)],
    ...more,
  };
}

function master(director: string, value: number): Series {
  const labels = { ...STATE, instance: `${director}:9112`, state: 'MASTER' };
  return series('vrrp_instance_state', labels, constant(value));
}

const OF_ALL = { job: 'vrrp-agent', exported_instance: 'web', vrid: '55', family: 'ipv4' } as const;

const ROUTERS: readonly AlertCase[] = [
  level('VrrpAgentDown', 'up', AGENT, [0, 1]),
  {
    ...{ alert: 'VrrpNoMaster', at: '5m', labels: OF_ALL },
    fires: [master('lb1', 0), master('lb2', 0)],
    quiet: [master('lb1', 0), master('lb2', 1)],
  },
  {
    ...{ alert: 'VrrpSeveralMasters', at: '5m', labels: OF_ALL, value: '2' },
    fires: [master('lb1', 1), master('lb2', 1)],
    quiet: [master('lb1', 1), master('lb2', 0)],
  },
  counter('VrrpDualMaster', 'vrrp_dual_master_seconds_total', ROUTER, [RISING, constant(5)]),
  level('VrrpPeerProblem', 'vrrp_peer_problems', { ...ROUTER, problem: 'version-error' }, [1, 0]),
  level('VrrpFault', 'vrrp_instance_state', { ...STATE, state: 'FAULT' }, [1, 0]),
  counter('VrrpFlapping', 'vrrp_transitions_total', ROUTER, [RISING, ONCE], { value: '40' }),
  counter(
    'VrrpDiscardsRising',
    'vrrp_discarded_total',
    { ...ROUTER, reason: 'checksum-error' },
    [RISING, ONCE],
    { at: '15m' },
  ),
  {
    ...{ alert: 'VrrpTimerLate', at: '15m', labels: AGENT },
    fires: [
      lateness('0.001', '0+0'),
      lateness('0.01', '0+50'),
      lateness('0.1', '0+100'),
      lateness('+Inf', '0+100'),
    ],
    quiet: [
      lateness('0.001', '0+99'),
      lateness('0.01', '0+100'),
      lateness('0.1', '0+100'),
      lateness('+Inf', '0+100'),
    ],
  },
  counter('VrrpStall', 'vrrp_stalls_total', AGENT, [ONCE, constant(1)], { at: '4m' }),
  counter('VrrpNotSent', 'vrrp_send_failures_total', AGENT, [RISING, ONCE]),
  level('VrrpCheckerDown', 'vrrp_checker_up', AGENT, [0, 1]),
  counter('VrrpFight', 'vrrp_addresses_restored_total', ROUTER, [RISING, ONCE]),
  level('VrrpPathLost', 'vrrp_path_lost', ROUTER, [1, 0]),
];

function lateness(le: string, step: string): Series {
  return series('vrrp_timer_lateness_seconds_bucket', { ...AGENT, le }, `${step}x${LONG}`);
}

const PEER = { ...AGENT, peer: 'lb2' } as const;

const PEERS: readonly AlertCase[] = [
  level('VrrpPeerLinkDown', 'vrrp_peer_up', PEER, [0, 1]),
  level('VrrpPeerConfigurationDiffers', 'vrrp_peer_configuration_differs', PEER, [1, 0], '12m'),
  {
    ...level('VrrpPeerClockDiffers', 'vrrp_peer_clock_offset_seconds', PEER, [-2, 0.5], '10m'),
    value: '2s',
  },
  {
    ...{ alert: 'VrrpPeerDatagramsRefused', at: '12m', value: '2' },
    labels: { ...AGENT, reason: 'hmac' },
    fires: [series('vrrp_peer_refused_total', { ...AGENT, reason: 'hmac' }, `0+30x${LONG}`)],
    // A scan of the port is no reason to wake an operator.
    quiet: [series('vrrp_peer_refused_total', { ...AGENT, reason: 'source' }, `0+30x${LONG}`)],
  },
];

const BFD = { ...AGENT, neighbour: '192.0.2.1', multihop: 'false' } as const;
const OTHER = { ...ROUTER, peer: '192.0.2.12' } as const;

const EVIDENCE: readonly AlertCase[] = [
  level('VrrpWitnessDown', 'vrrp_witness_up', AGENT, [0, 1], '10m'),
  level('VrrpWitnessNeeded', 'vrrp_witness_holds', ROUTER, [1, 0]),
  level('VrrpWitnessBypassed', 'vrrp_witness_right', { ...ROUTER, right: 'went-on' }, [1, 0]),
  counter(
    'VrrpAuthenticationRefused',
    'vrrp_discarded_total',
    { ...ROUTER, reason: 'hmac-error' },
    [RISING, ONCE],
  ),
  {
    ...{ alert: 'VrrpAuthenticationClock', at: '5m', labels: OTHER, value: '3' },
    fires: [
      series('vrrp_authentication_clock_offset_seconds', OTHER, constant(-3)),
      series('vrrp_authentication_window_seconds', ROUTER, constant(5)),
    ],
    quiet: [
      series('vrrp_authentication_clock_offset_seconds', OTHER, constant(-2)),
      series('vrrp_authentication_window_seconds', ROUTER, constant(5)),
    ],
  },
  level('VrrpBfdDown', 'vrrp_bfd_up', BFD, [0, 1]),
  counter('VrrpBfdPacketsRefused', 'vrrp_bfd_packets_refused_total', BFD, [`0+15x${LONG}`, ONCE], {
    at: '12m',
  }),
];

const IPVS: readonly AlertCase[] = [
  {
    ...{ alert: 'VrrpQuorumLost', at: '5m', labels: SERVICE },
    fires: [
      series('vrrp_ipvs_service_quorum_reached', SERVICE, constant(0)),
      series('vrrp_ipvs_service_fallback_active', SERVICE, constant(0)),
    ],
    quiet: [
      series('vrrp_ipvs_service_quorum_reached', SERVICE, constant(0)),
      series('vrrp_ipvs_service_fallback_active', SERVICE, constant(1)),
    ],
  },
  level('VrrpServerDown', 'vrrp_ipvs_server_health', { ...SERVER, state: 'down' }, [1, 0]),
  level('VrrpFallbackInUse', 'vrrp_ipvs_service_fallback_active', SERVICE, [1, 0]),
  {
    ...{ alert: 'VrrpNoServer', at: '5m', labels: SERVICE },
    fires: [
      series('vrrp_ipvs_service_serving_servers', SERVICE, constant(0)),
      series('vrrp_ipvs_service_fallback_active', SERVICE, constant(0)),
    ],
    quiet: [
      series('vrrp_ipvs_service_serving_servers', SERVICE, constant(0)),
      series('vrrp_ipvs_service_fallback_active', SERVICE, constant(1)),
    ],
  },
  {
    ...{ alert: 'VrrpFewServers', at: '5m', labels: SERVICE, value: '1' },
    fires: [
      series('vrrp_ipvs_service_healthy_servers', SERVICE, constant(1)),
      series('vrrp_ipvs_service_min_servers', SERVICE, constant(2)),
    ],
    quiet: [
      series('vrrp_ipvs_service_healthy_servers', SERVICE, constant(2)),
      series('vrrp_ipvs_service_min_servers', SERVICE, constant(2)),
    ],
  },
  {
    ...{ alert: 'VrrpServerWeightNotSet', at: '5m', labels: SERVER },
    fires: [
      series('vrrp_ipvs_server_weight', SERVER, constant(5)),
      series('vrrp_ipvs_server_wanted_weight', SERVER, constant(10)),
    ],
    quiet: [
      series('vrrp_ipvs_server_weight', SERVER, constant(10)),
      series('vrrp_ipvs_server_wanted_weight', SERVER, constant(10)),
    ],
  },
  level('VrrpIpvsUnavailable', 'vrrp_ipvs_available', { ...AGENT, required: 'true' }, [0, 1]),
  level('VrrpIpvsTrouble', 'vrrp_ipvs_troubles', AGENT, [1, 0]),
  counter(
    'VrrpIpvsRepaired',
    'vrrp_ipvs_repairs_total',
    { ...AGENT, what: 'services' },
    [RISING, ONCE],
    { value: '40' },
  ),
  {
    ...{ alert: 'VrrpSyncDaemonMissing', at: '5m' },
    labels: { ...AGENT, role: 'backup', wanted: 'true' },
    fires: [daemon('true')],
    quiet: [daemon('false')],
  },
  level('VrrpConnectionsNotSynced', 'vrrp_ipvs_connections_caught_up', ROUTER, [0, 1]),
  {
    ...{ alert: 'VrrpPeerLacksConnections', at: '5m', labels: PEER, value: '50' },
    fires: [
      series('vrrp_ipvs_peer_connections_missing', PEER, constant(50)),
      series('vrrp_ipvs_peer_connections', PEER, constant(1_000)),
    ],
    quiet: [
      series('vrrp_ipvs_peer_connections_missing', PEER, constant(50)),
      series('vrrp_ipvs_peer_connections', PEER, constant(10_000)),
    ],
  },
  level('VrrpPeerTableSilent', 'vrrp_ipvs_peers', ROUTER, [0, 1]),
  {
    ...{ alert: 'VrrpConnectionsLost', at: '5m', labels: ROUTER, value: '30' },
    fires: [...takeover(30)],
    quiet: [...takeover(3)],
  },
];

function daemon(wanted: string): Series {
  return series('vrrp_ipvs_sync_daemon', { ...AGENT, role: 'backup', wanted }, constant(0));
}

function takeover(missing: number): readonly Series[] {
  const move = { ...ROUTER, move: 'take-over' };
  const after = { ...move, moment: 'after', peer: 'lb2' };
  return [
    series('vrrp_ipvs_connections_lost_total', ROUTER, `0x9 ${missing}x${LONG}`),
    series('vrrp_ipvs_last_move_connections', move, constant(1_000)),
    series('vrrp_ipvs_last_move_connections_missing', after, constant(missing)),
  ];
}

export const ALERT_CASES: readonly AlertCase[] = [...ROUTERS, ...PEERS, ...EVIDENCE, ...IPVS];
