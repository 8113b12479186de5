/** Which servers operators have drained: in memory, and in a file that outlives the agent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../../durable-file.ts';

export interface Drain {
  readonly service: string;
  /** Its name, as `10.0.0.11:80`. */
  readonly server: string;
  readonly since: string;
  readonly by: string;
}

const VERSION = 1;

export class DrainStore {
  readonly path: string;
  #drains: readonly Drain[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, 'ipvs-drained.json');
  }

  /** Throws where there is something that cannot be read. */
  load(): void {
    const text = textOf(this.path);
    if (text !== undefined) this.#drains = decode(text);
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
    const work = this.#writing.then(async () => {
      const drains = change(this.#drains);
      const document = { version: VERSION, drained: drains };
      await writeDurably(this.path, `${JSON.stringify(document, null, 2)}\n`);
      this.#drains = drains;
    });
    this.#writing = work.catch(() => {});
    return work;
  }
}

function without(drains: readonly Drain[], { service, server }: Pick<Drain, 'service' | 'server'>) {
  return drains.filter((one) => !(one.service === service && one.server === server));
}

/** Undefined: there is none. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const DRAIN_FILE = z.object({
  version: z.literal(VERSION),
  drained: z.array(
    z.object({ service: z.string(), server: z.string(), since: z.string(), by: z.string() }),
  ),
});

function decode(text: string): readonly Drain[] {
  const result = DRAIN_FILE.safeParse(JSON.parse(text));
  if (!result.success) throw new Error('it is damaged');
  return result.data.drained;
}
