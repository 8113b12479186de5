/**
 * Knows the health of the real servers from their probes, on the main thread, and decides which servers
 * each service should have now and with which weights. `onChange` names the services to write again.
 */

import type { ProbeChange } from '../../checker/channel/messages.ts';
import type { CheckedProbes } from '../../checker/supervisor/checked-probes.ts';
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
import type { HealthReporter } from './health-reporter.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

type HealthProber = Pick<CheckedProbes, 'reconfigure' | 'reading' | 'wait' | 'close'>;

export interface HealthKeeperOptions {
  readonly log: IpvsLog;
  readonly drains: DrainStore;
  /** Its results must arrive at `changed` of this keeper. */
  readonly prober: HealthProber;
  readonly reporter: HealthReporter;
  /** Takes the state of services for the engine: instances may need a minimum of servers. */
  readonly feed: (input: Input) => void;
  /** The wanted servers or weights of these services have changed. */
  readonly onChange: (services: readonly string[]) => void;
}

const LONG_WAIT_MS = 2_000;
const EXEC_LATE =
  'commands of `exec` checks run later than their interval: there are too many of them, or they take ' +
  'too long, for 64 at a time';

export class HealthKeeper {
  readonly #options: HealthKeeperOptions;
  #services: readonly ServiceSettings[] = [];
  /** Last result of each probe. */
  readonly #known = new Map<string, ProbeChange>();
  /** Names of the services that use a probe. */
  readonly #users = new Map<string, Set<string>>();
  /** Servers with weight 0 until their first result, by service and server. */
  readonly #quiesced = new Set<string>();
  /** Services whose fallback stays in the table until its connections have ended. */
  readonly #retiring = new Set<string>();
  /** The last answer fed to the engine: whether a service has its minimum of servers. */
  readonly #enough = new Map<string, boolean>();
  readonly #minimumReadings = new Map<string, ProbeReading>();

  constructor(options: HealthKeeperOptions) {
    this.#options = options;
  }

