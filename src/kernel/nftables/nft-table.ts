/**
 * One table of nftables (family `inet`) that belongs to the agent. It is replaced as a whole in one
 * transaction, restored when another program changes or flushes it, and removed at the end.
 */
import { SerialQueue } from '../../async/serial-queue.ts';
import { Backoff } from '../../net/backoff.ts';
import { instant, milliseconds, seconds } from '../../net/time.ts';
import { runNft } from './nft.ts';
import { hasTable, NftMonitor } from './nft-monitor.ts';

/** The pause between a change by another program and the comparison that follows. */
const SETTLE_MS = 50;

/** nft takes a while to list a large table: comparisons may take a quarter of the time at most. */
const SHARE = 4;

/** While another program keeps removing the table, it is missing for at most a second at a time. */
const REPAIRS = { least: milliseconds(SETTLE_MS), most: seconds(1), calm: seconds(600) } as const;

export interface NftTableEvents {
  /** Another program had changed or removed the table, and it is restored; `count`: in a row. */
  readonly restored: (count: number) => void;
  /** The table could not be compared or restored; further attempts follow. */
  readonly failed: (error: unknown) => void;
}

/** A set without duplicates: one word of a rule then stands for any number of addresses. */
export function nftSet(name: string, type: string, elements: readonly string[]): string[] {
  const unique = [...new Set(elements)];
  const list = unique.length === 0 ? [] : [`    elements = { ${unique.join(', ')} }`];
  return [`  set ${name} {`, `    type ${type}`, ...list, '  }'];
}

export class NftTable {
  readonly #name: string;
  readonly #events: NftTableEvents;
  readonly #queue = new SerialQueue();
  /** The content in effect: the last that nft has accepted. */
  #content: string | undefined;
  /** False until nft has confirmed it: an interrupted run may or may not have had its effect. */
  #isCertain = false;
  /** This process has removed it, or found none, and has made none since. */
  #isRemoved = false;
  /** The content in effect as nft(8) lists it. */
  #listing = '';
  #monitor: NftMonitor | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** No comparison before this time. */
  #restUntil = Number.NEGATIVE_INFINITY;
  readonly #repairs = new Backoff(REPAIRS);
  #hasFailed = false;
  #isAbandoned = false;

  constructor(name: string, events: NftTableEvents) {
    this.#name = name;
    this.#events = events;
  }

  /**
   * Replaces the content, the sets, chains and rules between the braces; undefined removes the table.
   * Rejects with `NftError`, and then the previous content remains in effect.
   */
  want(content: string | undefined): Promise<void> {
    return this.#queue.run(() => this.#replace(content));
  }

  /** Removes the table. */
  close(): Promise<void> {
    this.#unwatch();
    return this.want(undefined);
  }

  /** Leaves the table to the next process: later calls of `want` have no effect. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#unwatch();
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#monitor?.close();
    this.#monitor = undefined;
  }

  async #replace(content: string | undefined): Promise<void> {
    if (this.#isAbandoned) return;
    if (content === undefined) {
      this.#unwatch();
      // So a stop needs no descriptor if there is nothing to do.
      if (this.#isRemoved) return;
      if (hasTable(this.#name)) await runNft(['delete', 'table', 'inet', this.#name]);
      this.#content = undefined;
      this.#isRemoved = true;
      return;
    }
    if (content === this.#content && this.#isCertain) return;
    await this.#write(content);
    if (this.#isAbandoned) return;
    this.#monitor ??= new NftMonitor(() => this.#changed());
    if (!this.#isCertain) this.#changed();
  }

  async #write(content: string): Promise<void> {
    this.#isCertain = false;
    this.#isRemoved = false;
    await runNft(['-f', '-'], this.#ruleset(content));
    this.#content = content;
    this.#listing = await this.#list();
    this.#isCertain = this.#listing !== '';
  }

  /** The first line creates the table if it is missing, so that the second can delete it. */
  #ruleset(content: string): string {
    const table = `table inet ${this.#name}`;
    return `add ${table}\ndelete ${table}\n${table} {\n${content}\n}\n`;
  }

  /** Without counters; empty if another program has removed the table in the meantime. */
  #list(): Promise<string> {
    return runNft(['--stateless', 'list', 'table', 'inet', this.#name]).catch(() => '');
  }

  /** Called after any change in nftables. A table that is gone is restored without delay. */
  #changed(): void {
    const isThere = this.#isThere();
    if (this.#timer === undefined) this.#compareAfter(isThere ? SETTLE_MS : 0);
    else if (!isThere) this.#compareAfter(0);
  }

  #isThere(): boolean {
    try {
      return hasTable(this.#name);
    } catch (error) {
      this.#fail(error);
      return true;
    }
  }

  #compareAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    const rest = this.#restUntil - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#queue.run(() => this.#compare());
      },
      Math.max(milliseconds, rest),
    );
  }

  async #compare(): Promise<void> {
    const content = this.#content;
    if (content === undefined || this.#monitor === undefined) return;
    const start = performance.now();
    // An earlier entry of the queue may have restored the table.
    if (start < this.#restUntil) {
      this.#compareAfter(0);
      return;
    }
    try {
      const isThere = this.#isCertain && hasTable(this.#name);
      const isSame = isThere && (await this.#list()) === this.#listing;
      if (!isSame) await this.#restore(content);
      this.#hasFailed = false;
    } catch (error) {
      this.#fail(error);
      this.#backOff();
      this.#compareAfter(0);
    }
    const took = performance.now() - start;
    this.#restUntil = Math.max(this.#restUntil, start + Math.max(SETTLE_MS, took * SHARE));
  }

  async #restore(content: string): Promise<void> {
    await this.#write(content);
    this.#events.restored(this.#backOff());
  }

  /** The first restoration is immediate; each one that soon follows waits twice as long. */
  #backOff(): number {
    const count = this.#repairs.repaired(instant(Math.round(performance.now() * 1_000)));
    this.#restUntil = Math.max(this.#restUntil, this.#repairs.until / 1_000);
    return count;
  }

  /** Reports only the first failure in a row. */
  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#events.failed(error);
    this.#hasFailed = true;
  }
}
