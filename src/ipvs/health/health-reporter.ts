/**
 * Events of real servers: each change once, compared with the last event. A small change of a weight is
 * not an event, and when very many servers change at a time, only the log and the history on the disk have
 * each of them.
 */

import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { serves } from '../plan/server-weight.ts';
import type { HealthChange } from './health-change.ts';
import type { ReportedService } from './health-snapshot.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

interface HealthReporterOptions {
  /** Adds an event. */
  readonly record: (facts: ServerEventFacts) => void;
  /** Takes what is true but no event: to the log and the history on the disk. */
  readonly keep: (facts: ServerEventFacts) => void;
  /** For notifications: gets every change, however many there are; default: none are sent. */
  readonly notify?: ((change: HealthChange) => void) | undefined;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

/** Shortest time between two events about the weight of a server. */
const WEIGHT_MS = 60_000;
/** An event reports a weight that moved by a fifth of the last reported one. */
const SHARE = 5;
/** Events that changes of weights must leave for servers that go up or down. */
const KEPT_FOR_SERVERS = 10;

/** Events that can follow each other immediately: twenty describe a failed rack as well as 500 do. */
const BURST = 20;
/** One more event is allowed after this time. */
const REFILL_MS = 3_000;

class EventBudget {
  #left = BURST;
  #countedAt: number;

  constructor(now: number) {
    this.#countedAt = now;
  }

  /** True if an event may be recorded now; `keep` of them are left for events that matter more. */
  take(now: number, keep = 0): boolean {
    const grown = Math.floor((now - this.#countedAt) / REFILL_MS);
    this.#left = Math.min(BURST, this.#left + grown);
    this.#countedAt += grown * REFILL_MS;
    if (this.#left <= keep) return false;
    this.#left--;
    return true;
  }
}

/** What was reported about a service. */
interface Reported {
  readonly down: Set<string>;
  /** Servers that do not report their load. */
  readonly silent: Set<string>;
  readonly weights: Map<string, { readonly weight: number; readonly at: number }>;
  isServed: boolean;
  hasQuorum: boolean;
}

export class HealthReporter {
  readonly #options: HealthReporterOptions;
  readonly #budget: EventBudget;
  readonly #reported = new Map<string, Reported>();
  #leftOut = 0;

  constructor(options: HealthReporterOptions) {
    this.#options = options;
    this.#budget = new EventBudget(options.now());
  }

  /** Reports what changed in a service. */
  follow(health: ServiceHealth): void {
    const { name } = health.settings;
    const reported = this.#reportedOf(name);
    for (const server of health.servers) this.#followServer(health.settings, server, reported);
    this.#followQuorum(health, reported);
    const isServed = health.servers.length === 0 || health.servers.some(isServing);
    if (isServed === reported.isServed) return;
    reported.isServed = isServed;
    this.#options.record(servedFacts(health, isServed));
  }

  /** For the next process. */
  capture(): ReportedService[] {
    return [...this.#reported].map(([service, { down, silent, isServed, hasQuorum }]) => ({
      ...{ service, down: [...down], silent: [...silent], isServed, hasQuorum },
    }));
  }

  /**
   * Takes as reported what the former process has reported, and the weights of now. The history ends what
   * the next process does not find down again.
   */
  adopt(former: readonly ReportedService[], services: readonly ServiceHealth[]): void {
    const at = this.#options.now();
    for (const { service, down, silent, isServed, hasQuorum } of former) {
      const [downNow, silentNow] = [new Set(down), new Set(silent)];
      this.#reported.set(service, {
        ...{ down: downNow, silent: silentNow, weights: new Map(), isServed, hasQuorum },
      });
    }
    for (const health of services) {
      const { settings, servers } = health;
      const reported = this.#reportedOf(settings.name);
      for (const one of servers) {
        const { load, weight, found = '' } = one;
        const server = formatEndpoint(one.server);
        if (load?.isKnown === true && weight !== 'absent' && weight > 0) {
          reported.weights.set(server, { weight, at });
        }
        if (!reported.down.has(server)) continue;
        const about = {
          service: settings.name,
          server,
          weight: weight === 'absent' ? null : weight,
        };
        this.#options.keep({ kind: 'ipvs-server-down', ...about, result: found });
      }
      if (!reported.isServed) this.#options.keep(servedFacts(health, false));
    }
  }

