/**
 * Keeps the kernel's service table as the file says, with the weights that hold now. Passes follow
 * one another: what is asked for during one is done by the next.
 */
import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import { planServices } from '../../engine/ipvs/service-plan.ts';
import type { IpvsClient, RefusedChange } from '../../kernel/ipvs/ipvs-client.ts';
import {
  endpointName,
  type Server,
  type ServerRow,
  type ServiceRow,
  type ServiceTable,
  serviceName,
} from '../../net/ipvs.ts';
import { type IpvsLog, messageOf } from './ipvs-log.ts';

/** Services whose servers are read before the thread gives way. */
const SLICE = 50;

/** What holds for a server instead of what the file says. */
export type ServerOverride = { readonly weight: number } | 'absent';

export type KernelTable = ServiceTable<ServiceRow, ServerRow>;

export interface ServiceKeeperOptions {
  readonly client: IpvsClient;
  readonly log: IpvsLog;
  /** Names of services that a former run has made. */
  readonly owned: Iterable<string>;
  /** What the agent has made, before it makes more: to be written down. */
  readonly remember: (owned: ReadonlySet<string>) => Promise<void>;
}

export class ServiceKeeper {
  readonly #client: IpvsClient;
  readonly #log: IpvsLog;
  readonly #owned: Set<string>;
  readonly #remember: ServiceKeeperOptions['remember'];
  #settings: readonly ServiceSettings[] = [];
  #exclusive = false;
  /** By name of the service, then of the server. */
  readonly #overrides = new Map<string, Map<string, ServerOverride>>();
  /** Extra servers of a service, like a fallback. */
  readonly #extra = new Map<string, readonly Server[]>();
  #pass: Promise<void> = Promise.resolve();
  #refused: ReadonlySet<string> = new Set();
  writes = 0;
  repairs = 0;

  constructor({ client, log, owned, remember }: ServiceKeeperOptions) {
    this.#client = client;
    this.#log = log;
    this.#owned = new Set(owned);
    this.#remember = remember;
  }

  /** Settings of services by name, as `want` was told. */
  get settings(): readonly ServiceSettings[] {
    return this.#settings;
  }

  /** Services that the kernel has refused, in whole or in part. */
  get refused(): ReadonlySet<string> {
    return this.#refused;
  }

  isOwned(name: string): boolean {
    return this.#owned.has(name);
  }

  want(settings: readonly ServiceSettings[], exclusive: boolean): Promise<void> {
    this.#settings = settings;
    this.#exclusive = exclusive;
    return this.#enqueue('wanted');
  }

  /** Takes effect with the next pass; undefined: what the file says. */
  override(service: string, server: string, override: ServerOverride | undefined): void {
    const servers = this.#overrides.get(service) ?? new Map<string, ServerOverride>();
    this.#overrides.set(service, servers);
    if (override === undefined) servers.delete(server);
    else servers.set(server, override);
  }

  /** Servers beside those of the file; takes effect with the next pass. */
  addServers(service: string, servers: readonly Server[]): void {
    this.#extra.set(service, servers);
  }

  /** Carries out overrides. */
  update(): Promise<void> {
    return this.#enqueue('wanted');
  }

  /** Reads back, and repairs and counts what is not as it should be. */
  check(): Promise<void> {
    return this.#enqueue('repair');
  }

  removeAll(): Promise<void> {
    this.#settings = [];
    this.#exclusive = false;
    return this.#enqueue('wanted');
  }

  /** The whole table as the kernel has it now. */
  read(): KernelTable[] {
    return this.#client
      .services()
      .map((service) => ({ service, servers: this.#client.servers(service.key) }));
  }

  wanted(): ServiceTable[] {
    return this.#settings.map(({ name, service, servers }) => ({
      service,
      servers: this.#effective(name, servers),
    }));
  }

  #effective(name: string, servers: readonly Server[]): Server[] {
    const overrides = this.#overrides.get(name);
    const extra = this.#extra.get(name) ?? [];
    return [...servers, ...extra].flatMap((server): Server[] => {
      const override = overrides?.get(endpointName(server));
      if (override === undefined) return [server];
      return override === 'absent' ? [] : [{ ...server, weight: override.weight }];
    });
  }

  #enqueue(why: 'wanted' | 'repair'): Promise<void> {
    this.#pass = this.#pass.then(() => this.#reconcile(why));
    return this.#pass;
  }

  async #reconcile(why: 'wanted' | 'repair'): Promise<void> {
    try {
      const wanted = this.wanted();
      const names = new Set(wanted.map(({ service }) => serviceName(service.key)));
      const actual = await this.#relevant(names);
      const exclusive = this.#exclusive;
      const changes = planServices({ wanted, actual, owned: this.#owned, exclusive });
      await this.#claim(names);
      const refused = await this.#client.change(changes);
      this.#settle(names, refused);
      this.writes += changes.length - refused.length;
      this.#log.settled('service table');
      if (changes.length === 0 || why === 'wanted') return;
      this.repairs += changes.length - refused.length;
      if (refused.length < changes.length) {
        const message = `the service table was changed by somebody else: ${changes.length} differences put right`;
        this.#log.warn('ipvs-repaired', message);
      }
    } catch (error) {
      this.#log.trouble('service table', 'ipvs-failed', messageOf(error));
    }
  }

  /** Servers are read only of services that matter here. */
  async #relevant(names: ReadonlySet<string>): Promise<ServiceTable[]> {
    const tables: ServiceTable[] = [];
    for (const [position, service] of this.#client.services().entries()) {
      if (position % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
      const isWanted = names.has(serviceName(service.key));
      tables.push({ service, servers: isWanted ? this.#client.servers(service.key) : [] });
    }
    return tables;
  }

  /** Written down first: what a crash leaves behind is then known to be ours. */
  async #claim(names: ReadonlySet<string>): Promise<void> {
    const all = new Set([...this.#owned, ...names]);
    if (all.size === this.#owned.size) return;
    for (const name of names) this.#owned.add(name);
    await this.#remember(this.#owned).catch((error: unknown) => {
      this.#log.trouble('memory', 'ipvs-memory-failed', messageOf(error));
    });
  }

  #settle(names: ReadonlySet<string>, refused: readonly RefusedChange[]): void {
    for (const { change, error } of refused) {
      this.#log.trouble(error.operation, 'ipvs-refused', refusalOf(change.kind, error));
    }
    this.#refused = new Set(
      refused.map(({ change }) => serviceName('key' in change ? change.key : change.service.key)),
    );
    for (const name of this.#owned) {
      if (!names.has(name) && !this.#refused.has(name)) this.#owned.delete(name);
    }
    void this.#remember(this.#owned).catch(() => {});
  }
}

/** ENOENT of a service means that the kernel has no such scheduler or persistence engine. */
function refusalOf(kind: string, error: RefusedChange['error']): string {
  const hint =
    error.errno === 'ENOENT' && kind.startsWith('service.')
      ? ': the kernel has no module for this scheduler or persistence engine'
      : '';
  return `${error.message}${hint}`;
}
