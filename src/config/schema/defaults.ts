/**
 * The default of every key that has a fixed one, in the form of the file. The schema shows it to
 * operators and `lower/` applies it.
 */
import { DEFAULT_SYNC_GROUP, DEFAULT_SYNC_PORT } from '../../net/ipvs.ts';

export const AGENT_DEFAULTS = {
  control: { socket: '/run/vrrp-agent/control.sock', mode: '0660' },
  http: { listen: '127.0.0.1:9112' },
  realtime: 'auto',
  log: { level: 'info', format: 'auto' },
  stop: { linger: 'auto' },
  resume: 'auto',
  state_dir: '/var/lib/vrrp-agent',
} as const;

export const INSTANCE_DEFAULTS = {
  version: 3,
  priority: 100,
  advertisement_interval: '1s',
  preempt: true,
  preempt_delay: '0s',
  preempt_when_synced: { max_wait: '1m' },
  accept: true,
  checksum: 'auto',
  strict: false,
  garp: { repeat: 5, second_burst_after: '5s', refresh: '0s', form: 'both' },
  neighbor_advertisement: { router: 'auto' },
  virtual_mac: false,
  lease: 'auto',
  address_conflict: 'report',
  on_interface_down: 'fault',
  on_vrrp_loss: 'judge',
} as const;

export const PEER_LINK_DEFAULTS = { port: 8843, heartbeat: '100ms' } as const;

export const ROUTE_DEFAULTS = { table: 'main', onlink: false } as const;

export const SYNC_GROUP_DEFAULTS = { mode: 'all' } as const;

export const NOTIFY_DEFAULTS = {
  command: { timeout: '30s' },
  webhook: { timeout: '5s' },
  before_master: { timeout: '1s', on_failure: 'proceed' },
} as const;

export const TRACK_DEFAULTS = {
  init: 'wait',
  interval: '1s',
  rise: 1,
  fall: 1,
  gateway_fall: 3,
  status: [200],
  verify: true,
  content: 'presence',
  up_when: 'present',
} as const;

export const BFD_DEFAULTS = {
  multihop: false,
  passive: false,
  interval: '50ms',
  multiplier: 3,
  min_ttl: 254,
} as const;

export const CHECK_DEFAULTS = {
  interval: '2s',
  rise: 2,
  fall: 3,
  http: { method: 'GET', path: '/', status: ['200-399'], verify: true },
  dns: { type: 'A' },
  udp: { send: '' },
} as const;

export const WEIGHT_FROM_DEFAULTS = {
  interval: '5s',
  fall: 3,
  reads: 'weight',
  smoothing: 0.5,
  min: 1,
  max: 100,
} as const;

export const IPVS_DEFAULTS = { required: true, exclusive: false, on_stop: 'remove' } as const;

export const SYNC_DEFAULTS = {
  group: DEFAULT_SYNC_GROUP,
  port: DEFAULT_SYNC_PORT,
  ttl: 1,
  mode: 'follow',
  rst_guard: 'planned',
  catch_up: true,
} as const;

export const SERVICE_DEFAULTS = {
  family: 'ipv4',
  protocol: 'tcp',
  scheduler: 'wlc',
  one_packet: false,
  persistence: { timeout: '5m' },
  forwarding: 'nat',
  check: 'none',
  on_failure: { udp: 'remove', others: 'quiesce' },
} as const;

export const SERVER_DEFAULTS = { weight: 1, upper_threshold: 0, lower_threshold: 0 } as const;

export const TUNNEL_DEFAULTS = { type: 'ipip', checksum: 'none' } as const;
