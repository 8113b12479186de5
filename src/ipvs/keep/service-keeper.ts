/**
 * Keeps the kernel's service table as the file says, with the current weights. Passes run one after the
 * other: a request that arrives during a pass is carried out by the next one.
 */

import { LATE, withDeadline } from '../../async/deadline.ts';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import {
  type Server,
  type ServerRow,
  type ServiceKey,
  type ServiceRow,
  type ServiceTable,
  serviceName,
  type TableChange,
} from '../../net/ipvs.ts';
import type { IpvsClient, RefusedChange } from '../kernel/ipvs-client.ts';
import { repairReport } from '../plan/repair-report.ts';
import { planServices } from '../plan/service-plan.ts';
import { type IpvsLog, messageOf } from './ipvs-log.ts';

/** Services whose servers are read before the thread yields. */
const SLICE = 50;

/** A disk that does not answer delays no change of the table by more than this, as one that refuses does not. */
const SAVE_MS = 2_000;

const SUBJECT = 'service table';

export type KernelTable = ServiceTable<ServiceRow, ServerRow>;

interface ServiceKeeperOptions {
  readonly client: Pick<IpvsClient, 'services' | 'servers' | 'change'>;
  readonly log: IpvsLog;
  /** The servers that a service should have now, with their weights; default: as configured. */
  readonly serversOf?: (settings: ServiceSettings) => readonly Server[];
  /** Names of services that a former run created. */
  readonly owned: Iterable<string>;
  /** Writes the names of services to disk, before the agent creates them. */
  readonly remember: (owned: ReadonlySet<string>) => Promise<void>;
}

export class ServiceKeeper {
  readonly #client: ServiceKeeperOptions['client'];
  readonly #serversOf: NonNullable<ServiceKeeperOptions['serversOf']>;
  readonly #log: IpvsLog;
  readonly #owned: Set<string>;
  readonly #remember: ServiceKeeperOptions['remember'];
  #settings: readonly ServiceSettings[] = [];
  #exclusive = false;
  /** Services whose wanted servers or weights have changed. */
  readonly #touched = new Set<string>();
  readonly #passes = new SerialQueue();
  #touchPass: Promise<void> = Promise.resolve();
  /** Service of each operation that the kernel refused. */
  readonly #refusals = new Map<string, string>();
  writes = 0;
  repairs = 0;

  constructor({ client, log, owned, remember, serversOf }: ServiceKeeperOptions) {
    this.#client = client;
    this.#serversOf = serversOf ?? (({ servers }) => servers);
    this.#log = log;
    this.#owned = new Set(owned);
    this.#remember = remember;
  }

  get settings(): readonly ServiceSettings[] {
    return this.#settings;
  }

