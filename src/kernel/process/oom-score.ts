/**
 * A service manager protects the agent from the OOM killer (`OOMScoreAdjust=`), and a child inherits
 * that: a script that eats the memory of the host would be the last process to be killed.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** proc_pid_oom_score_adj(5). */
const OWN_SCORE = '/proc/self/oom_score_adj';
const ORDINARY = '0';

/**
 * Starts a child with the ordinary score. It is set around the start and not on the child, because
 * the file of a child that runs as another user cannot be written without CAP_DAC_OVERRIDE.
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

/** Undefined: the process is not protected, or could not get its protection back. */
function protectedScore(file: string): string | undefined {
  try {
    const score = readFileSync(file, 'ascii').trim();
    if (Number(score) >= 0) return undefined;
    // The kernel takes a score back if it would accept the same one now (fs/proc/base.c).
    writeFileSync(file, score);
    return score;
  } catch {
    return undefined;
  }
}
