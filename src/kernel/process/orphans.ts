/**
 * The first process of a PID namespace inherits the orphans of all others, and has to wait for them, or
 * they stay as zombies (pid_namespaces(7)). A command that leaves a process behind makes one.
 *
 * Node waits for its own children, each by its pid, as soon as they end (uv__wait_children of libuv), and
 * would never learn the end of one for which another caller has waited. So only a zombie that a former
 * look has found is reaped: had Node known it, it would be gone since.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { WNOHANG } from '../ffi/constants.ts';
import { libc } from '../ffi/libc.ts';

const LOOK_MS = 5_000;

/** A container may have no more than some hundred processes, and zombies are among them. */
const CROWD = 32;
const CROWDED_LOOK_MS = 250;

/** Milliseconds until the next look, after one that has found this many zombies. */
export function lookAfter(zombies: number, lookMs = LOOK_MS): number {
  return zombies < CROWD ? lookMs : Math.min(lookMs, CROWDED_LOOK_MS);
}

export class OrphanReaper {
  readonly #lookMs: number;
  #timer: NodeJS.Timeout | undefined;
  #seen: ReadonlySet<string> = new Set();

  /** The timer does not keep the process alive. */
  constructor(lookMs = LOOK_MS) {
    this.#lookMs = lookMs;
    this.#lookLater(0);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** Between two looks Node always hears of its own children: a timer fires at most once in a turn of its loop. */
  #lookLater(zombies: number): void {
    this.#timer = setTimeout(() => this.#look(), lookAfter(zombies, this.#lookMs)).unref();
  }

  #look(): void {
    const zombies = zombiesOf(process.pid);
    for (const { pid, identity } of zombies) {
      if (this.#seen.has(identity)) libc().waitpid(pid, new Int32Array(1), WNOHANG);
    }
    this.#seen = new Set(zombies.map(({ identity }) => identity));
    this.#lookLater(zombies.length);
  }
}

interface Zombie {
  readonly pid: number;
  /** The pid may be in use again at the next look. */
  readonly identity: string;
}

function zombiesOf(parent: number): Zombie[] {
  return processes().flatMap((pid) => {
    const [state, ppid, started] = statusOf(pid);
    return state === 'Z' && Number(ppid) === parent ? [{ pid, identity: `${pid} ${started}` }] : [];
  });
}

/** None while this process has no descriptor left: the next look finds them. */
function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** State, parent and start time: fields 3, 4 and 22 of /proc/PID/stat, counted after the name (proc(5)). */
function statusOf(pid: number): (string | undefined)[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [fields[0], fields[1], fields[19]];
  } catch {
    return [];
  }
}
