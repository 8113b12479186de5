/** Gives back the memory that only the start of the agent needs: a third of all. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { unmapProgramPages } from '../kernel/process/program-pages.ts';

/** By then the configuration is in effect, and no BACKUP of ordinary times has become MASTER. */
const AFTER_MS = 2_000;

export function freeStartMemory(): void {
  setTimeout(() => {
    try {
      collectGarbage();
      unmapProgramPages();
    } catch {
      // A kernel without smaps, or a V8 without this option: then the memory stays in use.
    }
  }, AFTER_MS).unref();
}

/** The parsed configuration and code that ran once. V8 would keep them until the memory grows. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: object) => void;
  setFlagsFromString('--no-expose-gc');
  // Node 20 collects everything only without options.
  collect();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
