/**
 * Looks at the real servers, on the main thread, and says which servers each service should have
 * now and with which weights. Who writes them to the kernel is told of services that have changed.
 */

import type { ProbeChange } from '../../checker/probe-runner.ts';
import type { Prober } from '../../checker/prober.ts';
import { minimumProbe, type ServiceSettings } from '../../config/ipvs-settings.ts';
import { endpointName, type Server } from '../../net/ipvs.ts';
import { probeName, type ServerProbe } from '../../net/probe.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { IpvsLog } from '../keep/ipvs-log.ts';
import {
  countHealthy,
  effectiveWeight,
  hasEnough,
  needsFallback,
  type ServerStatus,
} from '../plan/server-weight.ts';
import type { DrainStore } from './drain-store.ts';
import type { HealthNews } from './health-news.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

export type HealthProber = Pick<Prober, 'reconfigure' | 'reading' | 'wait' | 'close'>;

export interface HealthKeeperOptions {
  readonly log: IpvsLog;
  readonly drains: DrainStore;
  /** The prober calls `changed` of this keeper. */
  readonly prober: HealthProber;
  readonly news: HealthNews;
  /** For the instances that need servers. */
  readonly tell: (input: Input) => void;
  /** The servers of these services should be others than before. */
  readonly onChange: (services: readonly string[]) => void;
}

const LONG_WAIT_MS = 2_000;
const EXEC_LATE =
  'commands of `exec` checks are run later than their interval says: they take longer, or are more, ' +
  'than 64 at a time can do';

export class HealthKeeper {
  readonly #options: HealthKeeperOptions;
  #services: readonly ServiceSettings[] = [];
  /** Newest change of each probe. */
  readonly #known = new Map<string, ProbeChange>();
  /** Services that ask a probe. */
  readonly #askers = new Map<string, Set<string>>();
  /** Servers, by service and server, that a former run has left without new connections. */
  readonly #quiet = new Set<string>();
  /** Services whose fallback has had connections since it was last not needed. */
  readonly #retiring = new Set<string>();
  /** What the instances were told of each service. */
  readonly #enough = new Map<string, boolean>();
  readonly #minimumReadings = new Map<string, ProbeReading>();

  constructor(options: HealthKeeperOptions) {
    this.#options = options;
  }

