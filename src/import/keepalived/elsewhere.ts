/** Settings of the whole program that need no equivalent, and where others have one outside the file. */

/** How the program is run, not what it does; or it is always so here. */
const NEEDLESS = new Set([
  'checker_log_all_failures',
  'child_wait_time',
  'config_save_dir',
  'data_use_instance',
  'debug',
  'disable_local_igmp',
  'dynamic_interfaces',
  'enable_script_security',
  'include_check',
  'json_version',
  'log_unknown_vrids',
  'lvs_flush_on_stop',
  'lvs_flush_onstop',
  'max_auto_priority',
  'min_auto_priority_delay',
  'namespace_with_ipsets',
  'nftables',
  'nftables_counters',
  'nftables_ifindex',
  'nftables_priority',
  'no_email_faults',
  'process_name',
  'process_names',
  'random_seed',
  'reload_check_config',
  'reload_repeat',
  'tmp_config_directory',
  'umask',
  'use_pid_dir',
  'use_symlink_paths',
  'vrrp_check_unicast_src',
  'vrrp_ipsets',
  'vrrp_iptables',
  'vrrp_rx_bufs_multiplier',
  'vrrp_rx_bufs_policy',
  'vrrp_skip_check_adv_addr',
]);

/** Of each of its processes, and of each of its sockets. */
const OF_PROCESSES =
  /^(vrrp|checker|lvs|bfd)_(no_swap|process_name|rlimit_rtt?ime)$|_rcv_bufs(_force)?$/;

export function isNeedless(key: string): boolean {
  return NEEDLESS.has(key) || OF_PROCESSES.test(key);
}

const EQUIVALENTS: readonly (readonly [RegExp, string])[] = [
  [/_cpu_affinity$/, 'CPUAffinity= of the systemd unit does this'],
  [/^(bfd|checker|vrrp)_(priority|rt_priority)$/, '"realtime" is the priority here'],
  [/^(net_namespace|net_namespace_ipvs)$/, 'NetworkNamespacePath= of the systemd unit does this'],
  [/^(instance)$/, 'each agent has a "control.socket" of its own'],
  [/^startup_script/, 'ExecStartPre= of the systemd unit does this'],
  [/^shutdown_script/, 'ExecStopPost= of the systemd unit does this'],
  [/^(state|stats|json)_dump_file$/, '"vrrp-agent status --json" says the same'],
  [/dbus/, 'the control socket has an API'],
  [/^snmp_[rv]s_stats_update_interval$|^enable_snmp_/, 'metrics for Prometheus have these numbers'],
  [/^reload_(file|time_file)$/, '"vrrp-agent reload" by a timer of systemd does this'],
  [/^vmac_(addr_)?prefix$/, '"virtual_mac.interface" is the whole name'],
  [/^vrrp_delay_after_boot$/, '"start.delay" waits at each start'],
];

/** What to write after a setting that is not carried. */
export function equivalentOf(key: string): string {
  const found = EQUIVALENTS.find(([pattern]) => pattern.test(key));
  return found === undefined ? '' : `: ${found[1]}`;
}
