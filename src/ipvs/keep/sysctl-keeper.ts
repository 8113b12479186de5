/** Keeps the kernel's parameters as the file says, and restores their former values at the end. */
import { type IpvsLog, messageOf } from './ipvs-log.ts';

export interface SysctlPort {
  /** Undefined: this kernel has no such parameter. */
  readonly read: (name: string) => string | undefined;
  /** Throws when the kernel refuses. */
  readonly write: (name: string, value: string) => void;
}

/**
 * The kernel itself changes between 1, waiting, and 2, active, when memory is low
 * (update_defense_level in net/netfilter/ipvs/ip_vs_ctl.c).
 */
const AUTOMATIC: ReadonlySet<string> = new Set(['drop_entry', 'drop_packet', 'secure_tcp']);
const AUTOMATIC_VALUES: ReadonlySet<string> = new Set(['1', '2']);

const SUBJECT = 'parameters';

function agree(name: string, wanted: string, actual: string): boolean {
  const isAutomatic = AUTOMATIC.has(name) && AUTOMATIC_VALUES.has(wanted);
  return wanted === actual || (isAutomatic && AUTOMATIC_VALUES.has(actual));
}

export class SysctlKeeper {
  readonly #log: IpvsLog;
  readonly #port: SysctlPort;
  #wanted: ReadonlyMap<string, string> = new Map();
  /** Values from before this agent, or a run of it that crashed, set the parameters. */
  readonly #before: Map<string, string>;
  repairs = 0;

  constructor(log: IpvsLog, before: Readonly<Record<string, string>>, port: SysctlPort) {
    this.#log = log;
    this.#port = port;
    this.#before = new Map(Object.entries(before));
  }

  get before(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#before);
  }

  /** Parameters that are no longer configured get their former values back. */
  want(wanted: ReadonlyMap<string, string>): void {
    this.#wanted = wanted;
    for (const [name, value] of this.#before) {
      if (wanted.has(name)) continue;
      this.#write(name, value);
      this.#before.delete(name);
    }
    this.#apply();
  }

  /** Restores and counts values that another program changed. */
  check(): void {
    if (!this.#log.mayRepair(SUBJECT)) return;
    const changed = this.#apply();
    if (changed === 0) return;
    this.repairs += changed;
    const message = `restored ${changed} IPVS parameters that another program changed`;
    this.#log.repaired(SUBJECT, 'ipvs-sysctl-repaired', message);
  }

  rows(): { readonly name: string; readonly wanted: string; readonly actual: string | null }[] {
    return [...this.#wanted].map(([name, wanted]) => ({
      name,
      wanted,
      actual: this.#port.read(name) ?? null,
    }));
  }

  restore(): void {
    for (const [name, value] of this.#before) this.#write(name, value);
    this.#before.clear();
  }

  #apply(): number {
    let changed = 0;
    for (const [name, value] of this.#wanted) {
      const actual = this.#port.read(name);
      if (actual !== undefined && agree(name, value, actual)) continue;
      if (actual === undefined) {
        const message = `this kernel has no parameter net.ipv4.vs.${name}`;
        this.#log.trouble(`sysctl ${name}`, 'ipvs-sysctl-missing', message);
        continue;
      }
      if (!this.#before.has(name)) this.#before.set(name, actual);
      if (this.#write(name, value)) changed++;
    }
    return changed;
  }

  #write(name: string, value: string): boolean {
    try {
      this.#port.write(name, value);
      this.#log.settled(`sysctl ${name}`);
      return true;
    } catch (error) {
      this.#log.trouble(`sysctl ${name}`, 'ipvs-sysctl-failed', messageOf(error));
      return false;
    }
  }
}
