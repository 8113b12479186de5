/**
 * A service manager protects the agent from the OOM killer (`OOMScoreAdjust=`). Children inherit the
 * protection: a script that exhausts the memory of the host would be the last process to be killed.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** proc_pid_oom_score_adj(5). */
const OWN_SCORE = '/proc/self/oom_score_adj';
const ORDINARY = '0';

/**
 * Starts a child with the ordinary score. The agent changes its own score around the start, because it
 * cannot write the file of a child that runs as another user without CAP_DAC_OVERRIDE.
 */
export function withOrdinaryOomScore<Child>(start: () => Child, file = OWN_SCORE): Child {
  const own = protectedScore(file);
  if (own === undefined) return start();
  writeFileSync(file, ORDINARY);
  try {
    return start();
  } finally {
    writeFileSync(file, own);
  }
}

/** Undefined if the process is not protected, or could not restore its protection. */
function protectedScore(file: string): string | undefined {
  try {
    const score = readFileSync(file, 'ascii').trim();
    if (Number(score) >= 0) return undefined;
    // If the kernel accepts this score now, it will accept it again later (fs/proc/base.c).
    writeFileSync(file, score);
    return score;
  } catch {
    return undefined;
  }
}
