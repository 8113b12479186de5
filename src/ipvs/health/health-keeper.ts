/**
 * Knows the health of the real servers from their probes, on the main thread, and decides which servers
 * each service should have now and with which weights. `onChange` names the services to write again.
 */

import type { ProbeChange } from '../../checker/channel/messages.ts';
import type { CheckedProbes } from '../../checker/supervisor/checked-probes.ts';
import {
  type IpvsSettings,
  minimumProbe,
  type ServiceSettings,
} from '../../config/ipvs-settings.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type Server, serviceName, staysByPort } from '../../net/ipvs.ts';
import { probeName, type ServerProbe } from '../../net/probe.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { IpvsLog } from '../keep/ipvs-log.ts';
import {
  ANY_SERVER,
  countHealthy,
  type EffectiveWeight,
  effectiveWeight,
  hasEnough,
  hasQuorum,
  liveWeight,
  serves,
  statusOf,
  weightOfFailed,
} from '../plan/server-weight.ts';
import type { DrainStore } from './drain-store.ts';
import type { HealthReporter } from './health-reporter.ts';
import type { HealthSnapshot, ReportedService } from './health-snapshot.ts';
import {
  type CheckReading,
  joinedReading,
  type ServerHealth,
  type ServiceHealth,
} from './server-health.ts';

type HealthProber = Pick<CheckedProbes, 'remember' | 'reconfigure' | 'reading' | 'wait' | 'close'>;

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

/** A server that a probe is about. */
interface ProbeUse {
  readonly service: ServiceSettings;
  readonly server: Server;
  /** False: the probe reads the load. */
  readonly isCheck: boolean;
}

export class HealthKeeper {
  readonly #options: HealthKeeperOptions;
  #services: readonly ServiceSettings[] = [];
  #sysctls: IpvsSettings['sysctls'] = {};
  /** Last result of each probe. */
  readonly #known = new Map<string, ProbeChange>();
  /** By probe, in the order of the services. */
  readonly #uses = new Map<string, ProbeUse[]>();
  /** What a server had before there are results, by service and server: none or few clients, or a load. */
  readonly #former = new Map<string, EffectiveWeight>();
  /** Services whose fallback stays in the table until its connections have ended, by `serviceName`. */
  readonly #retiring = new Set<string>();
  /** Whether a service had its quorum when it was last judged. */
  readonly #quorums = new Map<string, boolean>();
  /** The last answer fed to the engine: whether a service has its minimum of servers. */
  readonly #enough = new Map<string, boolean>();
  readonly #minimumReadings = new Map<string, ProbeReading>();
  /** What the former process has reported, until it is adopted. */
  #inherited: readonly ReportedService[] | undefined;

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

