/**
 * What must outlive a crash of the agent: which services are its own, and what the kernel's parameters
 * were before it set them. One file for each network namespace; another boot makes it worthless.
 */
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';

export interface IpvsMemory {
  readonly services: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
}

const NOTHING: IpvsMemory = { services: [], sysctls: {} };

export class MemoryFile {
  readonly #path: string;
  readonly #boot = bootId();
  #written = '';
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#path = join(directory, `ipvs-${namespaceNumber()}.json`);
  }

  read(): IpvsMemory {
    try {
      const { boot, services, sysctls } = JSON.parse(readFileSync(this.#path, 'utf8')) as {
        readonly boot?: unknown;
        readonly services?: unknown;
        readonly sysctls?: unknown;
      };
      if (boot !== this.#boot || !Array.isArray(services)) return NOTHING;
      return {
        services: services.filter((name) => typeof name === 'string'),
        sysctls: textsOf(sysctls),
      };
    } catch {
      return NOTHING;
    }
  }

  /** After what is being written; rejects when the disk refuses. */
  write(memory: IpvsMemory): Promise<void> {
    const text = `${JSON.stringify({ boot: this.#boot, ...memory }, null, 2)}\n`;
    if (text === this.#written) return this.#writing;
    this.#written = text;
    this.#writing = this.#writing.catch(() => {}).then(() => this.#put(text));
    return this.#writing;
  }

  async #put(text: string): Promise<void> {
    try {
      await writeDurably(this.#path, text);
    } catch (error) {
      // The same again is no repetition of what is there.
      if (this.#written === text) this.#written = '';
      throw error;
    }
  }

  /** Nothing is left that would have to be remembered. */
  async forget(): Promise<void> {
    await this.#writing.catch(() => {});
    rmSync(this.#path, { force: true });
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  } catch {
    return '';
  }
}

function namespaceNumber(): string {
  try {
    return readlinkSync('/proc/self/ns/net').replaceAll(/[^0-9]/g, '');
  } catch {
    return '0';
  }
}
