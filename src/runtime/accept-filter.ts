/**
 * Keeps the table of Accept_Mode false: there before the first VIP is, replaced as a whole, put back
 * when somebody has flushed it, gone when the agent has stopped. The protocol knows nothing of it,
 * and a take-over costs nothing for it, because it is the same in every state.
 */
import type { Settings } from '../engine/settings.ts';
import { runNft } from '../kernel/nftables/nft.ts';
import { hasTable, TableWatch } from '../kernel/nftables/table-watch.ts';
import { ACCEPT_TABLE, acceptRuleset } from './accept-ruleset.ts';

/** Others that change nftables often are not answered more often than this. */
const LOOK_AFTER_MS = 50;

export interface AcceptFilterEvents {
  /** Somebody had changed or flushed the table; it is as it should be. */
  readonly restored: () => void;
  /** The table could not be looked at or put back. */
  readonly failed: (error: unknown) => void;
}

export class AcceptFilter {
  readonly #events: AcceptFilterEvents;
  #ruleset: string | undefined;
  /** As nft(8) lists what was put there. */
  #listing = '';
  #watch: TableWatch | undefined;
  #look: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(events: AcceptFilterEvents) {
    this.#events = events;
  }

  /** The table of these settings in one transaction; none where they need none. Rejects with `NftError`. */
  apply(settings: Settings): Promise<void> {
    return this.#inTurn(() => this.#replace(acceptRuleset(settings)));
  }

  /** Removes the table. */
  async close(): Promise<void> {
    this.#unwatch();
    await this.#inTurn(() => this.#replace(undefined));
  }

  /** Leaves the table as it is: VIPs may still be there. */
  abandon(): void {
    this.#unwatch();
  }

  async #replace(ruleset: string | undefined): Promise<void> {
    if (ruleset === this.#ruleset && (ruleset !== undefined || !hasTable(ACCEPT_TABLE))) return;
    if (ruleset === undefined) {
      this.#unwatch();
      if (hasTable(ACCEPT_TABLE)) await runNft(['delete', 'table', 'inet', ACCEPT_TABLE]);
    } else {
      await runNft(['-f', '-'], ruleset);
      this.#listing = await list();
      this.#watch ??= new TableWatch(() => this.#lookSoon());
    }
    this.#ruleset = ruleset;
  }

  /** That the table is gone is seen at once, and until it is back the addresses are open. */
  #lookSoon(): void {
    const isThere = this.#isThere();
    if (this.#look !== undefined) {
      if (isThere) return;
      clearTimeout(this.#look);
    }
    const rest = LOOK_AFTER_MS - (performance.now() - this.#lookedAt);
    this.#look = setTimeout(
      () => {
        this.#look = undefined;
        this.#lookedAt = performance.now();
        this.#inTurn(() => this.#compare()).catch(this.#events.failed);
      },
      isThere ? LOOK_AFTER_MS : Math.max(0, rest),
    );
  }

  #isThere(): boolean {
    try {
      return hasTable(ACCEPT_TABLE);
    } catch (error) {
      this.#events.failed(error);
      return true;
    }
  }

  async #compare(): Promise<void> {
    const ruleset = this.#ruleset;
    if (ruleset === undefined) return;
    if (hasTable(ACCEPT_TABLE) && (await list()) === this.#listing) return;
    await runNft(['-f', '-'], ruleset);
    this.#listing = await list();
    this.#events.restored();
  }

  #unwatch(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
    this.#watch?.close();
    this.#watch = undefined;
  }

  /** One run of nft(8) at a time. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#underWay.then(work);
    this.#underWay = done.catch(() => undefined);
    return done;
  }
}

/** Without the counters. */
function list(): Promise<string> {
  return runNft(['--stateless', 'list', 'table', 'inet', ACCEPT_TABLE]);
}
