/**
 * A service manager protects the agent from the OOM killer (`OOMScoreAdjust=`). Children inherit the
 * protection: a script that exhausts the memory of the host would be the last process to be killed.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

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
  // The file stays open: where the child took the last descriptor, opening it again would fail.
  try {
    write(own.fd, ORDINARY);
    return start();
  } finally {
    write(own.fd, own.score);
    closeSync(own.fd);
  }
}

interface Protection {
  readonly fd: number;
  readonly score: string;
}

/** Undefined if the process is not protected, or could not restore its protection. */
function protectedScore(file: string): Protection | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r+');
    const score = readFileSync(fd, 'ascii').trim();
    if (Number(score) < 0) {
      // If the kernel accepts this score now, it will accept it again later (fs/proc/base.c).
      write(fd, score);
      return { fd, score };
    }
  } catch {
    // No such file, or no descriptor or permission for it.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

function write(fd: number, score: string): void {
  ftruncateSync(fd);
  writeSync(fd, score, 0);
}