  /** For the next process. */
  capture(): HealthSnapshot {
    const reported = this.#options.reporter.capture();
    return { probes: [...this.#known], quorums: [...this.#quorums], reported };
  }

  /** Continues from what the former process knew; `want` must follow. */
  adopt({ probes, quorums, reported }: HealthSnapshot): void {
    for (const [probe, change] of probes) this.#known.set(probe, change);
    for (const [service, isReached] of quorums) this.#quorums.set(service, isReached);
    this.#options.prober.remember(probes);
    this.#inherited = reported;
  }

  want(services: readonly ServiceSettings[], sysctls: IpvsSettings['sysctls'] = {}): void {
    for (const service of this.#services) {
      for (const server of service.servers) this.#keepFormer(service, server);
    }
    this.#services = services;
    this.#sysctls = sysctls;
    this.#followDrains(services);
    const probes = this.#register(services);
    for (const key of this.#known.keys()) if (!this.#uses.has(key)) this.#known.delete(key);
    const names = new Set(services.map(({ name }) => name));
    for (const known of [this.#enough, this.#quorums]) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    }
    this.#options.prober.reconfigure(probes);
    const inherited = this.#inherited;
    this.#inherited = undefined;
    if (inherited !== undefined) this.#options.reporter.adopt(inherited, this.services());
    this.#options.reporter.keepOnly(this.services());
    for (const service of services) this.#judge(service);
  }

  #followDrains(services: readonly ServiceSettings[]): void {
    const named = services.map(({ name, service }) => ({
      service: name,
      key: serviceName(service.key),
    }));
    this.#saved(this.#options.drains.follow(named));
  }

  #saved(saving: Promise<void>): void {
    const { drains, log } = this.#options;
    const subject = 'names of drained servers';
    const failed = (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${drains.path} cannot be written (${why}): a restart would forget drained servers of renamed services`;
      log.trouble(subject, 'ipvs-drained-unwritable', message);
    };
    saving.then(() => log.settled(subject), failed);
  }

  /** Takes over, before the first results, what a former run left in the kernel's service. */
  recall(settings: ServiceSettings, actual: readonly Server[]): void {
    const { name, servers, health } = settings;
    const weights = new Map(actual.map((one) => [formatEndpoint(one), one.weight]));
    for (const server of servers) {
      const endpoint = formatEndpoint(server);
      const weight =
        weights.get(endpoint) ?? (health.onFailure === 'remove' ? 'absent' : undefined);
      if (weight !== undefined) this.#former.set(keyOf(name, endpoint), weight);
    }
    const { fallback } = health;
    if (fallback !== undefined && weights.has(formatEndpoint(fallback))) {
      this.#retiring.add(serviceName(settings.service.key));
    }
    this.#quorums.set(name, this.#healthOf(settings).quorum.isReached);
  }

  /** The result of a probe changed. */
  changed(probe: string, change: ProbeChange): void {
    this.#known.set(probe, change);
    const services = new Set(this.#usesOf(probe).map(({ service }) => service));
    for (const service of services) this.#judge(service);
    this.#options.onChange([...services].map(({ name }) => name));
  }

  /** A probe has had no result for long: its servers are unknown, and keep the weights that they have. */
  lost(probe: string): void {
    const uses = this.#usesOf(probe);
    // All probes may be lost at once: each looks at its own servers only.
    for (const { service, server } of uses) this.#keepFormer(service, server);
    if (uses.some(({ isCheck }) => isCheck)) this.#known.delete(probe);
  }

  /** An operator drained or undrained a server of the service. */
  drainsChanged(service: string): void {
    const settings = this.#services.find(({ name }) => name === service);
    if (settings !== undefined) this.#judge(settings);
  }

  /** Called every few seconds: reports what is not worth an event each time. */
  sweep(): void {
    const { log, prober, drains } = this.#options;
    if (!drains.isSaved) this.#saved(drains.save());
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
    const key = serviceName(settings.service.key);
    if (fallback.active) {
      this.#retiring.add(key);
      return [...wanted, fallback.server];
    }
    if (!this.#retiring.has(key)) return wanted;
    if (!keepsClients(settings, this.#sysctls))
      return [...wanted, { ...fallback.server, weight: 0 }];
    this.#retiring.delete(key);
    return wanted;
  }

  /** Services whose fallback is no longer needed, but may have connections. */
  get retiring(): readonly ServiceSettings[] {
    return this.#services.filter(
      (one) =>
        this.#retiring.has(serviceName(one.service.key)) &&
        this.#healthOf(one).fallback?.active !== true,
    );
  }

  /** The fallback of the service has no connections left. */
  retired({ name, service }: ServiceSettings): void {
    if (this.#retiring.delete(serviceName(service.key))) this.#options.onChange([name]);
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

  /** Returns the probes of the services. */
  #register(services: readonly ServiceSettings[]): ServerProbe[] {
    this.#uses.clear();
    const probes: ServerProbe[] = [];
    const use = (probe: ServerProbe, one: ProbeUse) => {
      const name = probeName(probe);
      const uses = this.#uses.get(name) ?? [];
      if (uses.length === 0) this.#uses.set(name, uses);
      uses.push(one);
      probes.push(probe);
    };
    for (const service of services) {
      const { checks, weights } = service.health;
      for (const server of service.servers) {
        const endpoint = formatEndpoint(server);
        for (const check of checks[endpoint] ?? []) use(check, { service, server, isCheck: true });
        const weight = weights[endpoint];
        if (weight !== undefined) use(weight, { service, server, isCheck: false });
      }
    }
    return probes;
  }

  #usesOf(probe: string): readonly ProbeUse[] {
    return this.#uses.get(probe) ?? [];
  }

  #healthOf(settings: ServiceSettings): ServiceHealth {
    const { fallback, quorum: needed = ANY_SERVER } = settings.health;
    const servers = settings.servers.map((server) => this.#serverHealth(settings, server));
    const live = liveWeight(servers.map(({ weight }) => weight));
    const isReached = hasQuorum(needed, live, this.#quorums.get(settings.name));
    const isReplaced = fallback !== undefined && !isReached;
    return {
      settings,
      count: countHealthy(servers.map(({ status }) => status)),
      servers: isReplaced ? servers.map((one) => withheld(one, settings)) : servers,
      quorum: { needed, live, isReached },
      fallback: fallback === undefined ? null : { server: fallback, active: isReplaced },
    };
  }

  #serverHealth({ name, health }: ServiceSettings, server: Server): ServerHealth {
    const endpoint = formatEndpoint(server);
    const checks = health.checks[endpoint] ?? [];
    const status = statusOf(checks.map((check) => this.#knownOf(check)?.up));
    const load = this.#knownOf(health.weights[endpoint]);
    const former = this.#former.get(keyOf(name, endpoint));
    const drain = this.#options.drains.of(name, endpoint);
    const weight = effectiveWeight(
      {
        weight: server.weight,
        status,
        former: outOfService(former),
        isDrained: drain !== undefined,
        feedback: feedbackOf(health.weights[endpoint], load, former),
      },
      health.onFailure,
    );
    return {
      server,
      status,
      weight,
      drain,
      check: joinedReading(checks.map((check) => this.#checkOf(check))),
      feedback: this.#readingOf(health.weights[endpoint]),
      found: this.#foundBy(checks),
      load: load === undefined ? undefined : { isKnown: load.up, detail: load.detail },
    };
  }

  #checkOf(check: ServerProbe): CheckReading {
    return { up: this.#knownOf(check)?.up, kind: check.kind, reading: this.#readingOf(check) };
  }

  /** The result that decides: that of the first check that is down, else of the last. */
  #foundBy(checks: readonly ServerProbe[]): string | undefined {
    const failed = checks.find((check) => this.#knownOf(check)?.up === false);
    const check = failed ?? checks.at(-1);
    const detail = this.#knownOf(check)?.detail;
    return checks.length < 2 || detail === undefined ? detail : `${check?.kind}: ${detail}`;
  }

  #knownOf(probe: ServerProbe | undefined): ProbeChange | undefined {
    return probe === undefined ? undefined : this.#known.get(probeName(probe));
  }

  #readingOf(probe: ServerProbe | undefined): ProbeReading | undefined {
    return probe === undefined ? undefined : this.#options.prober.reading(probeName(probe));
  }

  /** Until a check or reading that is replaced has its first result, the last one of the former counts. */
  #keepFormer(service: ServiceSettings, server: Server): void {
    const { weights, onFailure } = service.health;
    const { status } = this.#serverHealth(service, server);
    const endpoint = formatEndpoint(server);
    const key = keyOf(service.name, endpoint);
    const load = this.#knownOf(weights[endpoint]);
    // A server that was out of service stays so until its check passes, whatever load it reports.
    if (status === 'unknown' && outOfService(this.#former.get(key)) !== undefined) return;
    if (status === 'down') this.#former.set(key, weightOfFailed(onFailure));
    else if (load?.up === true && load.value !== undefined) this.#former.set(key, load.value);
    else if (status === 'up') this.#former.delete(key);
  }

  #judge(service: ServiceSettings): void {
    const health = this.#healthOf(service);
    this.#quorums.set(service.name, health.quorum.isReached);
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

/** Without the quorum, new connections are the fallback's alone. */
function withheld(server: ServerHealth, { health }: ServiceSettings): ServerHealth {
  return serves(server.weight) ? { ...server, weight: weightOfFailed(health.onFailure) } : server;
}

/**
 * True if clients would stay with a fallback of weight 0 as long as they send anything: their template or
 * their port leads to it. A mark may have UDP among its packets, unless the file says that it is all TCP, whose
 * connections would be cut: `check` asks for that.
 */
function keepsClients(
  { service, health: { onFailure, checks } }: ServiceSettings,
  sysctls: IpvsSettings['sysctls'],
): boolean {
  const mayStay =
    service.key.kind === 'mark' &&
    onFailure === 'remove' &&
    Object.keys(checks).length > 0 &&
    sysctls['expire_nodest_conn'] !== '0';
  return service.persistence !== undefined || staysByPort(service) || mayStay;
}

/** Before the first reading, the weight that the server had. */
function feedbackOf(
  probe: ServerProbe | undefined,
  load: ProbeChange | undefined,
  former: EffectiveWeight | undefined,
): number | undefined {
  if (probe === undefined) return undefined;
  if (load !== undefined) return load.up ? load.value : undefined;
  return former === 'absent' || former === 0 ? undefined : former;
}

/** Undefined: it had clients, or nothing is known. */
function outOfService(former: EffectiveWeight | undefined): 0 | 'absent' | undefined {
  return former === 0 || former === 'absent' ? former : undefined;
}

function keyOf(service: string, server: string): string {
  return `${service} ${server}`;
}
