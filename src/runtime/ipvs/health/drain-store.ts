/** Which servers operators have drained: in memory, and in a file that outlives the agent. */
import { join } from 'node:path';
import { SerialQueue } from '../../../async/serial-queue.ts';
import { failure, type Result, success } from '../../../net/result.ts';
import { jsonFormat, StateFile } from '../../state-file.ts';

export interface Drain {
  readonly service: string;
  /** Its name, as `10.0.0.11:80`. */
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

  /** Throws where there is something that cannot be read. */
  load(): void {
    this.#drains = this.#file.load() ?? [];
  }

  of(service: string, server: string): Drain | undefined {
    return this.#drains.find((one) => one.service === service && one.server === server);
  }

  /** Rejects, and nothing has changed, when the disk refuses. */
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

function decodeDrains(document: unknown): Result<readonly Drain[], string> {
  const { drained } = fieldsOf(document);
  const drains = Array.isArray(drained) ? drained.map(drainOf) : [undefined];
  const whole = drains.filter((drain) => drain !== undefined);
  return whole.length === drains.length ? success(whole) : failure('it is damaged');
}

function drainOf(value: unknown): Drain | undefined {
  const { service, server, since, by } = fieldsOf(value);
  const isDrain =
    typeof service === 'string' &&
    typeof server === 'string' &&
    typeof since === 'string' &&
    typeof by === 'string';
  return isDrain ? { service, server, since, by } : undefined;
}

type Key = keyof Drain | 'drained';

function fieldsOf(value: unknown): { readonly [K in Key]?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}
