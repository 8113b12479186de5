/**
 * A file that names the process which holds a resource. It guards the moment in which two processes
 * find the same abandoned socket. A dead process holds nothing, even if its pid is in use again.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';

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

/** Acquires the lock, or returns the live process that holds it. */
export async function acquireLockFile(path: string): Promise<LockAttempt> {
  const own = await identityOf(process.pid);
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${own}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await linkNew(draft, path)) return { held: true, lock: lockFile(path, own) };
      const holder = await read(path);
      if (holder === undefined) continue;
      const pid = await livePid(holder);
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
  const own = await identityOf(process.pid);
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${own}\n`, { mode: 0o600 });
  await rename(draft, path);
  return lockFile(path, own);
}

function lockFile(path: string, own: string): LockFile {
  return {
    async renew() {
      if ((await read(path)) === own) return undefined;
      const attempt = await acquireLockFile(path);
      return attempt.held ? undefined : attempt.pid;
    },
    async release() {
      if ((await read(path)) === own) await rm(path, { force: true });
    },
  };
}

/** False if the path exists already: link(2) never replaces a file. */
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
  if ((await read(aside)) !== holder) await linkNew(aside, path);
  await rm(aside, { force: true });
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function livePid(identity: string): Promise<number | undefined> {
  const pid = Number.parseInt(identity, 10);
  if (!(pid > 0)) return undefined;
  try {
    return (await identityOf(pid)) === identity ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Pid and start time: field 22 of /proc/PID/stat, counted after the name (proc(5)). */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${fields[19] ?? ''}`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
