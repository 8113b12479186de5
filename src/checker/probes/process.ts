/**
 * Up while a process runs, which is found by name or by PID file. A pidfd (pidfd_open(2)) reports its
 * end immediately; while it runs, `/proc` is not searched.
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
  #watched: { readonly pid: number; readonly fd: number } | undefined;

  /** `onEnd`: the process has ended. */
  constructor(target: ProcessTarget, reactor: Reactor, onEnd: () => void) {
    this.#target = target;
    this.#reactor = reactor;
    this.#onEnd = onEnd;
  }

  run(): Promise<ProbeOutcome> {
    return Promise.resolve(this.#check());
  }

  close(): void {
    if (this.#watched === undefined) return;
    this.#reactor.remove(this.#watched.fd);
    closeFd(this.#watched.fd);
    this.#watched = undefined;
  }

  #check(): ProbeOutcome {
    const { process: name, pidFile } = this.#target;
    if (pidFile === undefined && this.#watched !== undefined) return running(this.#watched.pid);
    const pid = pidFile === undefined ? pidOf(name ?? '') : pidIn(pidFile);
    if (typeof pid === 'string') {
      this.close();
      return failed(pid);
    }
    if (this.#watched?.pid === pid) return running(pid);
    this.close();
    const fd = openPidFd(pid);
    if (fd === 'gone') return failed(`process ${pid} has ended`);
    if (fd === 'unsupported')
      return isAlive(pid) ? running(pid) : failed(`process ${pid} has ended`);
    this.#watched = { pid, fd };
    this.#reactor.add(fd, () => {
      this.close();
      this.#onEnd();
    });
    return running(pid);
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

/** The first process with this name, or whose program has this name. */
function pidOf(name: string): number | string {
  const comm = name.slice(0, COMM_MAX);
  for (const entry of readdirSync('/proc')) {
    if (!/^[1-9][0-9]*$/.test(entry)) continue;
    if (readText(`/proc/${entry}/comm`).trimEnd() !== comm && programOf(entry) !== name) continue;
    if (!isZombie(entry)) return Number(entry);
  }
  return `no process ${name}`;
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
