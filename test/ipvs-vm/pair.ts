/** Two directors with the same services, one of which is MASTER. */
import { Director, missing } from './director.ts';
import { until } from './processes.ts';
import {
  DR_VIP,
  DR_VIP6,
  GATEWAY,
  GATEWAY6,
  MARK,
  NAT_VIP,
  NAT_VIP6,
  PORT,
  PORTS,
  plug,
  SERVERS,
  TUN_VIP,
} from './topology.ts';

export interface Variant {
  readonly sysctl: Record<string, string | number>;
  readonly scheduler?: object;
  readonly sync?: false;
  readonly instance?: object;
  readonly interval?: string;
  /** Adds IPv6, tunnels, UDP, persistence and marks. */
  readonly everything?: boolean;
}

export const RECOMMENDED: Variant = {
  sysctl: { sync_threshold: '1 2', sync_refresh_period: 10, sync_retries: 2 },
};
export const EVERYTHING: Variant = { ...RECOMMENDED, everything: true };
/** A crash is noticed within about a second; a stall of nearly that long causes no takeover. */
export const FAST: Variant = { ...EVERYTHING, interval: '300ms' };
export const BACKUP_ONLY: Variant = { sysctl: { ...RECOMMENDED.sysctl, backup_only: 1 } };
export const DEFAULTS: Variant = {
  sysctl: { sync_threshold: '3 50', sync_refresh_period: 0, sync_retries: 0 },
};
/** The director of higher priority takes the VIPs back once it has all connections, and not before. */
export const RETURNING: Variant = {
  ...EVERYTHING,
  instance: { preempt: true, preempt_when_synced: { max_wait: '1h' } },
};
/** No synchronisation: both directors choose the same server for the same client. */
export const HASHING: Variant = {
  sysctl: { sloppy_tcp: 1 },
  scheduler: { scheduler: 'mh', flags: ['mh-port'] },
  sync: false,
};

export const VIPS = [NAT_VIP, DR_VIP] as const;

const PRIORITIES = { a: 150, b: 100 } as const;

function configOf(name: 'a' | 'b', variant: Variant): object {
  const { sysctl, scheduler = { scheduler: 'rr' }, sync, instance, interval, everything } = variant;
  const service = (mode: 'nat' | 'dr', vip: string) => ({
    name: mode,
    address: `${vip}:${PORT}`,
    forwarding: mode,
    servers: SERVERS[mode],
    ...scheduler,
  });
  const web = {
    name: 'web',
    vrid: 55,
    addresses: everything ? [...VIPS, TUN_VIP] : VIPS,
    extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
    ...instance,
  };
  return {
    defaults: {
      interface: 'out',
      priority: PRIORITIES[name],
      preempt: false,
      advertisement_interval: interval ?? '1s',
    },
    instances: everything ? [web, { ...WEB6, ...instance }] : [web],
    sync_groups: everything ? [{ name: 'all', instances: ['web', 'web6'] }] : [],
    ipvs: {
      sysctl,
      ...(sync === false ? {} : { sync: { interface: 'in', instance: 'web' } }),
      services: [
        service('nat', NAT_VIP),
        service('dr', DR_VIP),
        ...(everything ? OTHER_SERVICES : []),
      ],
    },
  };
}

const WEB6 = {
  name: 'web6',
  vrid: 55,
  addresses: ['fe80::55', NAT_VIP6, DR_VIP6],
  extra_addresses: [{ address: `${GATEWAY6}/64`, interface: 'in' }],
};

const STICKY = { scheduler: 'rr', persistence: { timeout: '5m' } };

const OTHER_SERVICES = [
  {
    name: 'nat6',
    address: `[${NAT_VIP6}]:${PORT}`,
    forwarding: 'nat',
    servers: SERVERS.nat6,
  },
  {
    name: 'dr6',
    address: `[${DR_VIP6}]:${PORT}`,
    forwarding: 'dr',
    servers: SERVERS.dr6,
  },
  {
    name: 'tun',
    address: `${TUN_VIP}:${PORT}`,
    forwarding: 'tun',
    servers: SERVERS.tun,
  },
  {
    name: 'datagrams',
    address: `${NAT_VIP}:${PORT}`,
    protocol: 'udp',
    forwarding: 'nat',
    servers: SERVERS.nat,
  },
  {
    name: 'one-packet',
    address: `${DR_VIP}:${PORTS.marked}`,
    protocol: 'udp',
    one_packet: true,
    forwarding: 'dr',
    servers: SERVERS.dr,
  },
  ...(['tcp', 'udp'] as const).map((protocol) => ({
    name: `visited-${protocol}`,
    address: `${DR_VIP}:${PORTS.visited}`,
    protocol,
    forwarding: 'dr',
    servers: SERVERS.dr,
    ...STICKY,
  })),
  {
    name: 'marked',
    fwmark: MARK,
    forwarding: 'nat',
    servers: SERVERS.nat.map((address) => `${address}:0`),
    ...STICKY,
  },
];

export class Pair {
  readonly a = new Director('a');
  readonly b = new Director('b');

  /** Makes `master` MASTER and the other one BACKUP with this configuration, whatever was before. */
  async ready(master: 'a' | 'b', variant: Variant): Promise<{ first: Director; second: Director }> {
    const [first, second] = master === 'a' ? [this.a, this.b] : [this.b, this.a];
    for (const director of [first, second]) plug(director.name, 'up');
    await Promise.all([this.#configure('a', variant), this.#configure('b', variant)]);
    await masterAndBackup(first, second);
    const [expected, other] = variant.sync === false ? ['', ''] : ['master', 'backup'];
    await until('the sync daemons follow', async () => {
      const daemons = [await first.daemons(), await second.daemons()];
      return daemons[0]?.join() === expected && daemons[1]?.join() === other;
    });
    await Promise.all([first.release(), second.release()]);
    return { first, second };
  }

  start(director: 'a' | 'b', variant: Variant): void {
    this[director].start(configOf(director, variant));
  }

  get stalls(): number {
    return this.a.stalls + this.b.stalls;
  }

  /** Logs of both, for a failed test. */
  get log(): string {
    return this.a.log + this.b.log;
  }

  async #configure(name: 'a' | 'b', variant: Variant): Promise<void> {
    if (this[name].isRunning) await this[name].reload(configOf(name, variant));
    else this.start(name, variant);
  }
}

/** Waits until `first` is MASTER; moves the VIPs there if needed. */
export async function masterAndBackup(first: Director, second: Director): Promise<void> {
  await until(`${first.name} is MASTER and ${second.name} BACKUP`, async () => {
    const states = [(await first.instance()).state, (await second.instance()).state];
    if (states.join() === 'BACKUP,MASTER') await second.failover();
    return states.join() === 'MASTER,BACKUP';
  });
}

/** Waits until `at` has every connection of `from`; returns how long that took, in seconds. */
export async function caughtUp(
  from: Director,
  at: Director,
  names: ReadonlySet<string>,
): Promise<number> {
  const began = performance.now();
  await until(`${at.name} has every connection of ${from.name}`, () => {
    const { length } = missing(from, at, names);
    if (length > 0) throw new Error(`${length} of ${names.size} connections are missing`);
    return true;
  });
  return (performance.now() - began) / 1_000;
}
