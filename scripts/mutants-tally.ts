/**
 * A reporter of StrykerJS: names each survivor at once, and keeps the count in a file, so that a run
 * which is ended early has a result.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What is read of a result; <https://stryker-mutator.io/docs/mutation-testing-elements/mutant-states-and-metrics/>. */
interface MutantResult {
  readonly status: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

export interface MutantTally {
  readonly killed: number;
  readonly survived: number;
}

class TallyReporter {
  #killed = 0;
  #survived = 0;

  onMutantTested(mutant: MutantResult): void {
    if (mutant.status === 'Killed' || mutant.status === 'Timeout') this.#killed++;
    else if (mutant.status === 'Survived' || mutant.status === 'NoCoverage') this.#survive(mutant);
    else return;
    const tally: MutantTally = { killed: this.#killed, survived: this.#survived };
    writeFileSync(process.env['MUTANTS_TALLY'] ?? '/dev/null', JSON.stringify(tally));
  }

  #survive({ status, fileName, mutatorName, replacement = '', location }: MutantResult): void {
    this.#survived++;
    const place = `${relative('.', fileName)}:${location.start.line}:${location.start.column}`;
    console.log(`${status}: ${place} ${mutatorName} ${JSON.stringify(replacement)}`);
  }
}

export const strykerPlugins = [
  { kind: 'Reporter', name: 'tally', injectableClass: TallyReporter },
] as const;