  /** Called every few seconds: reports weights that have moved, and how many events were left out. */
  sweep(services: readonly ServiceHealth[]): void {
    const now = this.#options.now();
    for (const { settings, servers } of services) {
      for (const server of servers) this.#sweepWeight(settings.name, server, now);
    }
    if (this.#leftOut === 0 || !this.#budget.take(now)) return;
    this.#options.record({ kind: 'ipvs-left-out', count: this.#leftOut });
    this.#leftOut = 0;
  }

  /** Forgets services and servers that are no longer configured. */
  keepOnly(services: readonly ServiceHealth[]): void {
    const known = new Map(services.map((one) => [one.settings.name, one.servers]));
    for (const [service, { down, silent, weights, isServed }] of this.#reported) {
      const servers = new Set(known.get(service)?.map(({ server }) => formatEndpoint(server)));
      for (const server of down) {
        if (!servers.has(server)) this.#report({ kind: 'ipvs-removed', service, server });
      }
      if (!known.has(service)) {
        this.#reported.delete(service);
        if (!isServed) this.#report({ kind: 'ipvs-removed', service, server: null });
      }
      for (const names of [down, silent, weights]) {
        for (const name of names.keys()) if (!servers.has(name)) names.delete(name);
      }
    }
  }

  #followQuorum({ settings, servers, quorum }: ServiceHealth, reported: Reported): void {
    const { live, needed } = quorum;
    // A service that has no servers cannot lose them.
    const isReached = servers.length === 0 || quorum.isReached;
    if (isReached === reported.hasQuorum) return;
    reported.hasQuorum = isReached;
    const about = { service: settings.name, key: settings.service.key, server: undefined };
    const reason = `the servers have weight ${live}, ${needed.weight} needed`;
    this.#options.notify?.({ ...about, isUp: isReached, weight: live, reason });
    if (settings.health.quorum === undefined) return;
    this.#options.record({
      kind: isReached ? 'ipvs-quorum-reached' : 'ipvs-quorum-lost',
      service: settings.name,
      live,
      needed: needed.weight + needed.hysteresis,
    });
  }

  #followServer(settings: ServiceSettings, health: ServerHealth, reported: Reported): void {
    const { down, silent, weights } = reported;
    const { name: service } = settings;
    const server = formatEndpoint(health.server);
    const about = { service, server, weight: health.weight === 'absent' ? null : health.weight };
    const { status, found, load } = health;
    if (status === 'down' && !down.has(server)) {
      down.add(server);
      this.#report({ kind: 'ipvs-server-down', ...about, result: found ?? '' });
      this.#notifyServer(settings, health, found ?? '');
    } else if ((status === 'up' || status === 'unchecked') && down.delete(server)) {
      const result = status === 'up' ? (found ?? '') : 'it is no longer checked';
      this.#report({ kind: 'ipvs-server-up', ...about, result });
      this.#notifyServer(settings, health, result);
    }
    if (load?.isKnown === false && !silent.has(server)) {
      silent.add(server);
      weights.delete(server);
      this.#report({ kind: 'ipvs-weight-unknown', ...about, result: load.detail });
    } else if (load?.isKnown === true && silent.delete(server)) {
      this.#report({ kind: 'ipvs-weight-known', ...about, result: load.detail });
      weights.set(server, { weight: about.weight ?? 0, at: this.#options.now() });
    }
  }

  #notifyServer({ name, service }: ServiceSettings, health: ServerHealth, reason: string): void {
    const { address, port } = health.server;
    this.#options.notify?.({
      service: name,
      key: service.key,
      server: { address, port },
      isUp: health.status !== 'down',
      weight: health.weight === 'absent' ? 0 : health.weight,
      reason,
    });
  }

  #sweepWeight(service: string, health: ServerHealth, now: number): void {
    const { weight, load } = health;
    if (load?.isKnown !== true || weight === 'absent' || weight === 0) return;
    const server = formatEndpoint(health.server);
    const { weights } = this.#reportedOf(service);
    const first = { weight: health.server.weight, at: Number.NEGATIVE_INFINITY };
    const last = weights.get(server) ?? first;
    const moved = Math.abs(weight - last.weight);
    if (moved === 0 || moved * SHARE < last.weight || now - last.at < WEIGHT_MS) return;
    if (!this.#budget.take(now, KEPT_FOR_SERVERS)) return;
    weights.set(server, { weight, at: now });
    const change = { from: last.weight, to: weight, result: load.detail };
    this.#options.record({ kind: 'ipvs-weight', service, server, ...change });
  }

  #report(facts: ServerEventFacts): void {
    // The number left out comes first, or a few events each second would delay it forever.
    if (this.#leftOut === 0 && this.#budget.take(this.#options.now())) {
      this.#options.record(facts);
      return;
    }
    this.#leftOut++;
    this.#options.keep(facts);
  }

  #reportedOf(service: string): Reported {
    const known = this.#reported.get(service);
    if (known !== undefined) return known;
    const fresh: Reported = {
      down: new Set(),
      silent: new Set(),
      weights: new Map(),
      isServed: true,
      hasQuorum: true,
    };
    this.#reported.set(service, fresh);
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
  const server = formatEndpoint(fallback.server);
  return { kind: isServed ? 'ipvs-fallback-off' : 'ipvs-fallback-on', service, server };
}
