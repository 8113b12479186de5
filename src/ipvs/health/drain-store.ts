/** The servers that operators have drained: in memory, and in a file that outlives the agent. */
import { join } from 'node:path';
import * as z from 'zod';
import { SerialQueue } from '../../async/serial-queue.ts';
import { jsonFormat, StateFile } from '../../kernel/files/state-file.ts';
import { isSame } from '../../net/equality.ts';
import { failure, type Result, success } from '../../net/result.ts';

export interface Drain {
  readonly service: string;
  /** The service in the kernel, by `serviceName`; absent: a file of an earlier build. */
  readonly key?: string | undefined;
  /** As `10.0.0.11:80`. */
  readonly server: string;
  readonly since: string;
  readonly by: string;
}

const FORMAT = jsonFormat<readonly Drain[]>({
  version: 1,
  encode: (drained) => ({ drained }),
  decode: decodeDrains,
});

export class DrainStore {
  readonly #file: StateFile<readonly Drain[]>;
  readonly #changes = new SerialQueue();
  #drains: readonly Drain[] = [];
  /** As the file has them. */
  #saved: readonly Drain[] = [];
  #saving: Promise<void> | undefined;
  /** Of the last configuration. */
  #services: readonly Pick<Drain, 'service' | 'key'>[] = [];

  constructor(stateDirectory: string) {
    this.#file = new StateFile(join(stateDirectory, 'ipvs-drained.json'), FORMAT);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Throws when the file exists and cannot be read. */
  load(): void {
    this.#saved = this.#file.load() ?? [];
    this.#drains = this.#saved;
  }

  of(service: string, server: string): Drain | undefined {
    return this.#drains.find((one) => one.service === service && one.server === server);
  }

  /** False: a restart would not know all names of this list. */
  get isSaved(): boolean {
    return isSame(this.#drains, this.#saved);
  }

  /**
   * A service that the file renames keeps its drained servers, and so does one whose address it changes.
   * Rejects when the disk refuses; the list has changed nevertheless, and `save` tries again.
   */
  follow(services: readonly Pick<Drain, 'service' | 'key'>[]): Promise<void> {
    this.#services = services;
    this.#drains = this.#renamed(this.#drains);
    return this.save();
  }

  /** Writes the list unless the file has it. */
  save(): Promise<void> {
    if (this.isSaved) return Promise.resolve();
    this.#saving ??= this.#changes
      .run(async () => {
        while (!this.isSaved) await this.#write(this.#drains);
      })
      .finally(() => {
        this.#saving = undefined;
      });
    return this.#saving;
  }

  /** Rejects when the disk refuses; the list is then unchanged. */
  add(drain: Drain): Promise<void> {
    return this.#change((drains) => [...without(drains, drain), drain]);
  }

  remove(drain: Pick<Drain, 'service' | 'key' | 'server'>): Promise<void> {
    return this.#change((drains) => without(drains, drain));
  }

  #change(change: (drains: readonly Drain[]) => readonly Drain[]): Promise<void> {
    return this.#changes.run(async () => {
      await this.#write(change(this.#drains));
      // A reload may have renamed services meanwhile: then `save` writes the list again.
      this.#drains = this.#renamed(change(this.#drains));
    });
  }

  async #write(drains: readonly Drain[]): Promise<void> {
    await this.#file.save(drains);
    this.#saved = drains;
  }

  #renamed(drains: readonly Drain[]): readonly Drain[] {
    const names = new Map(this.#services.map(({ service, key }) => [key, service]));
    const keys = new Map(this.#services.map(({ service, key }) => [service, key]));
    return drains.map((drain): Drain => {
      const renamed = drain.key === undefined ? undefined : names.get(drain.key);
      const service = renamed ?? drain.service;
      return { ...drain, service, key: keys.get(service) ?? drain.key };
    });
  }
}

/** By the key where both have one: a reload may rename the service while the file is written. */
function without(
  drains: readonly Drain[],
  { service, key, server }: Pick<Drain, 'service' | 'key' | 'server'>,
): readonly Drain[] {
  return drains.filter((one) => {
    const hasKeys = key !== undefined && one.key !== undefined;
    return one.server !== server || (hasKeys ? one.key !== key : one.service !== service);
  });
}

const DRAIN_FILE = z.object({
  drained: z.array(
    z.object({
      ...{ service: z.string(), key: z.string().optional() },
      ...{ server: z.string(), since: z.string(), by: z.string() },
    }),
  ),
});

function decodeDrains(document: unknown): Result<readonly Drain[], string> {
  const result = DRAIN_FILE.safeParse(document);
  return result.success ? success(result.data.drained) : failure('it is damaged');
}
