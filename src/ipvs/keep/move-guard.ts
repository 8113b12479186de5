/**
 * When resets from the VIPs are held back: as long as an instance is not MASTER, when no packet can have
 * one of its VIPs for its source, and for a while after a take-over; made in the moment of the take-over
 * the rule would come too late. Every instance whose addresses are balanced has its own time.
 */
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import type { IpAddress } from '../../net/address.ts';
import { isSame } from '../../net/equality.ts';
import type { StateName, TransitionCause } from '../../protocol/engine/reports.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { IpvsLog } from './ipvs-log.ts';
import { type OpenGuardTable, RstGuard } from './rst-guard.ts';

/** How long the last connections of a former MASTER may take: its buffer is 2 s old when it leaves. */
export const GUARD_MS = 5_000;

export interface StateChange {
  readonly instance: string;
  readonly from: StateName;
  readonly to: StateName;
  readonly cause: TransitionCause;
}

export interface MoveGuardOptions {
  readonly log: IpvsLog;
  readonly isMaster: (instance: string) => boolean;
  readonly guardTable: OpenGuardTable;
}

export class MoveGuard {
  readonly #options: MoveGuardOptions;
  readonly #guard: RstGuard;
  /** Of each guarded instance. */
  #addresses: ReadonlyMap<string, readonly IpAddress[]> = new Map();
  #isForEach = false;
  readonly #held = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: MoveGuardOptions) {
    this.#options = options;
    this.#guard = new RstGuard(options.log, options.guardTable);
  }

  get isStanding(): boolean {
    return this.#guard.isStanding;
  }

  /** At the start, and with another configuration. */
  async follow(settings: IpvsSettings, instances: readonly InstanceSettings[]): Promise<void> {
    const former = this.#addresses;
    this.#isForEach = settings.sync?.rstGuard === 'always';
    this.#addresses = guarded(settings, instances);
    if (isSame([...former], [...this.#addresses])) return;
    for (const name of former.keys()) this.#forget(name);
    for (const name of this.#addresses.keys()) {
      if (!this.#options.isMaster(name)) this.#held.add(name);
    }
    await this.#apply();
  }

  apply({ instance, from, to, cause }: StateChange): void {
    if (!this.#addresses.has(instance)) return;
    if (to === 'MASTER') {
      if (this.#isForEach || isPlanned(cause)) this.#release(instance, GUARD_MS);
      else this.#release(instance, 0);
    } else if (from === 'MASTER') {
      clearTimeout(this.#timers.get(instance));
      this.#held.add(instance);
      void this.#apply();
    }
  }

  check(): Promise<void> {
    return this.#guard.check();
  }

  async lower(): Promise<void> {
    const wasGuarding = this.#addresses.size > 0;
    for (const name of this.#addresses.keys()) this.#forget(name);
    if (wasGuarding) await this.#apply();
  }

  /** The guard stays as it is, for the next process. */
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
    this.#held.delete(instance);
  }

  #apply(): Promise<void> {
    const held = [...this.#held].flatMap((name) => this.#addresses.get(name) ?? []);
    return this.#guard.want([...new Set(held)]);
  }
}

/** Instances whose connections another director sends: that of the daemons, and all with a service. */
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

/** The former MASTER said so, or it is there still: what is in its buffer will arrive. */
function isPlanned(cause: TransitionCause): boolean {
  return cause !== 'master-silent';
}
