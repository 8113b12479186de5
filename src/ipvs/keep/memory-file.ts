/**
 * What must outlive a crash of the agent: the services that it created, and the kernel's parameters
 * before it set them. One file for each network namespace; it is void after a reboot.
 */
import { join } from 'node:path';
import { jsonFormat, StateFile } from '../../kernel/files/state-file.ts';
import { bootId, namespaceNumber } from '../../kernel/process/boot.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { messageOf } from './ipvs-log.ts';

interface IpvsMemory {
  readonly services: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
}

interface BootMemory extends IpvsMemory {
  readonly boot: string;
}

const NOTHING: IpvsMemory = { services: [], sysctls: {} };

const FORMAT = jsonFormat<BootMemory>({
  version: 1,
  encode: (memory) => memory,
  decode: decodeMemory,
});

export class MemoryFile {
  readonly #file: StateFile<BootMemory>;
  readonly #boot = bootId();
  /** Last text written or being written; undefined: none, or the write failed. */
  #written: string | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#file = new StateFile(join(directory, `ipvs-${namespaceNumber()}.json`), FORMAT);
  }

  /** A file that cannot be read is reported, and treated as empty. */
  read(report: (message: string) => void): IpvsMemory {
    try {
      const { boot, ...memory } = this.#file.load() ?? { boot: this.#boot, ...NOTHING };
      return boot === this.#boot ? memory : NOTHING;
    } catch (error) {
      const consequence = 'what a former run left in the kernel is unknown';
      report(`${this.#file.path} cannot be read (${messageOf(error)}): ${consequence}`);
      return NOTHING;
    }
  }

  /** Fulfilled once this memory is on disk; rejects if the write fails. */
  write(memory: IpvsMemory): Promise<void> {
    const text = JSON.stringify(memory);
    if (text === this.#written) return this.#writing;
    this.#written = text;
    this.#writing = this.#put(memory, text);
    return this.#writing;
  }

  async #put(memory: IpvsMemory, text: string): Promise<void> {
    try {
      await this.#file.save({ boot: this.#boot, ...memory });
    } catch (error) {
      // The same text must be written again: the file does not have it.
      if (this.#written === text) this.#written = undefined;
      throw error;
    }
  }

  /** Removes the file: nothing of this agent is left in the kernel. */
  forget(): Promise<void> {
    this.#written = undefined;
    return this.#file.remove();
  }
}

function decodeMemory(document: unknown): Result<BootMemory, string> {
  if (typeof document !== 'object' || document === null) return failure('it is damaged');
  const { boot, services, sysctls }: { boot?: unknown; services?: unknown; sysctls?: unknown } =
    document;
  if (typeof boot !== 'string' || !Array.isArray(services)) return failure('it is damaged');
  return success({
    boot,
    services: services.filter((name) => typeof name === 'string'),
    sysctls: textsOf(sysctls),
  });
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
