/**
 * IPVS beside the protocol, on the main thread: opens the kernel's IPVS, keeps parameters, services
 * and sync daemons as the file says, follows the state of the instances by their reports, and reads
 * the kernel's truth back every few seconds. Nothing here delays an advertisement.
 */
import type { Logger } from 'pino';
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import { isSame } from '../../net/equality.ts';
import { serviceName } from '../../net/ipvs.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { IpvsFault } from '../../protocol/engine/view.ts';
import { DrainDesk } from '../health/drain-desk.ts';
import { DrainStore } from '../health/drain-store.ts';
import type { HealthKeeper } from '../health/health-keeper.ts';
import { openHealth, recallHealth, retireFallbacks } from '../health/open-health.ts';
import type { MoveReport } from '../plan/table-standing.ts';
import { refreshOf } from '../table/open-table-watch.ts';
import type { TableWatch } from '../table/table-watch.ts';
import { IPVS_KERNEL, type IpvsKernel, type IpvsPort } from './ipvs-kernel.ts';
import { IpvsLog, messageOf } from './ipvs-log.ts';
import { MemoryFile } from './memory-file.ts';
import { MoveGuard, type StateChange } from './move-guard.ts';
import { ServiceKeeper } from './service-keeper.ts';
import { SyncKeeper } from './sync-keeper.ts';
import { SysctlKeeper } from './sysctl-keeper.ts';

const CHECK_MS = 2_000;
/** Large tables are read back less often: a second for each so many services. */
const SERVICES_PER_SECOND = 25;

export interface IpvsKeeperOptions {
  readonly settings: IpvsSettings;
  readonly instances: readonly InstanceSettings[];
  readonly stateDirectory: string;
  readonly logger: Logger;
  /** Name of this router. */
  readonly router: string;
  readonly isMaster: (instance: string) => boolean;
  /** Why the instance must not be MASTER, as far as IPVS is concerned; undefined: nothing. */
  readonly fault: (instance: string, reason: IpvsFault | undefined) => void;
  /** For the instances that need servers. */
  readonly tell: (input: Input) => void;
  /** Whether the table of connections has caught up with the MASTER's. */
  readonly table: (hasCaughtUp: boolean) => void;
  /** Default: the kernel of this host. */
  readonly kernel?: IpvsKernel;
  /** News of real servers, to the events and the log. */
  readonly note: (facts: ServerEventFacts) => void;
  /** What a move has cost, or would. */
  readonly moved: (instance: string, reports: readonly MoveReport[]) => void;
}

/** The parts that exist only where the kernel has IPVS. */
interface Parts {
  readonly client: IpvsPort;
  readonly services: ServiceKeeper;
  readonly sysctls: SysctlKeeper;
  readonly sync: SyncKeeper | undefined;
  readonly watch: TableWatch | undefined;
}

export class IpvsKeeper {
  /** Goes on whether the kernel has IPVS or not. */
  readonly health: HealthKeeper;
  readonly desk: DrainDesk;
  readonly #options: IpvsKeeperOptions;
  readonly #kernel: IpvsKernel;
  readonly #log: IpvsLog;
  readonly #memory: MemoryFile;
  /** What was told of each instance; absent: nothing yet. */
  readonly #faults = new Map<string, IpvsFault | undefined>();
  #isMaster = false;
  #settings: IpvsSettings;
  #instances: readonly InstanceSettings[];
  readonly #guard: MoveGuard;
  #parts: Parts | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checkedServicesAt = 0;
  #isStopping = false;
  #checking: Promise<void> = Promise.resolve();
  readonly #hurried = new AbortController();