  /** Reads the drains of former runs. */
  load(): void {
    const { drains, log } = this.#options;
    try {
      drains.load();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${drains.path} cannot be read (${why}): no server is treated as drained`;
      log.trouble('drained servers', 'ipvs-drained-unreadable', message);
    }
  }

  want(services: readonly ServiceSettings[]): void {
    this.#keepQuiesced();
    this.#services = services;
    this.#users.clear();
    const probes: ServerProbe[] = [];
    for (const { name, health } of services) {
      for (const probe of [...Object.values(health.checks), ...Object.values(health.weights)]) {
        const key = probeName(probe);
        const users = this.#users.get(key) ?? new Set();
        this.#users.set(key, users.add(name));
        probes.push(probe);
      }
    }
    for (const key of this.#known.keys()) if (!this.#users.has(key)) this.#known.delete(key);
    const names = new Set(services.map(({ name }) => name));
    for (const name of this.#enough.keys()) if (!names.has(name)) this.#enough.delete(name);
    this.#options.prober.reconfigure(probes);
    this.#options.reporter.keepOnly(this.services());
    for (const service of services) this.#judge(service);
  }

  /** Takes over, before the first results, what a former run left in the kernel for a service. */
  recall({ name, servers, health }: ServiceSettings, actual: readonly Server[]): void {
    const weights = new Map(actual.map((one) => [endpointName(one), one.weight]));
    for (const server of servers) {
      const endpoint = endpointName(server);
      if (weights.get(endpoint) === 0) this.#quiesced.add(keyOf(name, endpoint));
    }
    const { fallback } = health;
    if (fallback !== undefined && weights.has(endpointName(fallback))) this.#retiring.add(name);
  }

  /** The result of a probe changed. */
  changed(probe: string, change: ProbeChange): void {
    this.#known.set(probe, change);
    const users = this.#services.filter(({ name }) => this.#users.get(probe)?.has(name));
    for (const service of users) this.#judge(service);
    this.#options.onChange(users.map(({ name }) => name));
  }

  /** A probe has had no result for long: its servers are unknown, and keep the weights that they have. */
  lost(probe: string): void {
    this.#keepQuiesced();
    const isCheck = this.#services.some(({ health }) =>
      Object.values(health.checks).some((one) => probeName(one) === probe),
    );
    if (isCheck) this.#known.delete(probe);
  }

  /** An operator drained or undrained a server of the service. */
  drainsChanged(service: string): void {
    const settings = this.#services.find(({ name }) => name === service);
    if (settings !== undefined) this.#judge(settings);
  }

  /** Called every few seconds: reports what is not worth an event each time. */
  sweep(): void {
    const { log, prober } = this.#options;
    if (prober.wait > LONG_WAIT_MS) log.trouble('exec checks', 'ipvs-exec-late', EXEC_LATE);
    else log.settled('exec checks');
    const weighed = this.#services.filter(({ health }) => Object.keys(health.weights).length > 0);
    this.#options.reporter.sweep(weighed.map((one) => this.#healthOf(one)));
  }

  /** The servers that the service should have now. */
  serversOf(settings: ServiceSettings): Server[] {
    const { servers, fallback } = this.#healthOf(settings);
    const wanted = servers.flatMap(({ server, weight }): Server[] =>
      weight === 'absent' ? [] : [{ ...server, weight }],
    );
    if (fallback === null) return wanted;
    if (fallback.active) this.#retiring.add(settings.name);
    else if (this.#retiring.has(settings.name))
      return [...wanted, { ...fallback.server, weight: 0 }];
    return fallback.active ? [...wanted, fallback.server] : wanted;
  }

  /** Services whose fallback is no longer needed, but may have connections. */
  get retiring(): readonly ServiceSettings[] {
    return this.#services.filter(
      (one) => this.#retiring.has(one.name) && this.#healthOf(one).fallback?.active !== true,
    );
  }

  /** The fallback of the service has no connections left. */
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

  /** By the name of the probe that stands for the minimum of a service. */
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
    const load = this.#knownOf(health.weights[endpoint]);
    const drain = this.#options.drains.of(name, endpoint);
    const weight = effectiveWeight(
      {
        weight: server.weight,
        status,
        wasQuiesced: this.#quiesced.has(keyOf(name, endpoint)),
        isDrained: drain !== undefined,
        feedback: load?.up === true ? load.value : undefined,
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
      load: load === undefined ? undefined : { isKnown: load.up, detail: load.detail },
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

  /** A server that is down keeps weight 0 when its check is replaced, until the new one has a result. */
  #keepQuiesced(): void {
    for (const { settings, servers } of this.services()) {
      for (const { server, status } of servers) {
        const key = keyOf(settings.name, endpointName(server));
        if (status === 'down') this.#quiesced.add(key);
        else if (status === 'up') this.#quiesced.delete(key);
      }
    }
  }

  #judge(service: ServiceSettings): void {
    const health = this.#healthOf(service);
    this.#options.reporter.follow(health);
    this.#judgeMinimum(health);
  }

  /** Feeds the first answer, and each change of it. */
  #judgeMinimum({ settings, count }: ServiceHealth): void {
    const { name } = settings;
    const { minimum } = settings.health;
    if (minimum === undefined) {
      this.#enough.delete(name);
      return;
    }
    const up = hasEnough(count, minimum.count);
    const detail = `${count.healthy} of ${count.total} servers are healthy, ${minimum.count} needed`;
    const isChange = up !== undefined && this.#enough.get(name) !== up;
    const probe = minimumProbe(name);
    this.#recordMinimum(probe, up === false, isChange, detail);
    if (!isChange) return;
    this.#enough.set(name, up);
    this.#options.feed({ kind: 'probe.changed', probe, up, value: undefined, detail });
  }

  #recordMinimum(probe: string, isFailure: boolean, isChange: boolean, result: string): void {
    const before = this.#minimumReadings.get(probe);
    const now = new Date();
    this.#minimumReadings.set(probe, {
      since: isChange ? now : before?.since,
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
