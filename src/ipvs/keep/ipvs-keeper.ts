/**
 * IPVS on the main thread: opens the kernel's IPVS, keeps parameters, services and sync daemons as the
 * file says, follows the transitions of the instances, and reads the kernel's state back every few
 * seconds. None of this can delay an advertisement.
 */
import type { Logger } from 'pino';
import { withDeadline } from '../../async/deadline.ts';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { Checker } from '../../checker/supervisor/checker.ts';
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import type { IpvsEventFacts } from '../../control/events/ipvs-events.ts';
import { KernelError } from '../../kernel/ffi/kernel-error.ts';
import { isSame } from '../../net/equality.ts';
import { serviceName } from '../../net/ipvs.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { IpvsFault } from '../../protocol/engine/view.ts';
import { DrainService } from '../health/drain-service.ts';
import { DrainStore } from '../health/drain-store.ts';
import type { HealthChange } from '../health/health-change.ts';
import type { HealthKeeper } from '../health/health-keeper.ts';
import { openHealth, recallHealth, retireFallbacks } from '../health/open-health.ts';
import { type ConnectionsCut, connectionsCut, foreignTo } from '../plan/cut-connections.ts';
import type { MoveReport } from '../plan/table-standing.ts';
import { refreshOf } from '../table/open-table-watch.ts';
import type { SummaryLink } from '../table/summary-link.ts';
import type { TableWatch } from '../table/table-watch.ts';
import { IPVS_KERNEL, type IpvsKernel, type IpvsPort } from './ipvs-kernel.ts';
import { IpvsLog, messageOf } from './ipvs-log.ts';
import type { IpvsSnapshot } from './ipvs-snapshot.ts';
import { MemoryFile } from './memory-file.ts';
import { type InstanceTransition, MoveGuard } from './move-guard.ts';
import { ServiceKeeper } from './service-keeper.ts';
import { SyncKeeper } from './sync-keeper.ts';
import { SysctlKeeper } from './sysctl-keeper.ts';
import { TimeoutKeeper } from './timeout-keeper.ts';

const CHECK_MS = 2_000;
/** A disk that does not answer does not keep the agent. */
const FORGET_MS = 2_000;
/** Large tables are read back less often: this many services add a second to the period. */
const SERVICES_PER_SECOND = 25;
/** Results of more checks are not handed over: the process stands still meanwhile, some milliseconds for these. */
const CHECKS_MAX = 2_000;
/** Parameters that the kernel reads only when a sync daemon starts (net/netfilter/ipvs/ip_vs_sync.c). */
const READ_AT_START = ['sync_ports', 'sync_sock_size'];

interface IpvsKeeperOptions {
  readonly settings: IpvsSettings;
  readonly instances: readonly InstanceSettings[];
  readonly stateDirectory: string;
  readonly logger: Logger;
  /** Runs the checks of the servers. */
  readonly checker: Checker;
  /** Name of this router. */
  readonly router: string;
  /** Absent: summaries of the connection table travel on the sync network. */
  readonly link?: SummaryLink;
  /** From the process from which this one takes over; absent: there is none. */
  readonly inherited?: IpvsSnapshot;
  /** The services of a former run stay as they are: the configuration no longer names IPVS. */
  readonly leavesServices?: boolean;
  readonly isMaster: (instance: string) => boolean;
  /**
   * What the engine must know: faults of instances, services with too few servers, and whether the
   * connection table has caught up.
   */
  readonly feed: (input: Input) => void;
  /** Adds an event. */
  readonly record: (facts: IpvsEventFacts) => void;
  /** Takes what is true but no event: to the log and the history on the disk. */
  readonly keep: (facts: IpvsEventFacts) => void;
  /** Gets every change of services and servers; absent: notifications are not sent. */
  readonly notify?: (change: HealthChange) => void;
  /** Default: the kernel of this host. */
  readonly kernel?: IpvsKernel;
}

/** Exists only where the kernel has IPVS. */
interface Parts {
  readonly client: IpvsPort;
  readonly services: ServiceKeeper;
  readonly sysctls: SysctlKeeper;
  readonly timeouts: TimeoutKeeper;
  readonly sync: SyncKeeper | undefined;
  readonly watch: TableWatch | undefined;
}