  /** Services that the kernel refused, in whole or in part. */
  get refused(): ReadonlySet<string> {
    return new Set(this.#refusals.values());
  }

  isOwned(name: string): boolean {
    return this.#owned.has(name);
  }

  want(settings: readonly ServiceSettings[], exclusive: boolean): Promise<void> {
    this.#settings = settings;
    this.#exclusive = exclusive;
    return this.#enqueue('wanted');
  }

  /** The wanted servers of these services have changed; several calls make one pass. */
  touch(names: Iterable<string>): Promise<void> {
    const isQueued = this.#touched.size > 0;
    for (const name of names) this.#touched.add(name);
    if (!isQueued) this.#touchPass = this.#enqueue('touched');
    return this.#touchPass;
  }

  /** Reads the table back; repairs and counts differences. */
  async check(): Promise<void> {
    if (this.#log.mayRepair(SUBJECT)) await this.#enqueue('repair');
  }

  removeAll(): Promise<void> {
    this.#settings = [];
    this.#exclusive = false;
    return this.#enqueue('wanted');
  }

  /** The kernel's whole table. */
  read(): KernelTable[] {
    return this.#client
      .services()
      .map((service) => ({ service, servers: this.#client.servers(service.key) }));
  }

  /** The kernel's servers of a service; none if it does not have the service. */
  serversIn({ service }: ServiceSettings): ServerRow[] {
    const name = serviceName(service.key);
    const isPresent = this.#client.services().some(({ key }) => serviceName(key) === name);
    return isPresent ? this.#client.servers(service.key) : [];
  }

  wanted(): ServiceTable[] {
    return this.#wantedOf(this.#settings);
  }

  #wantedOf(settings: readonly ServiceSettings[]): ServiceTable[] {
    return settings.map((one) => ({ service: one.service, servers: this.#serversOf(one) }));
  }

  #enqueue(why: 'wanted' | 'repair' | 'touched'): Promise<void> {
    return this.#passes.run(() => (why === 'touched' ? this.#retouch() : this.#reconcile(why)));
  }

  /** Reads and writes only what was touched, however large the table is. */
  async #retouch(): Promise<void> {
    const touched = this.#settings.filter(({ name }) => this.#touched.has(name));
    this.#touched.clear();
    if (touched.length === 0) return;
    try {
      const wanted = this.#wantedOf(touched);
      const names = namesOf(wanted);
      const actual = (await this.#relevant(names)).filter(({ service }) =>
        names.has(serviceName(service.key)),
      );
      const changes = planServices({ wanted, actual, owned: new Set(), exclusive: false });
      const refused = await this.#client.change(changes);
      this.#recordRefusals(refused, (name) => names.has(name));
      this.writes += changes.length - refused.length;
    } catch (error) {
      this.#log.trouble(SUBJECT, 'ipvs-failed', messageOf(error));
    }
  }

  async #reconcile(why: 'wanted' | 'repair'): Promise<void> {
    // A change that was requested in the meantime is not a repair.
    if (why === 'repair') await this.#retouch();
    try {
      const wanted = this.wanted();
      const names = namesOf(wanted);
      const actual = await this.#relevant(names);
      const exclusive = this.#exclusive;
      const changes = planServices({ wanted, actual, owned: this.#owned, exclusive });
      await this.#claim(names);
      const refused = await this.#client.change(changes);
      this.#recordRefusals(refused, () => true);
      this.#settle(names);
      this.writes += changes.length - refused.length;
      this.#log.settled(SUBJECT);
      if (changes.length === 0 || why === 'wanted') return;
      this.repairs += changes.length - refused.length;
      if (refused.length < changes.length) {
        const what = repairReport(changes, actual, (key) => this.#nameOf(key));
        const message = `another program changed the service table: ${changes.length} differences repaired: ${what}`;
        this.#log.repaired(SUBJECT, 'ipvs-repaired', message);
      }
    } catch (error) {
      this.#log.trouble(SUBJECT, 'ipvs-failed', messageOf(error));
    }
  }

  #nameOf(key: ServiceKey): string {
    const name = serviceName(key);
    return this.#settings.find(({ service }) => serviceName(service.key) === name)?.name ?? name;
  }

  /** The kernel's table, with the servers of these services only. */
  async #relevant(names: ReadonlySet<string>): Promise<ServiceTable[]> {
    const tables: ServiceTable[] = [];
    for (const [position, service] of this.#client.services().entries()) {
      if (position % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
      const isWanted = names.has(serviceName(service.key));
      tables.push({ service, servers: isWanted ? this.#client.servers(service.key) : [] });
    }
    return tables;
  }

  /** Written to disk first, so that the next run recognises what a crash leaves behind as its own. */
  async #claim(names: ReadonlySet<string>): Promise<void> {
    const all = new Set([...this.#owned, ...names]);
    if (all.size === this.#owned.size) return;
    for (const name of names) this.#owned.add(name);
    const saved = await withDeadline(this.#save(), SAVE_MS);
    if (saved === LATE) this.#unsaved(`the disk has not answered for ${SAVE_MS / 1_000} s`);
  }

  async #save(): Promise<void> {
    try {
      await this.#remember(this.#owned);
      this.#log.settled('memory');
    } catch (error) {
      this.#unsaved(messageOf(error));
    }
  }

  #unsaved(why: string): void {
    const message = `a crash would leave services and parameters behind, because the state file cannot be written: ${why}`;
    this.#log.trouble('memory', 'ipvs-memory-failed', message);
  }

  /** Replaces the refusals of those services that `concerns` selects. */
  #recordRefusals(refused: readonly RefusedChange[], concerns: (name: string) => boolean): void {
    const before = [...this.#refusals].filter(([, name]) => concerns(name));
    for (const [operation] of before) this.#refusals.delete(operation);
    for (const { change, error } of refused) {
      this.#log.trouble(error.operation, 'ipvs-refused', refusalOf(change.kind, error));
      this.#refusals.set(error.operation, nameIn(change));
    }
    for (const [operation] of before) {
      if (!this.#refusals.has(operation)) this.#log.settled(operation);
    }
  }

  #settle(names: ReadonlySet<string>): void {
    const { refused } = this;
    for (const name of this.#owned) {
      if (!names.has(name) && !refused.has(name)) this.#owned.delete(name);
    }
    void this.#save();
  }
}

function nameIn(change: TableChange): string {
  return serviceName('key' in change ? change.key : change.service.key);
}

function namesOf(tables: readonly ServiceTable[]): Set<string> {
  return new Set(tables.map(({ service }) => serviceName(service.key)));
}

/** ENOENT for a service means that the kernel lacks its scheduler or persistence engine. */
function refusalOf(kind: string, error: RefusedChange['error']): string {
  const hint =
    error.errno === 'ENOENT' && kind.startsWith('service.')
      ? ': the kernel has no module for this scheduler or persistence engine'
      : '';
  return `${error.message}${hint}`;
}
