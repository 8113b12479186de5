/**
 * Decides when the RST guard blocks resets from the VIPs of an instance: while the instance is not
 * MASTER, when no packet can use a VIP as source, and for a while after a planned takeover. A rule that
 * is only added at the takeover would come too late. Each instance with a balanced address has its own
 * timer.
 */
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import type { IpAddress } from '../../net/address.ts';
import { isSame } from '../../net/equality.ts';
import type { StateName, TransitionCause } from '../../protocol/engine/reports.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { IpvsLog } from './ipvs-log.ts';
import { type OpenGuardTable, RstGuard } from './rst-guard.ts';

/** Enough for the last connections of a former MASTER to arrive: it sends a buffer after 2 s. */
export const GUARD_MS = 5_000;

export interface InstanceTransition {
  readonly instance: string;
  readonly from: StateName;
  readonly to: StateName;
  readonly cause: TransitionCause;
}

interface MoveGuardOptions {
  readonly log: IpvsLog;
  readonly isMaster: (instance: string) => boolean;
  readonly guardTable: OpenGuardTable;
}

export class MoveGuard {
  readonly #options: MoveGuardOptions;
  readonly #guard: RstGuard;
  /** Addresses of each guarded instance, by its name. */
  #addresses: ReadonlyMap<string, readonly IpAddress[]> = new Map();
  /** False: a former process may have left its guard. */
  #isOwn = false;
  /** The guard also stays after an unplanned takeover. */
  #isAlways = false;
  /** Instances whose resets are blocked now. */
  readonly #blocked = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: MoveGuardOptions) {
    this.#options = options;
    this.#guard = new RstGuard(options.log, options.guardTable);
  }

  get isGuarding(): boolean {
    return this.#guard.isGuarding;
  }

  /** Adopts a configuration. */
  async follow(settings: IpvsSettings, instances: readonly InstanceSettings[]): Promise<void> {
    const former = this.#addresses;
    this.#isAlways = settings.sync?.rstGuard === 'always';
    this.#addresses = guarded(settings, instances);
    if (this.#isOwn && isSame([...former], [...this.#addresses])) return;
    this.#isOwn = true;
    for (const name of former.keys()) this.#forget(name);
    for (const name of this.#addresses.keys()) {
      if (!this.#options.isMaster(name)) this.#blocked.add(name);
    }
    await this.#apply();
  }

  apply({ instance, from, to, cause }: InstanceTransition): void {
    if (!this.#addresses.has(instance)) return;
    if (to === 'MASTER') {
      if (this.#isAlways || isPlanned(cause)) this.#release(instance, GUARD_MS);
      else this.#release(instance, 0);
    } else if (from === 'MASTER') {
      clearTimeout(this.#timers.get(instance));
      this.#blocked.add(instance);
      void this.#apply();
    }
  }

  check(): Promise<void> {
    return this.#guard.check();
  }

  async lower(): Promise<void> {
    for (const name of this.#addresses.keys()) this.#forget(name);
    await this.#apply();
  }

  /** Leaves the guard to the next process. */
  abandon(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#guard.abandon();
  }

  #release(instance: string, milliseconds: number): void {
    clearTimeout(this.#timers.get(instance));
    const timer = setTimeout(() => {
      this.#forget(instance);
      void this.#apply();
    }, milliseconds);
    this.#timers.set(instance, timer);
  }

  #forget(instance: string): void {
    clearTimeout(this.#timers.get(instance));
    this.#timers.delete(instance);
    this.#blocked.delete(instance);
  }

  #apply(): Promise<void> {
    const blocked = [...this.#blocked].flatMap((name) => this.#addresses.get(name) ?? []);
    return this.#guard.want([...new Set(blocked)]);
  }
}

/** Instances with synchronised connections: that of the daemons, and each that has a service. */
function guarded(
  { services, sync }: IpvsSettings,
  instances: readonly InstanceSettings[],
): ReadonlyMap<string, readonly IpAddress[]> {
  if (sync === undefined || sync.rstGuard === 'off') return new Map();
  const balanced = new Set(
    services.map(({ service: { key } }) => (key.kind === 'address' ? key.address : undefined)),
  );
  const entries = instances.flatMap(({ name, addresses, extraAddresses }) => {
    const own = [...addresses, ...extraAddresses].map(({ address }) => address);
    const counts = name === sync.instance || own.some((address) => balanced.has(address));
    return counts ? [[name, own] as const] : [];
  });
  return new Map(entries);
}

/** True if the former MASTER resigned or still runs, so that its last buffer will arrive. */
function isPlanned(cause: TransitionCause): boolean {
  return cause !== 'master-silent' && cause !== 'still-master' && cause !== 'master-dead';
}
