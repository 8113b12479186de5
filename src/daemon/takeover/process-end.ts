import { readStart } from '../../files/regular-file.ts';

/** More than a line of /proc/PID/stat. */
const PROC_BYTES = 4_096;

/** A zombie has closed its descriptors, too (proc(5): state Z). */
export function hasExited(pid: number): boolean {
  try {
    const stat = readStart(`/proc/${pid}/stat`, PROC_BYTES).toString('utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}
