/** Which commands may run as root, and what happens to those that do not end. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeOutcome, readCommand, runCommand } from '../../src/kernel/command/command.ts';
import { checkCommand } from '../../src/kernel/permissions/command-permissions.ts';
import { findUser } from '../../src/kernel/permissions/users.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { kernelSuite } from './support.ts';

const ROOT = { uid: 0, gid: 0 };
const STRANGER = 12_345;

/** In a directory that only root can write to. */
function script(text: string, name = 'check'): string {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function refusalOf(...argv: string[]): string {
  const checked = checkCommand(argv, ROOT);
  return checked.ok ? '' : checked.error.code;
}

kernelSuite('a command that runs as root', () => {
  test('is run if no other user can change it', () => {
    expect(refusalOf(script('#!/bin/sh\n'))).toBe('');
    expect(refusalOf('/usr/bin/env')).toBe('');
  });

  test('is refused if it belongs to another user', () => {
    const path = script('#!/bin/sh\n');
    chownSync(path, STRANGER, 0);
    expect(checkCommand([path], ROOT)).toEqual({
      ok: false,
      error: {
        code: 'command-insecure',
        message: `${path} is not run as root: ${path} belongs to user ${STRANGER}`,
      },
    });
  });

  test.each([0o775, 0o757])('is refused when its mode is %o', (mode) => {
    const path = script('#!/bin/sh\n');
    chmodSync(path, mode);
    expect(refusalOf(path)).toBe('command-insecure');
  });

  test('is refused if root does not own a directory of its path', () => {
    const path = script('#!/bin/sh\n');
    chmodSync(join(path, '..'), 0o777);
    expect(refusalOf(path)).toBe('command-insecure');
  });

  test('is refused if the link to it, or its target, is not safe', () => {
    const target = script('#!/bin/sh\n');
    const link = `${script('')}-link`;
    symlinkSync(target, link);
    expect(refusalOf(link)).toBe('');
    chownSync(target, STRANGER, 0);
    expect(refusalOf(link)).toBe('command-insecure');
  });

  test.each<[string, (path: string) => string[]]>([
    ['behind another program', (path) => ['/usr/bin/timeout', '5', path]],
    ['behind two', (path) => ['/usr/bin/nice', '/usr/bin/env', 'A=1', path]],
    ['in the text of a shell', (path) => ['/bin/sh', '-c', `exec ${path} 1`]],
    [
      'in the text of a shell behind another program',
      (path) => ['/usr/bin/timeout', '5', '/bin/sh', '-c', `if ${path}; then :; fi`],
    ],
    ['in a substitution of a shell', (path) => ['/bin/sh', '-c', `A=1; X=$(${path})`]],
    [
      'behind a program that a shell runs',
      (path) => ['/bin/bash', '-c', `nice -n 5 '${path}' | cat`],
    ],
    ['in a text of one word', (path) => ['/bin/sh', '-c', `"${path}"`]],
    ['between backquotes', (path) => ['/bin/sh', '-ec', `x=\`${path}\``]],
    [
      'in a folder that a shell enters',
      (path) => ['/bin/sh', '-c', `cd ${dirname(path)} && ./check`],
    ],
    ['first in the search path', (path) => ['/bin/sh', '-c', `PATH=${dirname(path)}:$PATH check`]],
    ['among preloaded libraries', (path) => ['/usr/bin/env', `LD_PRELOAD=${path}`, '/bin/true']],
  ])('FR-O13 is refused when it stands %s and is not safe', (_, argv) => {
    const path = script('#!/bin/sh\n');
    expect(refusalOf(...argv(path))).toBe('');
    chownSync(path, STRANGER, 0);
    chownSync(dirname(path), STRANGER, 0);
    expect(refusalOf(...argv(path))).toBe('command-insecure');
  });

  test.each([
    ['/bin/sh', '-c', '/bin/true && /bin/true'],
    ['/bin/sh', '-c', '/bin/true $(/bin/date)'],
    ['/bin/bash', '-ec', '/bin/*/true'],
    ['/usr/bin/python3', '-c', '/1'],
    ['/usr/bin/awk', '/up/{found=1}END{exit !found}', '/etc/hostname'],
    ['/usr/bin/timeout', '5', '/bin/sh', '-c', '/bin/test -e /etc/hostname'],
  ])('FR-O13 is run if it is a text that begins like a path: %s %s %s', (...argv) => {
    expect(refusalOf(...argv)).toBe('');
  });

  test.each<[string, (path: string) => string[]]>([
    ['behind another program', (path) => ['/usr/bin/timeout', '5', '/bin/sh', path]],
    ['read by a shell', (path) => ['/bin/sh', '-c', `. ${path}`]],
    ['run by a shell', (path) => ['/bin/sh', '-c', `sh -e ${path}`]],
  ])('FR-O13 is refused when a script %s is not safe, executable or not', (_, argv) => {
    const path = script('exit 0\n');
    chmodSync(path, 0o644);
    expect(refusalOf(...argv(path))).toBe('');
    chownSync(path, STRANGER, 0);
    expect(refusalOf(...argv(path))).toBe('command-insecure');
  });

  test('FR-O13 may use data of others', () => {
    const path = script('1\n');
    chmodSync(path, 0o666);
    chownSync(path, STRANGER, 0);
    expect(refusalOf('/usr/bin/timeout', '5', '/usr/bin/test', '-e', path)).toBe('');
    expect(refusalOf('/bin/sh', '-c', `test -e ${path} && test -r "${path}"`)).toBe('');
    chmodSync(path, 0o755);
    expect(refusalOf('/usr/bin/pgrep', '-f', path)).toBe('');
    expect(refusalOf('/bin/sh', '-c', `pgrep -f ${path} || test -x ${path}`)).toBe('');
    expect(refusalOf('/bin/sh', '-c', 'sed -n "/some pattern/p"; /nowhere/program || true')).toBe(
      '',
    );
  });

  test('is refused when its interpreter, or the script given to one, is not safe', () => {
    const interpreter = script('');
    chownSync(interpreter, STRANGER, 0);
    expect(refusalOf(script(`#!${interpreter} -x\n`))).toBe('command-insecure');
    expect(refusalOf('/bin/sh', '-e', interpreter)).toBe('command-insecure');
    expect(refusalOf('/bin/ls', interpreter)).toBe('');
  });

  test('is refused if it is missing, not a file, not executable or not absolute', () => {
    const path = script('');
    chmodSync(path, 0o644);
    expect(refusalOf(path)).toBe('command-not-executable');
    expect(refusalOf(tmpdir())).toBe('command-not-executable');
    expect(refusalOf(`${path}-gone`)).toBe('command-missing');
    expect(refusalOf('check')).toBe('command-missing');
  });

  test('may belong to any user if it does not run as root', () => {
    const path = script('#!/bin/sh\n');
    chownSync(path, STRANGER, 0);
    expect(checkCommand([path], { uid: 65_534, gid: 65_534 }).ok).toBe(true);
    chmodSync(path, 0o700);
    expect(checkCommand([path], { uid: 65_534, gid: 65_534 }).ok).toBe(false);
  });
});

kernelSuite('the run of a command', () => {
  const run = (
    argv: string[],
    more: { user?: string; timeoutMs?: number; signal?: AbortSignal } = {},
  ) =>
    runCommand({
      argv,
      user: more.user === undefined ? undefined : findUser(more.user),
      timeoutMs: more.timeoutMs ?? 10_000,
      ...(more.signal === undefined ? {} : { signal: more.signal }),
    });

  test('has an outcome with the status and the beginning of the output', async () => {
    const outcome = await run([script('#!/bin/sh\necho no space left; exit 3\n')]);
    expect(outcome).toEqual({ kind: 'exited', status: 3, output: 'no space left\n' });
    expect(describeOutcome(outcome)).toBe('exit status 3: no space left');
  });

  test('as another user has no shell, no terminal and no group of root', async () => {
    const outcome = await run(['/usr/bin/id', '-G'], { user: 'nobody' });
    expect(outcome).toMatchObject({ status: 0, output: `${findUser('nobody')?.gid}\n` });
    expect(await run(['/bin/echo', '$HOME;ls'])).toMatchObject({ output: '$HOME;ls\n' });
  });

  test.each([
    ['its time is over', () => ({ timeoutMs: 300 }), 'timed-out'],
    ['its signal is aborted', () => ({ signal: AbortSignal.timeout(300) }), 'signalled'],
  ])('ends with its whole process group when %s', async (_, more, kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'commands-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const pidFile = join(folder, 'pid');
    const path = script(
      `#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $! > ${pidFile}\nwait\nwait\nsleep 600\n`,
    );
    expect((await run([path], more())).kind).toBe(kind);
    const pid = readFileSync(pidFile, 'utf8').trim();
    await waitFor('the end of the group', async () => !isRunning(pid));
  });

  test('does not wait for processes that it leaves in the background', async () => {
    const outcome = await run([script('#!/bin/sh\nsleep 2 &\nexit 0\n')]);
    expect(outcome.kind).toBe('exited');
  });

  test('keeps the beginning of the output and reads the rest', async () => {
    const outcome = await run(['/usr/bin/head', '-c', '3000000', '/dev/zero']);
    expect(outcome).toMatchObject({ kind: 'exited', status: 0 });
    expect(outcome.output).toHaveLength(4_096);
  });

  test('does not start if its signal is already aborted', async () => {
    const outcome = await run(['/bin/echo'], { signal: AbortSignal.abort() });
    expect(outcome).toEqual({ kind: 'failed', errno: 'ECANCELED', output: '' });
  });

  test('fails with the errno if the program does not exist', async () => {
    expect(await run(['/usr/bin/not-there'])).toEqual({
      kind: 'failed',
      errno: 'ENOENT',
      output: '',
    });
  });
});

kernelSuite('the output of a tool', () => {
  const read = (argv: string[], input?: string) =>
    readCommand({
      argv,
      user: undefined,
      timeoutMs: 10_000,
      ...(input === undefined ? {} : { input }),
    });

  test('is read to its end, and the tool reads its input to the end', async () => {
    const input = 'line\n'.repeat(200_000);
    expect(await read(['/bin/cat'], input)).toBe(input);
  });

  test('is not mixed with standard error', async () => {
    expect(await read([script('#!/bin/sh\necho warning >&2; echo text\n')])).toBe('text\n');
  });

  test('is an error with its first line if the tool fails, whether it has read its input or not', async () => {
    const path = script('#!/bin/sh\necho no such table >&2\nexit 1\n');
    await expect(read([path], 'x'.repeat(1_000_000))).rejects.toThrow(
      'exit status 1: no such table',
    );
  });
});

function isRunning(pid: string): boolean {
  try {
    return !execFileSync('cat', [`/proc/${pid}/stat`], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).includes(') Z ');
  } catch {
    return false;
  }
}

describe('users', () => {
  test('are found only in passwd', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'commands-')), 'passwd');
    onTestFinished(() => rmSync(file, { force: true }));
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'root:x:0:0:root:/root:/bin/sh\ncheck:x:998:997::/var/empty:/bin/false\n');
    expect(findUser('check', file)).toEqual({
      name: 'check',
      uid: 998,
      gid: 997,
      home: '/var/empty',
    });
    expect(findUser('nobody', file)).toBeUndefined();
  });
});
