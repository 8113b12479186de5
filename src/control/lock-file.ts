/**
 * A file that names the process which holds a resource. It guards the moment in which two processes
 * find the same abandoned socket. A dead process holds nothing, even if its pid is in use again.
 */
import { randomUUID } from 'node:crypto';
import { link, lstat, rename, rm, writeFile } from 'node:fs/promises';
import { readStart } from '../files/regular-file.ts';

export interface LockFile {
  /** Makes the file again if it has vanished; returns a live process that has it meanwhile. */
  renew(): Promise<number | undefined>;
  /** Removes the file if it still names this process. */
  release(): Promise<void>;
}

export type LockAttempt =
  | { readonly held: true; readonly lock: LockFile }
  | { readonly held: false; readonly pid: number };

const ATTEMPTS = 10;

/** More than a line of /proc/PID/stat. */
const BYTES_MAX = 4_096;

/** Acquires the lock, or returns the live process that holds it. */
export async function acquireLockFile(path: string): Promise<LockAttempt> {
  const own = identityOf(process.pid);
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${own}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await linkNew(draft, path)) return { held: true, lock: await lockFile(path, own) };
      const holder = read(path);
      if (holder === undefined) continue;
      const pid = livePid(holder);
      if (pid !== undefined) return { held: false, pid };
      await retire(path, holder);
    }
    throw new Error(`could not acquire ${path}: other processes keep acquiring and releasing it`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Takes the lock from a process that has handed over and is about to exit. */
export async function inheritLockFile(path: string): Promise<LockFile> {
  const own = identityOf(process.pid);
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${own}\n`, { mode: 0o600 });
  await rename(draft, path);
  return await lockFile(path, own);
}

async function lockFile(path: string, own: string): Promise<LockFile> {
  let made = await stampOf(path);
  return {
    async renew() {
      if (read(path) === own) return undefined;
      const attempt = await acquireLockFile(path);
      if (!attempt.held) return attempt.pid;
      made = await stampOf(path);
      return undefined;
    },
    async release() {
      const found = await stampOf(path);
      if (found !== undefined && found === made) await rm(path, { force: true });
    },
  };
}

/**
 * Tells the file from one that another process has put there; undefined: there is none. A process without
 * a free descriptor could not read it.
 */
async function stampOf(path: string): Promise<string | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? undefined : `${found.ino} ${found.mtimeNs}`;
}

/** False if the path already exists: link(2) never replaces a file. */
async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Removes a dead holder's file. Between the read and the rename another process may have done the
 * same and acquired the lock: its file is then put back.
 */
async function retire(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside) !== holder) await linkNew(aside, path);
  await rm(aside, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readStart(path, BYTES_MAX).toString('utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function livePid(identity: string): number | undefined {
  const pid = Number.parseInt(identity, 10);
  if (!(pid > 0)) return undefined;
  try {
    return identityOf(pid) === identity ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Pid and start time: field 22 of /proc/PID/stat, counted after the name (proc(5)). */
function identityOf(pid: number): string {
  const stat = readStart(`/proc/${pid}/stat`, BYTES_MAX).toString('utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${fields[19] ?? ''}`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
