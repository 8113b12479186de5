/** Two directors with the same services, one of them MASTER. */
import { Director, missing } from './director.ts';
import { until } from './processes.ts';
import { DR_VIP, GATEWAY, NAT_VIP, PORT, plug, SERVERS } from './topology.ts';

export interface Variant {
  readonly sysctl: Record<string, string | number>;
  readonly scheduler?: object;
  readonly sync?: false;
  readonly instance?: object;
}

export const RECOMMENDED: Variant = {
  sysctl: { sync_threshold: '1 2', sync_refresh_period: 10, sync_retries: 2 },
};
export const DEFAULTS: Variant = {
  sysctl: { sync_threshold: '3 50', sync_refresh_period: 0, sync_retries: 0 },
};
/** The director of higher priority takes the VIPs back once it knows all connections. */
export const RETURNING: Variant = {
  ...RECOMMENDED,
  instance: { preempt: true, preempt_when_synced: { max_wait: '5m' } },
};
/** No synchronisation at all: both directors choose the same server for the same client. */
export const HASHING: Variant = {
  sysctl: { sloppy_tcp: 1 },
  scheduler: { scheduler: 'mh', flags: ['mh-port'] },
  sync: false,
};

export const VIPS = [NAT_VIP, DR_VIP] as const;

const PRIORITIES = { a: 150, b: 100 } as const;

function configOf(name: 'a' | 'b', { sysctl, scheduler, sync, instance }: Variant): object {
  const service = (mode: 'nat' | 'dr', vip: string) => ({
    name: mode,
    address: `${vip}:${PORT}`,
    forwarding: mode,
    servers: SERVERS[mode],
    ...(scheduler ?? { scheduler: 'rr' }),
  });
  return {
    instances: [
      {
        name: 'web',
        interface: 'out',
        vrid: 55,
        priority: PRIORITIES[name],
        preempt: false,
        advertisement_interval: '1s',
        addresses: VIPS,
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
        ...instance,
      },
    ],
    ipvs: {
      sysctl,
      ...(sync === false ? {} : { sync: { interface: 'in' } }),
      services: [service('nat', NAT_VIP), service('dr', DR_VIP)],
    },
  };
}

export class Pair {
  readonly a = new Director('a');
  readonly b = new Director('b');

  /** Whatever was before: `master` is MASTER and the other one BACKUP, with this configuration. */
  async ready(master: 'a' | 'b', variant: Variant): Promise<{ first: Director; second: Director }> {
    const [first, second] = master === 'a' ? [this.a, this.b] : [this.b, this.a];
    for (const director of [first, second]) plug(director.name, 'up');
    await Promise.all([this.#configure('a', variant), this.#configure('b', variant)]);
    await until(`${first.name} is MASTER and ${second.name} BACKUP`, async () => {
      const states = [(await first.instance()).state, (await second.instance()).state];
      if (states.join() === 'BACKUP,MASTER') await second.failover();
      return states.join() === 'MASTER,BACKUP';
    });
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

  /** Of both, for a test that has failed. */
  get log(): string {
    return this.a.log + this.b.log;
  }

  async #configure(name: 'a' | 'b', variant: Variant): Promise<void> {
    if (this[name].isRunning) await this[name].reload(configOf(name, variant));
    else this.start(name, variant);
  }
}

/** Until the one has every connection of the other; answers how long that took, in seconds. */
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
