/** Moves of the connections since the agent started: their number, what they lost, and the last one. */
import type { MoveDocument, MovesDocument } from '../../control/ipvs-document.ts';
import type { MoveReport } from '../plan/table-standing.ts';

export class MoveLedger {
  #handOvers = 0;
  #takeOvers = 0;
  #lost = 0;
  #last: MoveDocument | null = null;

  /** Takes the reports of one move: a hand-over has one for each other director. */
  record(reports: readonly MoveReport[], at: Date): void {
    const [first] = reports;
    if (first === undefined) return;
    const { kind, live } = first;
    if (kind === 'take-over') {
      this.#takeOvers++;
      this.#lost += first.missing ?? 0;
    } else {
      this.#handOvers++;
    }
    const peers = reports.flatMap(({ peer, before = null, missing = null }) =>
      peer === undefined ? [] : [{ name: peer, missing_before: before, missing }],
    );
    this.#last = { at: at.toISOString(), move: kind, live, peers };
  }

  document(): MovesDocument {
    const last = this.#last;
    return { hand_overs: this.#handOvers, take_overs: this.#takeOvers, lost: this.#lost, last };
  }
}
