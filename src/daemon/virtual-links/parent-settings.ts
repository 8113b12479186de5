/**
 * What an interface must not do while links with virtual MACs share its wire: answer ARP for their
 * addresses, or ask for others in their name. Both would teach hosts its own MAC (ip-sysctl.rst,
 * arp_ignore and arp_announce). Remembers what was there before, and puts it back.
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

  /** What a former run has found. */
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
      // The kernel takes the higher of the interface's value and that of all interfaces.
      const inForce = Math.max(this.#read('all', key), this.#read(name, key));
      if (inForce < WANTED[key]) this.#sysctls.ensure('ipv4', name, key, WANTED[key]);
    }
  }

  /** Whether packets from where the routes do not lead back are dropped. */
  filtersSources(name: string): boolean {
    return Math.max(this.#read('all', 'rp_filter'), this.#read(name, 'rp_filter')) > 0;
  }

  /** For the mark of a link: `arp_ignore=0,arp_announce=0`. */
  textOf(name: string): string {
    const saved = this.#saved.get(name);
    return KEYS.map((key) => `${key}=${saved?.[key] ?? 0}`).join();
  }

  /** Of interfaces that no link shares any more; what somebody else has changed since stays. */
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

/** From the mark of a link; undefined where it does not say. */
export function parseSaved(mark: string): SavedSettings | undefined {
  const values = /(?:^| )arp_ignore=([0-9]),arp_announce=([0-9])(?: |$)/.exec(mark);
  return values === null
    ? undefined
    : { arp_ignore: Number(values[1]), arp_announce: Number(values[2]) };
}
