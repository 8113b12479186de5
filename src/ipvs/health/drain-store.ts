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

  constructor(stateDirectory: string) {
    this.#file = new StateFile(join(stateDirectory, 'ipvs-drained.json'), FORMAT);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Throws when the file exists and cannot be read. */
  load(): void {
    this.#drains = this.#file.load() ?? [];
  }

  of(service: string, server: string): Drain | undefined {
    return this.#drains.find((one) => one.service === service && one.server === server);
  }

  /**
   * A service that the file renames keeps its drained servers, and so does one whose address it changes.
   * Rejects when the disk refuses; the list has changed nevertheless.
   */
  async follow(services: readonly Pick<Drain, 'service' | 'key'>[]): Promise<void> {
    const names = new Map(services.map(({ service, key }) => [key, service]));
    const keys = new Map(services.map(({ service, key }) => [service, key]));
    const followed = this.#drains.map((drain): Drain => {
      const renamed = drain.key === undefined ? undefined : names.get(drain.key);
      const service = renamed ?? drain.service;
      return { ...drain, service, key: keys.get(service) ?? drain.key };
    });
    if (isSame(followed, this.#drains)) return;
    this.#drains = followed;
    await this.#changes.run(() => this.#file.save(this.#drains));
  }

  /** Rejects when the disk refuses; the list is then unchanged. */
  add(drain: Drain): Promise<void> {
    return this.#change((drains) => [...without(drains, drain), drain]);
  }

  remove(drain: Pick<Drain, 'service' | 'server'>): Promise<void> {
    return this.#change((drains) => without(drains, drain));
  }

  #change(change: (drains: readonly Drain[]) => readonly Drain[]): Promise<void> {
    return this.#changes.run(async () => {
      const drains = change(this.#drains);
      await this.#file.save(drains);
      this.#drains = drains;
    });
  }
}

function without(drains: readonly Drain[], { service, server }: Pick<Drain, 'service' | 'server'>) {
  return drains.filter((one) => !(one.service === service && one.server === server));
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
