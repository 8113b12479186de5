/**
 * Up while enough processes run, which are found by name or by PID file. A pidfd (pidfd_open(2)) reports
 * the end of one immediately; while they run, `/proc` is searched only where their number is limited.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { readStart } from '../../files/regular-file.ts';
import { closeFd } from '../../kernel/ffi/socket.ts';
import { openPidFd } from '../../kernel/process/pidfd.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { failed, isLocalError, type Probe, passed, reasonOf } from './probe.ts';

interface ProcessTarget {
  readonly process?: string;
  /** How many of this name have to run, and may; default: one, and any number. */
  readonly quorum?: number;
  readonly quorumMax?: number;
  readonly pidFile?: string;
}

/** Enough for a PID and some white space. */
const PID_FILE_BYTES = 64;

/** More than a line of /proc/PID/stat. */
const PROC_BYTES = 4_096;

/** TASK_COMM_LEN of the kernel, less the NUL (proc_pid_comm(5)). */
const COMM_MAX = 15;

export class ProcessProbe implements Probe {
  readonly #target: ProcessTarget;
  readonly #reactor: Reactor;
  readonly #onEnd: () => void;
  /** File descriptors of the processes whose end is reported, by PID. */
  readonly #watched = new Map<number, number>();

  /** `onEnd`: a process has ended. */
  constructor(target: ProcessTarget, reactor: Reactor, onEnd: () => void) {
    this.#target = target;
    this.#reactor = reactor;
    this.#onEnd = onEnd;
  }

  run(): Promise<ProbeOutcome> {
    return Promise.resolve(
      this.#target.pidFile === undefined ? this.#count() : this.#checkFile(this.#target.pidFile),
    );
  }

  close(): void {
    for (const pid of this.#watched.keys()) this.#forget(pid);
  }

  #checkFile(pidFile: string): ProbeOutcome {
    const pid = pidIn(pidFile);
    if (typeof pid === 'string') {
      this.close();
      return failed(pid);
    }
    this.#keepOnly([pid]);
    return this.#isWatched(pid) ? running(pid) : failed(`process ${pid} has ended`);
  }

  #count(): ProbeOutcome {
    const { process: name = '', quorum = 1, quorumMax: most } = this.#target;
    if (most === undefined && this.#watched.size >= quorum) return this.#running();
    const pids = pidsOf(name, most === undefined ? quorum : most + 1);
    this.#keepOnly(pids);
    const alive = pids.filter((pid) => this.#isWatched(pid));
    if (alive.length === 0) return failed(`no process ${name}`);
    if (alive.length < quorum) {
      return failed(`${alive.length} of ${quorum} processes ${name}`);
    }
    if (most !== undefined && alive.length > most) {
      return failed(`more than ${most} processes ${name}`);
    }
    const [first = 0] = alive;
    return quorum === 1 ? running(first) : passed(`${alive.length} processes`);
  }

  /** None of those that are watched has ended. */
  #running(): ProbeOutcome {
    const [first = 0] = this.#watched.keys();
    return this.#target.quorum === undefined
      ? running(first)
      : passed(`${this.#watched.size} processes`);
  }

  /** False: it has ended. */
  #isWatched(pid: number): boolean {
    if (this.#watched.has(pid)) return true;
    const fd = openPidFd(pid);
    if (fd === 'gone') return false;
    if (fd === 'unsupported') return isAlive(pid);
    this.#watched.set(pid, fd);
    this.#reactor.add(fd, () => {
      this.#forget(pid);
      this.#onEnd();
    });
    return true;
  }

  #keepOnly(pids: readonly number[]): void {
    for (const pid of this.#watched.keys()) if (!pids.includes(pid)) this.#forget(pid);
  }

  #forget(pid: number): void {
    const fd = this.#watched.get(pid);
    if (fd === undefined) return;
    this.#watched.delete(pid);
    this.#reactor.remove(fd);
    closeFd(fd);
  }
}

function running(pid: number): ProbeOutcome {
  return passed(`process ${pid}`);
}

/** A string says why there is none. */
function pidIn(file: string): number | string {
  try {
    const text = readStart(file, PID_FILE_BYTES).toString('latin1');
    const pid = /^\s*([1-9][0-9]{0,9})\s*$/.exec(text)?.[1];
    if (pid === undefined) return `${file} contains no process ID`;
    return isAlive(Number(pid)) ? Number(pid) : `process ${pid} has ended`;
  } catch (error) {
    const reason = reasonOf(error);
    if (isLocalError(reason)) throw error;
    return `${file} cannot be read: ${reason}`;
  }
}

/** Up to `limit` processes with this name, or whose program has this name. */
function pidsOf(name: string, limit: number): number[] {
  const comm = name.slice(0, COMM_MAX);
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (found.length >= limit) break;
    if (!/^[1-9][0-9]*$/.test(entry)) continue;
    if (readText(`/proc/${entry}/comm`).trimEnd() !== comm && programOf(entry) !== name) continue;
    if (!isZombie(entry)) found.push(Number(entry));
  }
  return found;
}

function programOf(pid: string): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    // The link of another user's process needs CAP_SYS_PTRACE; every user may read its arguments.
    const [program = ''] = readText(`/proc/${pid}/cmdline`).split('\0', 1);
    return basename(program);
  }
}

function isAlive(pid: number): boolean {
  return readText(`/proc/${pid}/stat`) !== '' && !isZombie(String(pid));
}

/** The state follows the name, which may itself contain brackets (proc_pid_stat(5)). */
function isZombie(pid: string): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Empty if the process has ended. */
function readText(path: string): string {
  try {
    return readStart(path, PROC_BYTES).toString('utf8');
  } catch (error) {
    if (isLocalError(reasonOf(error))) throw error;
    return '';
  }
}
