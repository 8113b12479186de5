/**
 * Commands that run as root must be writable by root alone: a user who can change the file, a directory
 * in its path, or the interpreter it names can become root. Refused commands are mistakes in the
 * configuration, so the error names the path and the user who can change it.
 *
 * The permission bits also cover POSIX ACLs: the group bits are the mask of all of them (acl(5)).
 */
import { closeSync, lstatSync, openSync, readlinkSync, readSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { failure, type Result, success } from '../../net/result.ts';

interface UnsafeCommand {
  readonly code: 'command-missing' | 'command-not-executable' | 'command-insecure';
  /** For people; names the path. */
  readonly message: string;
}

/** The user that the command runs as; 0 is root. */
export interface CommandUser {
  readonly uid: number;
  readonly gid: number;
}

/** The limit of path_resolution(7). */
const SYMLINKS_MAX = 40;

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** These programs run the first argument that is a path. */
const INTERPRETER =
  /^(env|(ba|da|z|k|a)?sh|busybox|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|node|lua[0-9.]*|awk)$/;

/** Checks that the command is executable and, if it runs as root, that no other user can change it. */
export function checkCommand(
  argv: readonly string[],
  { uid, gid }: CommandUser,
): Result<undefined, UnsafeCommand> {
  const [program = ''] = argv;
  const refusal = whyNotExecutable(program, uid, gid);
  if (refusal !== undefined) return failure(refusal);
  if (uid !== 0) return success(undefined);
  for (const path of pathsOf(argv)) {
    const changer = whoCanChange(path);
    if (changer !== undefined) {
      const message = `${path} is not run as root: ${changer}`;
      return failure({ code: 'command-insecure', message });
    }
  }
  return success(undefined);
}

/** Describes which user besides root can change the file at the path; undefined if none can. */
export function whoCanChange(path: string): string | undefined {
  return walk(path, { links: 0 });
}

function whyNotExecutable(program: string, uid: number, gid: number): UnsafeCommand | undefined {
  if (!isAbsolute(program)) {
    return { code: 'command-missing', message: `${program} is not an absolute path` };
  }
  try {
    const stats = statSync(program);
    if (!stats.isFile()) {
      return { code: 'command-not-executable', message: `${program} is not a file` };
    }
    if ((stats.mode & executeBit(uid, gid, stats.uid, stats.gid)) === 0) {
      const message = `${program} is not executable for user ${uid}`;
      return { code: 'command-not-executable', message };
    }
    return undefined;
  } catch (error) {
    return { code: 'command-missing', message: `${program} cannot be run: ${errorText(error)}` };
  }
}

/** Root needs any of the three bits (capabilities(7), CAP_DAC_OVERRIDE). */
function executeBit(uid: number, gid: number, owner: number, group: number): number {
  if (uid === 0) return 0o111;
  if (uid === owner) return 0o100;
  return gid === group ? 0o010 : 0o001;
}

function pathsOf(argv: readonly string[]): string[] {
  const [program = '', ...rest] = argv;
  const paths = [program];
  const interpreter = interpreterOf(program);
  if (interpreter !== undefined) paths.push(interpreter);
  if (INTERPRETER.test(basename(program))) {
    const script = rest.find((argument) => isAbsolute(argument));
    if (script !== undefined) paths.push(script);
  }
  return paths;
}

/** The interpreter after `#!` (execve(2)). */
function interpreterOf(program: string): string | undefined {
  const bytes = Buffer.alloc(256);
  try {
    const file = openSync(program, 'r');
    const length = readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
    return /^#!\s*(\/[^\s\0]*)/.exec(bytes.toString('latin1', 0, length))?.[1];
  } catch {
    return undefined;
  }
}

/** Checks every component from `/` on, through symbolic links: only root may be able to change it. */
function walk(path: string, seen: { links: number }): string | undefined {
  let current = '/';
  let weak = weakness(current, 'directory');
  for (const name of resolve(path)
    .split('/')
    .filter((part) => part !== '')) {
    if (weak !== undefined) return weak;
    current = current === '/' ? `/${name}` : `${current}/${name}`;
    const stats = statsOf(current);
    if (typeof stats === 'string') return stats;
    if (stats.isSymbolicLink()) {
      if (stats.uid !== 0) return `${current} belongs to user ${stats.uid}`;
      seen.links += 1;
      if (seen.links > SYMLINKS_MAX) return `${current} leads through too many symbolic links`;
      const target = resolve(dirname(current), readlinkSync(current));
      weak = walk(target, seen);
      current = target;
    } else {
      weak = weakness(current, stats.isDirectory() ? 'directory' : 'file');
    }
  }
  return weak;
}

/** In a sticky directory, other users cannot replace what belongs to root (inode(7)). */
function weakness(path: string, kind: 'directory' | 'file'): string | undefined {
  const stats = statsOf(path);
  if (typeof stats === 'string') return stats;
  if (stats.uid !== 0) return `${path} belongs to user ${stats.uid}`;
  const isShared = (stats.mode & GROUP_OR_OTHERS_WRITE) !== 0;
  if (!isShared || (kind === 'directory' && (stats.mode & STICKY) !== 0)) return undefined;
  const who = (stats.mode & 0o002) !== 0 ? 'any user' : `group ${stats.gid}`;
  return `${who} can write to ${path}`;
}

function statsOf(path: string) {
  try {
    return lstatSync(path);
  } catch (error) {
    return `${path} cannot be examined: ${errorText(error)}`;
  }
}

function errorText(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
