/**
 * Keeps an interface from answering ARP for the addresses of its virtual MAC links, and from sending
 * requests with them as source: both would teach hosts the wrong MAC (ip-sysctl.rst, arp_ignore and
 * arp_announce). Restores the former values.
 */
import type { InterfaceSettingsPort } from '../../kernel/ports.ts';

const WANTED = { arp_ignore: 1, arp_announce: 2 } as const;
const KEYS = ['arp_ignore', 'arp_announce'] as const;

export type SavedSettings = Record<(typeof KEYS)[number], number>;

export class ParentSettings {
  readonly #sysctls: InterfaceSettingsPort;
  readonly #saved = new Map<string, SavedSettings>();

  constructor(sysctls: InterfaceSettingsPort) {
    this.#sysctls = sysctls;
  }

  /** The values that an earlier run has replaced. */
  remember(name: string, saved: SavedSettings): void {
    if (!this.#saved.has(name)) this.#saved.set(name, saved);
  }

  /** Stricter values stay. Throws `KernelError`. */
  prepare(name: string, hasIpv4: boolean): void {
    if (!this.#saved.has(name)) {
      const [arp_ignore, arp_announce] = KEYS.map((key) => this.#read(name, key));
      this.#saved.set(name, { arp_ignore: arp_ignore ?? 0, arp_announce: arp_announce ?? 0 });
    }
    if (!hasIpv4) return;
    for (const key of KEYS) {
      // The kernel uses the higher value of the interface and `all`.
      const inForce = Math.max(this.#read('all', key), this.#read(name, key));
      if (inForce < WANTED[key]) this.#sysctls.ensure('ipv4', name, key, WANTED[key]);
    }
  }

  /** True if the kernel drops packets whose source is not routed back through the interface. */
  filtersSources(name: string): boolean {
    return Math.max(this.#read('all', 'rp_filter'), this.#read(name, 'rp_filter')) > 0;
  }

  /** For the alias of a link: `arp_ignore=0,arp_announce=0`. */
  textOf(name: string): string {
    const saved = this.#saved.get(name);
    return KEYS.map((key) => `${key}=${saved?.[key] ?? 0}`).join();
  }

  /** Restores unused interfaces, except values that another program has changed since. */
  restoreExcept(used: ReadonlySet<string>): void {
    for (const [name, saved] of this.#saved) {
      if (used.has(name)) continue;
      this.#saved.delete(name);
      for (const key of KEYS) {
        if (this.#sysctls.read('ipv4', name, key) !== WANTED[key]) continue;
        this.#sysctls.ensure('ipv4', name, key, saved[key]);
      }
    }
  }

  #read(name: string, key: string): number {
    return this.#sysctls.read('ipv4', name, key) ?? 0;
  }
}

/** From the alias of a link; undefined if it contains none. */
export function parseSaved(mark: string): SavedSettings | undefined {
  const values = /(?:^| )arp_ignore=([0-9]),arp_announce=([0-9])(?: |$)/.exec(mark);
  return values === null
    ? undefined
    : { arp_ignore: Number(values[1]), arp_announce: Number(values[2]) };
}
