/**
 * Commands that run as root must be writable by root alone: a user who can change the file, a directory
 * in its path, or the interpreter it names can become root. Refused commands are mistakes in the
 * configuration, so the error names the path and the user who can change it.
 *
 * The permission bits also cover POSIX ACLs: the group bits are the mask of all of them (acl(5)).
 */
import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { readStart } from '../../files/regular-file.ts';
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

/** These programs, and two words of a shell, run the first argument that is a path as a script. */
const RUNS_SCRIPT =
  /^(env|(ba|da|z|k|a)?sh|busybox|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|node|lua[0-9.]*|awk|\.|source)$/;

/** These programs run another one, which is among their arguments. */
const RUNS_PROGRAM =
  /^(env|timeout|nice|ionice|chrt|taskset|numactl|prlimit|setsid|nohup|flock|stdbuf|time|sudo|doas|su|runuser|setpriv|capsh|unshare|nsenter|chroot|ip|xargs|find|parallel|watch|script|strace|systemd-run|systemd-cat|start-stop-daemon|logger)$/;

/** Assignments and words of a shell in front of a program. */
const BEFORE_PROGRAM =
  /^([A-Za-z_]\w*=.*|if|then|else|elif|while|until|do|!|\{|exec|command|builtin|eval|time)$/;

/** The next argument is the text of a command, or of a program. */
const TEXT_FOLLOWS = /^-[A-Za-z]*c$/;

const SEARCHED =
  /^(PATH|LD_PRELOAD|LD_LIBRARY_PATH|BASH_ENV|ENV|PYTHONPATH|PERL5LIB|RUBYLIB|NODE_PATH)=(.*)$/;

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

/**
 * Describes which user besides root and `trusted` can change the file or directory at the path; undefined
 * if none can.
 */
export function whoCanChange(path: string, trusted = 0): string | undefined {
  return walk(path, { links: 0, trusted });
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

/** All that may be run: programs, also behind another one, scripts, and the interpreters that they name. */
function pathsOf(argv: readonly string[]): string[] {
  return [...new Set(programsIn(argv).flatMap((path) => [path, ...interpreterOf(path)]))];
}

/** The files that one command runs: `timeout 5 F`, `sh F`, `sh -c "exec F"`. Its data are not among them. */
function programsIn(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !BEFORE_PROGRAM.test(word));
  const [program, ...rest] = start < 0 ? [] : words.slice(start);
  const paths = searchedIn(start < 0 ? words : words.slice(0, start));
  if (program === undefined) return paths;
  if (isAbsolute(program)) paths.push(program);
  const name = basename(program);
  if (name === 'env') paths.push(...searchedIn(rest));
  if (RUNS_SCRIPT.test(name)) paths.push(...scriptIn(name, rest));
  if (!runsAnother(name)) return paths;
  for (const [position, word] of rest.entries()) {
    if (isText(rest, position)) paths.push(...programsInText(word));
    else if (runsAnother(basename(word))) return [...paths, ...programsIn(rest.slice(position))];
    else if (isAbsolute(word) && isExecutable(word)) paths.push(word);
  }
  return paths;
}

/** The first path among the arguments of an interpreter, unless it runs a text (`-c`). */
function scriptIn(interpreter: string, words: readonly string[]): string[] {
  if (words.some((word) => TEXT_FOLLOWS.test(word))) return [];
  const isScript = (word: string) =>
    // Who may create a missing one is who may change it; what awk runs is mostly a pattern.
    isFile(word) || (interpreter !== 'awk' && existsSync(dirname(word)));
  const found = words.find((word, at) => isAbsolute(word) && !isText(words, at) && isScript(word));
  return found === undefined ? [] : [found];
}

/** The argument is a text, such as that of a shell, and no path with spaces. */
function isText(words: readonly string[], position: number): boolean {
  if (TEXT_FOLLOWS.test(words[position - 1] ?? '')) return true;
  const word = words[position] ?? '';
  return /\s/.test(word) && !isFile(word);
}

/** `cd` is followed, so that a relative path is found. */
function programsInText(text: string): string[] {
  let folder = '/';
  return commandsIn(text).flatMap((command) => {
    const words = command.map((word) => (/^\.{1,2}\//.test(word) ? resolve(folder, word) : word));
    const [first, second = ''] = words;
    if (first === 'cd') folder = resolve(folder, second);
    return programsIn(words).filter(isFileOrSearched(words));
  });
}

/** A text may also be a pattern: of its folders, only those of a search path count. */
function isFileOrSearched(words: readonly string[]): (path: string) => boolean {
  const searched = searchedIn(words);
  return (path) => isFile(path) || searched.includes(path);
}

/** Files and folders of assignments from which a program is taken, or code that it loads. */
function searchedIn(words: readonly string[]): string[] {
  return words
    .flatMap((word) => SEARCHED.exec(word)?.[2]?.split(/[: ]/) ?? [])
    .filter((path) => isAbsolute(path) && existsSync(path));
}

function runsAnother(name: string): boolean {
  return RUNS_SCRIPT.test(name) || RUNS_PROGRAM.test(name);
}

/** The simple commands in the text of a shell, as words without quotes. */
function commandsIn(text: string): string[][] {
  return text.split(/[;&|()`\n]/).map((command) =>
    command
      .split(/\s+/)
      .map((word) => word.replaceAll(/["'$]/g, ''))
      .filter((word) => word !== ''),
  );
}

function isFile(path: string): boolean {
  return modeOf(path) !== undefined;
}

function isExecutable(path: string): boolean {
  return ((modeOf(path) ?? 0) & 0o111) !== 0;
}

/** Undefined if it is not a regular file. */
function modeOf(path: string): number | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() ? stats.mode : undefined;
  } catch {
    return undefined;
  }
}

/** The interpreter after `#!` (execve(2)). */
function interpreterOf(program: string): string[] {
  try {
    const path = /^#!\s*(\/[^\s\0]*)/.exec(readStart(program, 256).toString('latin1'))?.[1];
    return path === undefined ? [] : [path];
  } catch {
    return [];
  }
}

/** Checks every component from `/` on, through symbolic links: only root may be able to change it. */
function walk(path: string, seen: { links: number; readonly trusted: number }): string | undefined {
  const { trusted } = seen;
  let current = '/';
  let weak = weakness(current, 'directory', trusted);
  for (const name of resolve(path)
    .split('/')
    .filter((part) => part !== '')) {
    if (weak !== undefined) return weak;
    current = current === '/' ? `/${name}` : `${current}/${name}`;
    const stats = statsOf(current);
    if (typeof stats === 'string') return stats;
    if (stats.isSymbolicLink()) {
      if (!isTrusted(stats.uid, trusted)) return `${current} belongs to user ${stats.uid}`;
      seen.links += 1;
      if (seen.links > SYMLINKS_MAX) return `${current} leads through too many symbolic links`;
      const target = resolve(dirname(current), readlinkSync(current));
      weak = walk(target, seen);
      current = target;
    } else {
      weak = weakness(current, stats.isDirectory() ? 'directory' : 'file', trusted);
    }
  }
  return weak;
}

/** In a sticky directory, other users cannot replace what belongs to root (inode(7)). */
function weakness(path: string, kind: 'directory' | 'file', trusted: number): string | undefined {
  const stats = statsOf(path);
  if (typeof stats === 'string') return stats;
  if (!isTrusted(stats.uid, trusted)) return `${path} belongs to user ${stats.uid}`;
  const isShared = (stats.mode & GROUP_OR_OTHERS_WRITE) !== 0;
  if (!isShared || (kind === 'directory' && (stats.mode & STICKY) !== 0)) return undefined;
  const who = (stats.mode & 0o002) !== 0 ? 'any user' : `group ${stats.gid}`;
  return `${who} can write to ${path}`;
}

function isTrusted(uid: number, trusted: number): boolean {
  return uid === 0 || uid === trusted;
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
