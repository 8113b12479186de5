/**
 * The control socket as a file. It is bound in a private directory, gets its group and mode there, and is then
 * renamed into place: the path is never missing and never has wider permissions than intended, and
 * closing a listener never removes a successor's file. If another program removes the file, clients no
 * longer reach the agent: it has to listen again.
 */
import { chmod, chown, link, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { askPid } from './client.ts';
import { ControlError } from './control-error.ts';
import { acquireLockFile, inheritLockFile, type LockFile } from './lock-file.ts';

/** Who may connect. */
export interface SocketAccess {
  /** Permission bits. */
  readonly mode: number;
  /** Group of the file; undefined: the one that the kernel gives it. */
  readonly gid?: number | undefined;
}

export interface SocketFile {
  /** Nothing is at the path any longer. */
  isGone(): Promise<boolean>;
  /** Makes `server` listen there in place of the first one. Throws if another process has the path. */
  replace(server: Server, access: SocketAccess): Promise<void>;
  /** Removes the lock, and the socket if it is still the one of this agent. */
  remove(): Promise<void>;
}

/** Makes `server` listen at `path`. Throws if an agent is running there; replaces a dead one's socket. */
export async function placeSocket(
  server: Server,
  path: string,
  access: SocketAccess,
): Promise<SocketFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const attempt = await acquireLockFile(`${path}.lock`);
  if (!attempt.held) throw agentRunning(path, attempt.pid);
  try {
    await assertFree(path);
    const inode = await bind(server, path, access);
    return socketFile(path, inode, attempt.lock);
  } catch (error) {
    await attempt.lock.release();
    throw error;
  }
}

/** A live agent may have no lock file: an operator removed it, or the agent runs in a container. */
async function assertFree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ControlError('not-a-socket', `${path} exists and is not a socket`);
  }
  const answer = await askPid(path);
  if (answer.alive) throw agentRunning(path, answer.pid);
}

/** `put` makes the file appear at the path. */
async function bind(
  server: Server,
  path: string,
  access: SocketAccess,
  put: typeof rename = rename,
): Promise<bigint> {
  const hidden = await mkdtemp(join(dirname(path), '.control-'));
  const draft = join(hidden, 's');
  try {
    await listen(server, draft);
    await setAccess(draft, access);
    const { ino } = await lstat(draft, { bigint: true });
    await put(draft, path);
    return ino;
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
}

/** The group first: a wider mode must not admit another group in the meantime. */
export async function setAccess(path: string, { mode, gid }: SocketAccess): Promise<void> {
  if (gid !== undefined && (await lstat(path)).gid !== gid) await chown(path, KEEP, gid);
  await chmod(path, mode);
}

/** The user of the file stays, see chown(2). */
const KEEP = -1;

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function socketFile(path: string, first: bigint, lock: LockFile): SocketFile {
  let inode = first;
  return {
    async isGone() {
      const found = await lstat(path).catch((error: NodeJS.ErrnoException) => error.code);
      return found === 'ENOENT';
    },
    async replace(server, access) {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      const pid = await lock.renew();
      if (pid !== undefined) throw agentRunning(path, pid);
      // A link never replaces what another process has put there in the meantime.
      inode = await bind(server, path, access, link);
    },
    async remove() {
      const found = await lstat(path, { bigint: true }).catch(() => undefined);
      if (found?.ino === inode) await rm(path, { force: true });
      await lock.release();
    },
  };
}

/** Replaces the socket of an agent that has handed over and is about to exit. */
export async function inheritSocket(
  server: Server,
  path: string,
  access: SocketAccess,
): Promise<SocketFile> {
  const lock = await inheritLockFile(`${path}.lock`);
  const inode = await bind(server, path, access);
  return socketFile(path, inode, lock);
}

function agentRunning(path: string, pid: number | undefined): ControlError {
  const who = pid === undefined ? 'a running agent' : `a running agent (pid ${pid})`;
  return new ControlError('agent-running', `${path} is in use by ${who}`, { pid });
}