export class IpvsKeeper {
  /** Checks servers whether the kernel has IPVS or not. */
  readonly health: HealthKeeper;
  readonly drains: DrainService;
  readonly #options: IpvsKeeperOptions;
  readonly #kernel: IpvsKernel;
  readonly #log: IpvsLog;
  readonly #memory: MemoryFile;
  /** The last fault reported for each instance; absent: none was reported yet. */
  readonly #faults = new Map<string, IpvsFault | undefined>();
  #hasCaughtUp = false;
  #isMaster = false;
  /** Sync daemons of the former process may run. */
  #hasFormerDaemons: boolean;
  #settings: IpvsSettings;
  #instances: readonly InstanceSettings[];
  readonly #guard: MoveGuard;
  /** Services with results from before the kernel was open. */
  readonly #touchedEarly = new Set<string>();
  #parts: Parts | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checkedServicesAt = 0;
  #isStopping = false;
  readonly #checks = new SerialQueue();
  readonly #hurried = new AbortController();

  constructor(options: IpvsKeeperOptions) {
    this.#options = options;
    this.#kernel = options.kernel ?? IPVS_KERNEL;
    this.#settings = options.settings;
    this.#instances = options.instances;
    this.#hasFormerDaemons = options.inherited?.hasDaemons === true;
    this.#log = new IpvsLog(options.logger);
    this.#memory = new MemoryFile(options.stateDirectory);
    const { stateDirectory, feed, record, keep, checker } = options;
    const store = new DrainStore(stateDirectory);
    this.health = openHealth({
      ...{ checker, log: this.#log, drains: store, feed, record, keep },
      notify: options.notify,
      onChange: (services) => this.#touch(services),
    });
    const table = () => this.#parts?.services;
    const isStopping = () => this.#isStopping;
    this.drains = new DrainService({ health: this.health, store, table, isStopping, record });
    const { guardTable } = this.#kernel;
    this.#guard = new MoveGuard({ log: this.#log, isMaster: options.isMaster, guardTable });
  }

  get settings(): IpvsSettings {
    return this.#settings;
  }

  /** Undefined while the kernel has no IPVS. */
  get parts(): Parts | undefined {
    return this.#parts;
  }

  get isGuarding(): boolean {
    return this.#guard.isGuarding;
  }

  troubles(): readonly string[] {
    return this.#log.troubles();
  }

  /** Services start before daemons, so that a connection that arrives finds its server. */
  async start(): Promise<void> {
    this.health.load();
    const { health } = this.#options.inherited ?? {};
    if (health !== undefined) this.health.adopt(health);
    this.health.want(this.#settings.services, this.#settings.sysctls);
    const { instance } = this.#settings.sync ?? {};
    this.#isMaster = instance !== undefined && this.#options.isMaster(instance);
    await this.#guard.follow(this.#settings, this.#instances);
    await this.#open();
    this.#schedule();
  }

  apply(transition: InstanceTransition): void {
    const { instance, from, to } = transition;
    // A router that starts again does not know what was reported before.
    if (from === 'INIT' && this.#faults.has(instance)) {
      this.#feedFault(instance, this.#faults.get(instance));
    }
    this.#guard.apply(transition);
    if (instance === this.#settings.sync?.instance) {
      this.#isMaster = to === 'MASTER';
      this.#parts?.sync?.follow(this.#isMaster);
      this.#parts?.watch?.follow(this.#isMaster);
    }
    this.#feedTable(this.#instances.filter(({ name }) => name === instance));
  }

  /** Adopts a new configuration; a changed weight drops no connection. */
  async reconfigure(settings: IpvsSettings, instances: readonly InstanceSettings[]): Promise<void> {
    const former = this.#settings;
    this.#settings = settings;
    this.#instances = instances;
    this.health.want(settings.services, settings.sysctls);
    const parts = this.#parts;
    if (parts !== undefined) {
      parts.timeouts.want(settings.timeouts);
      parts.sysctls.want(new Map(Object.entries(settings.sysctls)));
      await parts.services.want(settings.services, settings.exclusive);
      parts.watch?.standing.refreshEvery(refreshOf(settings.sysctls));
      if (!isSame(former.sync, settings.sync)) await this.#changeSync(parts);
      else await this.#adoptSysctls(parts, former.sysctls);
    }
    await this.#guard.follow(settings, instances);
    this.#judge();
    this.#feedTable(instances);
  }

  /** The connections that a change to these settings would end; undefined: IPVS is left alone. */
  cutBy(next: IpvsSettings | undefined): ConnectionsCut[] {
    if (this.#parts === undefined) return [];
    if (next === undefined && this.#settings.onStop === 'keep') return [];
    const actual = this.#parts.services.read();
    const [before = [], after = []] = [this.#settings.services, next?.services ?? []].map(
      withFallbacks,
    );
    const foreign = next?.exclusive === true ? foreignTo(before, actual) : [];
    return connectionsCut([...before, ...foreign], after, actual);
  }

  /** Fulfilled when the checks that have started are done. */
  idle(): Promise<void> {
    return this.#checks.idle();
  }

  /** Stops waiting until the master daemon has sent its buffer. */
  hurry(): void {
    this.#hurried.abort();
  }

  /** For the next process. */
  capture(): IpvsSnapshot {
    const health = this.health.capture();
    const { sync, onStop } = this.#settings;
    const isBrief = health.probes.length <= CHECKS_MAX;
    return { hasDaemons: sync !== undefined, onStop, ...(isBrief ? { health } : {}) };
  }

  /** The configuration no longer names IPVS: no server is down any more. */
  forget(): void {
    this.health.want([]);
  }

  /** Called after the VIPs are released. */
  async stop(): Promise<void> {
    const parts = await this.#end();
    if (parts !== undefined) {
      await parts.watch?.close();
      await parts.sync?.stop(this.#hurried.signal);
      if (this.#settings.onStop === 'remove') await parts.services.removeAll();
      parts.sysctls.restore();
      parts.timeouts.restore();
      parts.client.close();
    }
    await this.#guard.lower();
    if (parts === undefined || this.#settings.onStop === 'keep') return;
    await withDeadline(
      this.#memory.forget().catch(() => undefined),
      FORGET_MS,
    );
  }

  /** Leaves everything in the kernel to the next process. */
  async release(): Promise<void> {
    const parts = await this.#end();
    parts?.sync?.abandon();
    await parts?.watch?.close();
    parts?.client.close();
    this.#guard.abandon();
  }

  async #end(): Promise<Parts | undefined> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.health.close();
    await this.idle();
    const parts = this.#parts;
    this.#parts = undefined;
    return parts;
  }

  /** The daemons follow `backup_only` immediately, and others only when they start. */
  async #adoptSysctls({ sync }: Parts, former: IpvsSettings['sysctls']): Promise<void> {
    const now = this.#settings.sysctls;
    if (isSame(former, now)) return;
    const isOutdated = READ_AT_START.some((name) => former[name] !== now[name]);
    await (isOutdated ? sync?.restart() : sync?.run(true));
  }

  /** Daemons that differ are restarted; the connections that the kernel has stay. */
  async #changeSync(parts: Parts): Promise<void> {
    parts.sync?.abandon();
    await parts.watch?.close();
    const sync = this.#syncKeeper(parts.client);
    const { instance } = this.#settings.sync ?? {};
    this.#isMaster = instance !== undefined && this.#options.isMaster(instance);
    const { client, services } = parts;
    this.#parts = { ...parts, sync, watch: this.#watch(client, services) };
    sync?.follow(this.#isMaster);
    await sync?.run(true);
    if (sync === undefined) stopDaemons(parts.client);
  }

  #touch(services: Iterable<string>): void {
    if (this.#parts !== undefined) void this.#parts.services.touch(services);
    else for (const name of services) this.#touchedEarly.add(name);
  }

  async #open(): Promise<void> {
    let client: IpvsPort | undefined;
    try {
      client = await this.#kernel.open();
      const { version } = client.info();
      this.#parts = await this.#take(client);
      this.#touch(this.#touchedEarly);
      this.#touchedEarly.clear();
      this.#log.settled('ipvs');
      this.#log.settled('memory file');
      this.#log.info('ipvs-started', `IPVS ${version}: ${this.#settings.services.length} services`);
    } catch (error) {
      client?.close();
      this.#log.trouble('ipvs', 'ipvs-unavailable', messageOf(error));
      this.#caughtUp(true);
    }
    this.#judge();
  }

  async #take(client: IpvsPort): Promise<Parts> {
    const { settings } = this;
    const remembered = this.#memory.read((message) =>
      this.#log.trouble('memory file', 'ipvs-memory-unreadable', message),
    );
    const sysctls = new SysctlKeeper(this.#log, remembered.sysctls, this.#kernel.sysctls);
    const timeouts = new TimeoutKeeper(this.#log, remembered.timeouts, client);
    const services = new ServiceKeeper({
      client,
      log: this.#log,
      owned: remembered.services,
      serversOf: (service) => this.health.serversOf(service),
      remember: (owned) =>
        this.#memory.write({
          services: [...owned],
          sysctls: sysctls.before,
          timeouts: timeouts.before,
        }),
    });
    recallHealth(this.health, settings.services, services);
    timeouts.want(settings.timeouts);
    sysctls.want(new Map(Object.entries(settings.sysctls)));
    if (this.#options.leavesServices !== true)
      await services.want(settings.services, settings.exclusive);
    const sync = this.#syncKeeper(client);
    if (sync === undefined && this.#hasFormerDaemons) stopDaemons(client);
    this.#hasFormerDaemons = false;
    sync?.follow(this.#isMaster);
    await sync?.run(true);
    // The state may have changed meanwhile, and no other call reports that to the daemons.
    sync?.follow(this.#isMaster);
    return { client, services, sysctls, timeouts, sync, watch: this.#watch(client, services) };
  }

  #syncKeeper(client: IpvsPort): SyncKeeper | undefined {
    const { sync } = this.#settings;
    if (sync === undefined) return undefined;
    return new SyncKeeper({
      client,
      log: this.#log,
      settings: sync,
      now: this.#kernel.now,
      interfaceIndex: this.#kernel.interfaceIndex,
      isBackupOnly: () => this.#kernel.sysctls.read('backup_only') === '1',
    });
  }

  #watch(client: IpvsPort, services: ServiceKeeper): TableWatch | undefined {
    const { sync, sysctls } = this.#settings;
    if (sync === undefined) return undefined;
    const { router, link } = this.#options;
    return this.#kernel.watch({
      ...(link === undefined ? {} : { link }),
      ...{ router, sysctls, settings: sync, isMaster: this.#isMaster, log: this.#log },
      tables: () => services.read(),
      timeouts: () => client.timeouts(),
      caughtUp: (hasCaughtUp) => this.#caughtUp(hasCaughtUp),
      moved: (reports) => {
        for (const report of reports) this.#options.record(factsOf(sync.instance, report));
      },
    });
  }

  #caughtUp(hasCaughtUp: boolean): void {
    this.#hasCaughtUp = hasCaughtUp;
    this.#feedTable(this.#instances);
  }

  /** Only instances with `preempt_when_synced` wait for the connection table. */
  #feedTable(instances: readonly InstanceSettings[]): void {
    for (const { name: instance, preemptWhenSynced } of instances) {
      if (preemptWhenSynced === undefined) continue;
      this.#options.feed({ kind: 'table.changed', instance, synced: this.#hasCaughtUp });
    }
  }

  #feedFault(instance: string, fault: IpvsFault | undefined): void {
    this.#options.feed({ kind: 'ipvs.changed', instance, fault: fault ?? null });
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.#checks
        .run(() => this.#check())
        .finally(() => {
          if (!this.#isStopping) this.#schedule();
        });
    }, CHECK_MS);
  }

  async #check(): Promise<void> {
    const parts = this.#parts;
    if (this.#isStopping) return;
    this.health.sweep();
    if (parts === undefined || hasGone(parts.client)) {
      if (parts !== undefined) await this.#lose(parts);
      await this.#open();
      return;
    }
    parts.sysctls.check();
    parts.timeouts.check();
    const now = performance.now();
    const pause = (this.#settings.services.length / SERVICES_PER_SECOND) * 1_000;
    if (now - this.#checkedServicesAt >= pause) {
      this.#checkedServicesAt = now;
      await parts.services.check();
    }
    retireFallbacks(this.health, parts.services);
    await parts.sync?.run();
    await this.#guard.check();
    this.#judge();
  }

  /** The kernel has no IPVS any longer, or another one. */
  async #lose({ sync, watch, client }: Parts): Promise<void> {
    this.#parts = undefined;
    sync?.abandon();
    await watch?.close();
    client.close();
  }

  /** Decides which instances must not be MASTER. */
  #judge(): void {
    const { required, services } = this.#settings;
    const parts = this.#parts;
    for (const { name } of this.#instances) {
      const missing = services.find(
        ({ require, service }) =>
          require === name && parts?.services.refused.has(serviceName(service.key)),
      );
      const unavailable = parts === undefined && required ? 'ipvs' : undefined;
      const reason: IpvsFault | undefined =
        unavailable ?? (missing === undefined ? undefined : `ipvs:${missing.name}`);
      if (this.#faults.has(name) && this.#faults.get(name) === reason) continue;
      this.#faults.set(name, reason);
      this.#feedFault(name, reason);
    }
  }
}

/** True if the module was unloaded: loaded again, its netlink family has another number. */
function hasGone(client: IpvsPort): boolean {
  try {
    client.info();
    return false;
  } catch (error) {
    return error instanceof KernelError && error.errno === 'ENOENT';
  }
}

function stopDaemons(client: IpvsPort): void {
  for (const { role } of client.daemons()) client.stopDaemon(role);
}

function withFallbacks(services: IpvsSettings['services']) {
  return services.map(({ name, service, servers, health: { fallback } }) => ({
    name,
    service,
    servers: fallback === undefined ? servers : [...servers, fallback],
  }));
}

function factsOf(instance: string, report: MoveReport): IpvsEventFacts {
  const { kind: move, peer = null, live, before = null, missing = null } = report;
  return { kind: 'connections', instance, move, peer, live, missing_before: before, missing };
}
