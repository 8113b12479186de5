/**
 * Blocks the resets that this host's own TCP would send from the VIPs. A new MASTER receives packets of
 * connections whose entries are still in the buffer of the former one. Without the guard it resets
 * them; with it the client sends again, and by then the entry has arrived.
 */
import { NftError } from '../../kernel/nftables/nft.ts';
import { type NftTable, type NftTableEvents, nftSet } from '../../kernel/nftables/nft-table.ts';
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import { isSame } from '../../net/equality.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import { type IpvsLog, messageOf } from './ipvs-log.ts';

const GUARD_TABLE = 'vrrp_agent_rst_guard';

type GuardTable = Pick<NftTable, 'want' | 'abandon'>;

export type OpenGuardTable = (name: string, events: NftTableEvents) => GuardTable;

export class RstGuard {
  readonly #log: IpvsLog;
  readonly #table: GuardTable;
  isGuarding = false;
  /** Addresses that are guarded; undefined: nft failed, or was not called yet. */
  #done: readonly IpAddress[] | undefined;
  /** Undefined: `want` was not called yet. */
  #wanted: readonly IpAddress[] | undefined;

  constructor(log: IpvsLog, openTable: OpenGuardTable) {
    this.#log = log;
    this.#table = openTable(GUARD_TABLE, {
      restored: (count) => {
        const message = 'another program removed or changed the RST guard: it has been restored';
        const more = count === 1 ? '' : ` (${count} times in a row)`;
        if (isPowerOfTwo(count)) log.warn('ipvs-rst-guard-restored', `${message}${more}`);
        log.settled('rst guard');
      },
      failed: (error) => this.#failed(error),
    });
  }

  /** Blocks resets from exactly these addresses. */
  want(addresses: readonly IpAddress[]): Promise<void> {
    this.#wanted = addresses;
    return this.#apply();
  }

  /** Tries again if nft failed. */
  async check(): Promise<void> {
    if (this.#wanted !== undefined && !isSame(this.#wanted, this.#done)) await this.#apply();
  }

  /** Leaves the table to the next process. */
  abandon(): void {
    this.#table.abandon();
  }

  async #apply(): Promise<void> {
    const wanted = this.#wanted ?? [];
    try {
      await this.#table.want(guardRules(wanted));
      this.#done = wanted;
      this.isGuarding = wanted.length > 0;
      this.#log.settled('rst guard');
    } catch (error) {
      this.#done = undefined;
      this.isGuarding = wanted.length === 0;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const isWanted = (this.#wanted ?? []).length > 0;
    if (isWanted && error instanceof NftError && error.code === 'nft-missing') {
      const message = 'nft is not installed: resets are not blocked at a planned move';
      this.#log.trouble('rst guard', 'ipvs-rst-guard-missing', message);
      this.isGuarding = false;
      return;
    }
    const effect = isWanted ? 'resets are not blocked' : 'resets are still blocked';
    const message = `${effect}, will be tried again: ${messageOf(error)}`;
    this.#log.trouble('rst guard', 'ipvs-rst-guard-failed', message);
  }
}

/** Content of the table; undefined: there is no address to guard. */
export function guardRules(addresses: readonly IpAddress[]): string | undefined {
  if (addresses.length === 0) return undefined;
  const of = (family: Family) => addresses.filter((address) => familyOf(address) === family);
  return [
    ...nftSet('virtual_ipv4', 'ipv4_addr', of('ipv4')),
    ...nftSet('virtual_ipv6', 'ipv6_addr', of('ipv6')),
    '  chain output {',
    '    type filter hook output priority 0; policy accept;',
    '    ip saddr @virtual_ipv4 tcp flags rst counter drop',
    '    ip6 saddr @virtual_ipv6 tcp flags rst counter drop',
    '  }',
  ].join('\n');
}
