/**
 * Remembers for the next run which VIPs this host did not have by itself, on a kernel that does not keep
 * the mark of an address: what a killed agent has left can be removed then, and nothing else is.
 */
import { release } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { withDeadline } from '../async/deadline.ts';
import { jsonFormat, StateFile } from '../kernel/files/state-file.ts';
import { bootId, namespaceNumber } from '../kernel/process/boot.ts';
import { keepsMarks } from '../kernel/rtnetlink/address-origin.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import { type IpAddress, parseIp } from '../net/address.ts';
import { failure, type Result, success } from '../net/result.ts';
import type { Settings } from '../protocol/engine/settings.ts';

interface Memory {
  readonly boot: string;
  readonly addresses: readonly IpAddress[];
}

interface AddressMemoryOptions {
  readonly directory: string;
  readonly logger: Logger;
  /** Default: whether the kernel of this host does. */
  readonly keepsMarks?: boolean;
  /** Addresses that the host has now. Default: those that the kernel lists. */
  readonly present?: () => readonly IpAddress[];
}

/** A disk that does not answer does not keep the agent. */
const FORGET_MS = 2_000;

const FORMAT = jsonFormat<Memory>({ version: 1, encode: (memory) => memory, decode: decodeMemory });

export class AddressMemory {
  readonly #options: AddressMemoryOptions;
  readonly #file: StateFile<Memory>;
  #addresses: ReadonlySet<IpAddress> | undefined;

  constructor(options: AddressMemoryOptions) {
    this.#options = options;
    this.#file = new StateFile(
      join(options.directory, `addresses-${namespaceNumber()}.json`),
      FORMAT,
    );
  }

  /** Undefined: the kernel keeps the mark of each address. */
  get addresses(): ReadonlySet<IpAddress> | undefined {
    return this.#addresses;
  }

  /** Call before these settings are in effect: VIPs that are absent now can only come from this agent. */
  async prepare({ instances }: Settings): Promise<void> {
    const { keepsMarks: marks = keepsMarks(release()), present = presentHere } = this.#options;
    if (marks) return;
    const known = this.#addresses ?? new Set(this.#load());
    const here = new Set(present());
    const virtual = instances.flatMap((one) => [...one.addresses, ...one.extraAddresses]);
    const added = virtual.map(({ address }) => address).filter((address) => !here.has(address));
    await this.#remember([...known, ...added]);
  }

  /** Another process has added these, and this one continues its work. */
  async claim(addresses: readonly IpAddress[]): Promise<void> {
    const known = this.#addresses;
    if (known === undefined || addresses.every((one) => known.has(one))) return;
    await this.#remember([...known, ...addresses]);
  }

  /** At a clean end: nothing of this agent is left. */
  async forget(): Promise<void> {
    if (this.#addresses === undefined) return;
    await withDeadline(
      this.#file.remove().catch(() => undefined),
      FORGET_MS,
    );
  }

  async #remember(addresses: readonly IpAddress[]): Promise<void> {
    this.#addresses = new Set(addresses);
    try {
      await this.#file.save({ boot: bootId(), addresses: [...this.#addresses] });
    } catch (error) {
      this.#warn(`VIPs that a crash leaves behind would stay: ${String(error)}`);
    }
  }

  #load(): readonly IpAddress[] {
    try {
      const memory = this.#file.load();
      return memory?.boot === bootId() ? memory.addresses : [];
    } catch (error) {
      this.#warn(`VIPs that a former run has left stay: ${String(error)}`);
      return [];
    }
  }

  #warn(message: string): void {
    this.#options.logger.warn({ code: 'address-memory-failed' }, message);
  }
}

function presentHere(): IpAddress[] {
  const routes = new Routes();
  try {
    return routes
      .snapshot()
      .links.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  } finally {
    routes.close();
  }
}

function decodeMemory(document: unknown): Result<Memory, string> {
  if (typeof document !== 'object' || document === null) return failure('it is damaged');
  const { boot, addresses }: { boot?: unknown; addresses?: unknown } = document;
  if (typeof boot !== 'string' || !Array.isArray(addresses)) return failure('it is damaged');
  const parsed = addresses.flatMap((one) => (typeof one === 'string' ? (parseIp(one) ?? []) : []));
  return success({ boot, addresses: parsed });
}
