/** The outcome of a hand-over, in one line. */
import type { HandOverDocument } from '../../control/operator-protocol.ts';
import type { MaintenanceDocument } from '../../control/protocol.ts';

/** `consequence` describes the state that follows. */
export function renderHandOver(document: HandOverDocument, consequence: string): string {
  return `${document.instance}: ${outcomeText(document)}; ${consequence}`;
}

function outcomeText({ outcome, state, master, heard_after_ms, reason }: HandOverDocument): string {
  switch (outcome) {
    case 'handed-over':
      return `${master?.address} (priority ${master?.priority}) took over after ${milliseconds(heard_after_ms)}; this router served until it was heard: no gap seen from here`;
    case 'not-master':
      return master === null
        ? `${state}, nothing to hand over`
        : `${state}, nothing to hand over: ${master.address} is MASTER`;
    case 'let-go':
      return 'VIPs released although no successor was heard: the length of the gap is unknown';
    case 'broken-off':
      return `interrupted, ${state} now: ${reason}`;
    case 'done':
      return state;
  }
}

export function renderMaintenance({ since, until, by, reason }: MaintenanceDocument): string {
  const end = until === null ? 'until an operator ends it' : `until ${until}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `since ${since} ${end}, by ${by}${why}`;
}

function milliseconds(count: number | null): string {
  return count === null ? '?' : `${Math.round(count * 10) / 10} ms`;
}
