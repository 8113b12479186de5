/** Carries summaries of connection tables between the IPVS keeper and the peer link. */
import type { SummaryLink, SummaryListener } from '../ipvs/table/summary-link.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import type { DirectorTable } from '../protocol/thread/loop.ts';

interface DirectorTablesOptions {
  readonly isConfigured: () => boolean;
  readonly feed: (inputs: readonly Input[]) => void;
}

export class DirectorTables implements SummaryLink {
  readonly #options: DirectorTablesOptions;
  #listener: SummaryListener | undefined;

  constructor(options: DirectorTablesOptions) {
    this.#options = options;
  }

  isConfigured(): boolean {
    return this.#options.isConfigured();
  }

  send(summary: Uint8Array): void {
    const text = Buffer.from(summary).toString('hex');
    this.#options.feed([{ kind: 'table.summary', summary: text }]);
  }

  listen(listener: SummaryListener | undefined): void {
    this.#listener = listener;
  }

  take({ summary, address }: DirectorTable): void {
    this.#listener?.(Uint8Array.from(Buffer.from(summary, 'hex')), address);
  }
}