  /** What operators have decided in former runs. */
  load(): void {
    const { drains, log } = this.#options;
    try {
      drains.load();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${drains.path} cannot be read (${why}): no server counts as drained`;
      log.trouble('drained servers', 'ipvs-drained-unreadable', message);
    }
  }

  want(services: readonly ServiceSettings[]): void {
    this.#keepQuiet();
    this.#services = services;
    this.#askers.clear();
    const probes: ServerProbe[] = [];
    for (const { name, health } of services) {
      for (const probe of [...Object.values(health.checks), ...Object.values(health.weights)]) {
        const key = probeName(probe);
        const askers = this.#askers.get(key) ?? new Set();
        this.#askers.set(key, askers.add(name));
        probes.push(probe);
      }
    }
    for (const key of this.#known.keys()) if (!this.#askers.has(key)) this.#known.delete(key);
    const names = new Set(services.map(({ name }) => name));
    for (const name of this.#enough.keys()) if (!names.has(name)) this.#enough.delete(name);
    this.#options.prober.reconfigure(probes);
    this.#options.news.keepOnly(this.services());
    for (const service of services) this.#judge(service);
  }

  /** What the kernel has of a service that a former run has made, before anything is known. */
  recall({ name, servers, health }: ServiceSettings, actual: readonly Server[]): void {
    const weights = new Map(actual.map((one) => [endpointName(one), one.weight]));
    for (const server of servers) {
      const endpoint = endpointName(server);
      if (weights.get(endpoint) === 0) this.#quiet.add(keyOf(name, endpoint));
    }
    const { fallback } = health;
    if (fallback !== undefined && weights.has(endpointName(fallback))) this.#retiring.add(name);
  }

  /** A probe has another result than before. */
  changed(probe: string, change: ProbeChange): void {
    this.#known.set(probe, change);
    const askers = this.#services.filter(({ name }) => this.#askers.get(probe)?.has(name));
    for (const service of askers) this.#judge(service);
    this.#options.onChange(askers.map(({ name }) => name));
  }

  /** An operator has decided something about a server of the service. */
  decided(service: string): void {
    const settings = this.#services.find(({ name }) => name === service);
    if (settings !== undefined) this.#judge(settings);
  }

  /** Once in a while: tells what is not worth an event each time. */
  sweep(): void {
    const { log, prober } = this.#options;
    if (prober.wait > LONG_WAIT_MS) log.trouble('exec checks', 'ipvs-exec-late', EXEC_LATE);
    else log.settled('exec checks');
    const weighed = this.#services.filter(({ health }) => Object.keys(health.weights).length > 0);
    this.#options.news.sweep(weighed.map((one) => this.#healthOf(one)));
  }

  /** The servers that the service should have now. */
  serversOf(settings: ServiceSettings): Server[] {
    const { servers, fallback } = this.#healthOf(settings);
    const wanted = servers.flatMap(({ server, weight }): Server[] =>
      weight === 'absent' ? [] : [{ ...server, weight }],
    );
    if (fallback === null) return wanted;
    if (fallback.active) this.#retiring.add(settings.name);
    // Connections that the fallback has go on there; it leaves when they have ended.
    else if (this.#retiring.has(settings.name))
      return [...wanted, { ...fallback.server, weight: 0 }];
    return fallback.active ? [...wanted, fallback.server] : wanted;
  }

  /** Services whose fallback is not needed any more, but may have connections. */
  get retiring(): readonly ServiceSettings[] {
    return this.#services.filter(
      (one) => this.#retiring.has(one.name) && this.#healthOf(one).fallback?.active !== true,
    );
  }

  /** Its fallback has no connections left. */
  retired(service: string): void {
    if (this.#retiring.delete(service)) this.#options.onChange([service]);
  }

  services(): ServiceHealth[] {
    return this.#services.map((one) => this.#healthOf(one));
  }

  service(name: string): ServiceHealth | undefined {
    const settings = this.#services.find((one) => one.name === name);
    return settings === undefined ? undefined : this.#healthOf(settings);
  }

  /** Of what instances track here, by the name of the probe. */
  minimumReading(probe: string): ProbeReading | undefined {
    return this.#minimumReadings.get(probe);
  }

  close(): void {
    this.#options.prober.close();
  }

  #healthOf(settings: ServiceSettings): ServiceHealth {
    const { fallback } = settings.health;
    const servers = settings.servers.map((server) => this.#serverHealth(settings, server));
    return {
      settings,
      count: countHealthy(servers.map(({ status }) => status)),
      servers,
      fallback:
        fallback === undefined
          ? null
          : { server: fallback, active: needsFallback(servers.map(({ weight }) => weight)) },
    };
  }

  #serverHealth({ name, health }: ServiceSettings, server: Server): ServerHealth {
    const endpoint = endpointName(server);
    const check = health.checks[endpoint];
    const status = this.#statusOf(check);
    const told = this.#knownOf(health.weights[endpoint]);
    const drain = this.#options.drains.of(name, endpoint);
    const weight = effectiveWeight(
      {
        weight: server.weight,
        status,
        wasQuiet: this.#quiet.has(keyOf(name, endpoint)),
        isDrained: drain !== undefined,
        feedback: told?.up === true ? told.value : undefined,
      },
      health.onFailure,
    );
    return {
      server,
      status,
      weight,
      drain,
      check: this.#readingOf(check),
      feedback: this.#readingOf(health.weights[endpoint]),
      found: this.#knownOf(check)?.detail,
      load: told === undefined ? undefined : { isKnown: told.up, detail: told.detail },
    };
  }

  #statusOf(check: ServerProbe | undefined): ServerStatus {
    if (check === undefined) return 'unchecked';
    const known = this.#knownOf(check);
    if (known === undefined) return 'unknown';
    return known.up ? 'up' : 'down';
  }

  #knownOf(probe: ServerProbe | undefined): ProbeChange | undefined {
    return probe === undefined ? undefined : this.#known.get(probeName(probe));
  }

  #readingOf(probe: ServerProbe | undefined): ProbeReading | undefined {
    return probe === undefined ? undefined : this.#options.prober.reading(probeName(probe));
  }

  /** A server that is down stays so when its check becomes another, until that has a result. */
  #keepQuiet(): void {
    for (const { settings, servers } of this.services()) {
      for (const { server, status } of servers) {
        const key = keyOf(settings.name, endpointName(server));
        if (status === 'down') this.#quiet.add(key);
        else if (status === 'up') this.#quiet.delete(key);
      }
    }
  }

  #judge(service: ServiceSettings): void {
    const health = this.#healthOf(service);
    this.#options.news.follow(health);
    this.#judgeMinimum(health);
  }

  /** Instances are told of changes, and of the first time that anything can be said. */
  #judgeMinimum({ settings, count }: ServiceHealth): void {
    const { name } = settings;
    const { minimum } = settings.health;
    if (minimum === undefined) {
      this.#enough.delete(name);
      return;
    }
    const up = hasEnough(count, minimum.count);
    const detail = `${count.healthy} of ${count.total} servers are healthy, ${minimum.count} needed`;
    const isNews = up !== undefined && this.#enough.get(name) !== up;
    const probe = minimumProbe(name);
    this.#noteMinimum(probe, up === false, isNews, detail);
    if (!isNews) return;
    this.#enough.set(name, up);
    this.#options.tell({ kind: 'probe.changed', probe, up, value: undefined, detail });
  }

  #noteMinimum(probe: string, isFailure: boolean, isNews: boolean, result: string): void {
    const before = this.#minimumReadings.get(probe);
    const now = new Date();
    this.#minimumReadings.set(probe, {
      since: isNews ? now : before?.since,
      result,
      checkedAt: now,
      runs: (before?.runs ?? 0) + 1,
      failures: (before?.failures ?? 0) + (isFailure ? 1 : 0),
      overruns: 0,
    });
  }
}

function keyOf(service: string, server: string): string {
  return `${service} ${server}`;
}