  constructor(options: IpvsKeeperOptions) {
    this.#options = options;
    this.#kernel = options.kernel ?? IPVS_KERNEL;
    this.#settings = options.settings;
    this.#instances = options.instances;
    this.#log = new IpvsLog(options.logger);
    this.#memory = new MemoryFile(options.stateDirectory);
    const { stateDirectory, tell, note, logger } = options;
    const drains = new DrainStore(stateDirectory);
    this.health = openHealth({
      ...{ logger, log: this.#log, drains, tell, note },
      onChange: (services) => void this.#parts?.services.touch(services),
    });
    const table = () => this.#parts?.services;
    this.desk = new DrainDesk({ health: this.health, drains, table, note });
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

  get guardIsStanding(): boolean {
    return this.#guard.isStanding;
  }

  troubles(): readonly string[] {
    return this.#log.troubles();
  }

  /** Services before daemons: entries that arrive find the servers that they belong to. */
  async start(): Promise<void> {
    this.health.load();
    this.health.want(this.#settings.services);
    const { instance } = this.#settings.sync ?? {};
    this.#isMaster = instance !== undefined && this.#options.isMaster(instance);
    await this.#guard.follow(this.#settings, this.#instances);
    await this.#open();
    this.#schedule();
  }

  /** An instance has another state. */
  apply(change: StateChange): void {
    const { instance, from, to } = change;
    // A router that begins anew does not know what was told of it before.
    if (from === 'INIT' && this.#faults.has(instance)) {
      this.#options.fault(instance, this.#faults.get(instance));
    }
    this.#guard.apply(change);
    if (instance !== this.#settings.sync?.instance) return;
    this.#isMaster = to === 'MASTER';
    this.#parts?.sync?.follow(this.#isMaster);
    this.#parts?.watch?.follow(this.#isMaster);
  }

  /** Another configuration: weights change without a connection being dropped. */
  async reconfigure(settings: IpvsSettings, instances: readonly InstanceSettings[]): Promise<void> {
    const former = this.#settings;
    this.#settings = settings;
    this.#instances = instances;
    this.health.want(settings.services);
    const parts = this.#parts;
    if (parts !== undefined) {
      if (settings.timeouts !== undefined) parts.client.setTimeouts(settings.timeouts);
      parts.sysctls.want(new Map(Object.entries(settings.sysctls)));
      await parts.services.want(settings.services, settings.exclusive);
      parts.watch?.standing.refreshEvery(refreshOf(settings.sysctls));
      if (!isSame(former.sync, settings.sync)) await this.#changeSync(parts);
    }
    await this.#guard.follow(settings, instances);
    this.#judge();
  }

  /** When what the last check has begun is done. */
  idle(): Promise<void> {
    return this.#checking;
  }

  /** Does not wait any longer for what is in the buffer of the master daemon. */
  hurry(): void {
    this.#hurried.abort();
  }

  /** After the VIPs have gone. */
  async stop(): Promise<void> {
    const parts = await this.#end();
    if (parts !== undefined) {
      await parts.watch?.close();
      await parts.sync?.stop(this.#hurried.signal);
      if (this.#settings.onStop === 'remove') await parts.services.removeAll();
      parts.sysctls.restore();
      parts.client.close();
      if (this.#settings.onStop === 'remove') await this.#memory.forget();
    }
    await this.#guard.lower();
  }

  /** Another process goes on with all that is in the kernel: it stays as it is. */
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
    await this.#checking;
    const parts = this.#parts;
    this.#parts = undefined;
    return parts;
  }

  /** Daemons that differ are made anew; what the kernel keeps of the table stays. */
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
    if (sync === undefined)
      for (const { role } of parts.client.daemons()) parts.client.stopDaemon(role);
  }

  async #open(): Promise<void> {
    let client: IpvsPort | undefined;
    try {
      client = await this.#kernel.open();
      this.#parts = await this.#take(client);
      this.#log.settled('ipvs');
      this.#log.settled('memory file');
      const { version } = client.info();
      this.#log.info('ipvs-started', `IPVS ${version}: ${this.#settings.services.length} services`);
    } catch (error) {
      client?.close();
      this.#log.trouble('ipvs', 'ipvs-unavailable', messageOf(error));
      this.#options.table(true);
    }
    this.#judge();
  }

  async #take(client: IpvsPort): Promise<Parts> {
    const { settings } = this;
    const remembered = this.#memory.read((message) =>
      this.#log.trouble('memory file', 'ipvs-memory-unreadable', message),
    );
    const sysctls = new SysctlKeeper(this.#log, remembered.sysctls, this.#kernel.sysctls);
    const services = new ServiceKeeper({
      client,
      log: this.#log,
      owned: remembered.services,
      serversOf: (service) => this.health.serversOf(service),
      remember: (owned) => this.#memory.write({ services: [...owned], sysctls: sysctls.before }),
    });
    recallHealth(this.health, settings.services, services);
    if (settings.timeouts !== undefined) client.setTimeouts(settings.timeouts);
    sysctls.want(new Map(Object.entries(settings.sysctls)));
    await services.want(settings.services, settings.exclusive);
    const sync = this.#syncKeeper(client);
    sync?.follow(this.#isMaster);
    await sync?.run(true);
    // The state may have changed meanwhile, and nobody else would tell the daemons.
    sync?.follow(this.#isMaster);
    return { client, services, sysctls, sync, watch: this.#watch(client, services) };
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
    });
  }

  #watch(client: IpvsPort, services: ServiceKeeper): TableWatch | undefined {
    const { sync, sysctls } = this.#settings;
    if (sync === undefined) return undefined;
    const { router, table, moved } = this.#options;
    return this.#kernel.watch({
      ...{ router, sysctls, settings: sync, isMaster: this.#isMaster, log: this.#log },
      tables: () => services.read(),
      timeouts: () => client.timeouts(),
      caughtUp: table,
      moved: (reports) => moved(sync.instance, reports),
    });
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#checking = this.#check();
      void this.#checking.finally(() => {
        if (!this.#isStopping) this.#schedule();
      });
    }, CHECK_MS);
  }

  async #check(): Promise<void> {
    const parts = this.#parts;
    if (this.#isStopping) return;
    this.health.sweep();
    if (parts === undefined) {
      await this.#open();
      return;
    }
    parts.sysctls.check();
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

  /** Which instances must not be MASTER. */
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
      this.#options.fault(name, reason);
    }
  }
}
