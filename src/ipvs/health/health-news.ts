/**
 * What people are told of real servers: each change once, against what was told last. Not every new
 * weight is news, and of very many servers that change at a time the log alone has each.
 */
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import { endpointName } from '../../net/ipvs.ts';
import { serves } from '../plan/server-weight.ts';
import { EventBudget } from './event-budget.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

export interface HealthNewsOptions {
  /** To the events and the log. */
  readonly note: (facts: ServerEventFacts) => void;
  /** To the log alone. */
  readonly log: (facts: ServerEventFacts) => void;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** A weight is told again after that time. */
const WEIGHT_MS = 60_000;
/** And when it has moved by a fifth of what was told. */
const SHARE = 5;
/** Events that weights leave for servers that go up or down. */
const KEPT_FOR_SERVERS = 10;

/** What was told of a service. */
interface Told {
  readonly down: Set<string>;
  readonly silent: Set<string>;
  readonly weights: Map<string, { readonly weight: number; readonly at: number }>;
  isServed: boolean;
}

export class HealthNews {
  readonly #options: HealthNewsOptions;
  readonly #budget: EventBudget;
  readonly #told = new Map<string, Told>();
  #leftOut = 0;

  constructor(options: HealthNewsOptions) {
    this.#options = options;
    this.#budget = new EventBudget(options.now());
  }

  /** A service of the file, as it is now. */
  follow(health: ServiceHealth): void {
    const { name } = health.settings;
    const told = this.#toldOf(name);
    for (const server of health.servers) this.#followServer(name, server, told);
    const isServed = health.servers.length === 0 || health.servers.some(isServing);
    if (isServed === told.isServed) return;
    told.isServed = isServed;
    this.#options.note(servedFacts(health, isServed));
  }

  /** Once in a while: weights that have moved, and what was left out. */
  sweep(services: readonly ServiceHealth[]): void {
    const now = this.#options.now();
    for (const { settings, servers } of services) {
      for (const server of servers) this.#sweepWeight(settings.name, server, now);
    }
    if (this.#leftOut === 0 || !this.#budget.take(now)) return;
    this.#options.note({ kind: 'ipvs-left-out', count: this.#leftOut });
    this.#leftOut = 0;
  }

  /** What the file does not name any more is nobody's news. */
  keepOnly(services: readonly ServiceHealth[]): void {
    const known = new Map(services.map((one) => [one.settings.name, one.servers]));
    for (const [service, { down, silent, weights }] of this.#told) {
      const servers = new Set(known.get(service)?.map(({ server }) => endpointName(server)));
      if (!known.has(service)) this.#told.delete(service);
      for (const names of [down, silent, weights]) {
        for (const name of names.keys()) if (!servers.has(name)) names.delete(name);
      }
    }
  }

  #followServer(service: string, health: ServerHealth, { down, silent, weights }: Told): void {
    const server = endpointName(health.server);
    const about = { service, server, weight: health.weight === 'absent' ? null : health.weight };
    const { status, found, load } = health;
    if (status === 'down' && !down.has(server)) {
      down.add(server);
      this.#tell({ kind: 'ipvs-server-down', ...about, result: found ?? '' });
    } else if ((status === 'up' || status === 'unchecked') && down.delete(server)) {
      const result = status === 'up' ? (found ?? '') : 'nobody checks it any more';
      this.#tell({ kind: 'ipvs-server-up', ...about, result });
    }
    if (load?.isKnown === false && !silent.has(server)) {
      silent.add(server);
      weights.delete(server);
      this.#tell({ kind: 'ipvs-weight-unknown', ...about, result: load.detail });
    } else if (load?.isKnown === true && silent.delete(server)) {
      this.#tell({ kind: 'ipvs-weight-known', ...about, result: load.detail });
      weights.set(server, { weight: about.weight ?? 0, at: this.#options.now() });
    }
  }

  #sweepWeight(service: string, health: ServerHealth, now: number): void {
    const { weight, load } = health;
    if (load?.isKnown !== true || weight === 'absent' || weight === 0) return;
    const server = endpointName(health.server);
    const { weights } = this.#toldOf(service);
    const first = { weight: health.server.weight, at: Number.NEGATIVE_INFINITY };
    const told = weights.get(server) ?? first;
    const moved = Math.abs(weight - told.weight);
    if (moved === 0 || moved * SHARE < told.weight || now - told.at < WEIGHT_MS) return;
    if (!this.#budget.take(now, KEPT_FOR_SERVERS)) return;
    weights.set(server, { weight, at: now });
    const change = { from: told.weight, to: weight, result: load.detail };
    this.#options.note({ kind: 'ipvs-weight', service, server, ...change });
  }

  #tell(facts: ServerEventFacts): void {
    // What was left out is told of first, or a few that come each second would put it off for ever.
    if (this.#leftOut === 0 && this.#budget.take(this.#options.now())) {
      this.#options.note(facts);
      return;
    }
    this.#leftOut++;
    this.#options.log(facts);
  }

  #toldOf(service: string): Told {
    const known = this.#told.get(service);
    if (known !== undefined) return known;
    const told = { down: new Set<string>(), silent: new Set<string>(), isServed: true };
    const fresh: Told = { ...told, weights: new Map() };
    this.#told.set(service, fresh);
    return fresh;
  }
}

function isServing({ weight }: ServerHealth): boolean {
  return serves(weight);
}

function servedFacts({ settings, fallback }: ServiceHealth, isServed: boolean): ServerEventFacts {
  const { name: service } = settings;
  if (fallback === null) {
    return { kind: isServed ? 'ipvs-service-up' : 'ipvs-service-down', service };
  }
  const server = endpointName(fallback.server);
  return { kind: isServed ? 'ipvs-fallback-off' : 'ipvs-fallback-on', service, server };
}
