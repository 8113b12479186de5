/** Removes a lab by its name, complete or not, whichever process created it. Idempotent. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { LabError, run } from '../command.ts';
import { sleep } from '../wait.ts';
import { CLIENTS_MAX, DIRECTORS_MAX, labLayout, namespacesOf, WITNESSES_MAX } from './layout.ts';
import {
  isRunning,
  type ProcessIdentity,
  signalGroup,
  startTimeOf,
  waitUntilGone,
} from './processes.ts';
import { knownPrefixes, type LabState, readState, removeState } from './state.ts';

const GONE_WITHIN_MILLISECONDS = 5_000;
const STRAGGLER_MILLISECONDS = 30;

/** False if there was nothing to remove. */
export async function tearDown(prefix: string): Promise<boolean> {
  const isRecorded = knownPrefixes().includes(prefix);
  const state = readableState(prefix);
  const directors = state?.directorCount ?? DIRECTORS_MAX;
  const layout = labLayout(prefix, directors, false, CLIENTS_MAX, WITNESSES_MAX);
  const existing = await existingNamespaces();
  const namespaces = namespacesOf(layout).filter((name) => existing.has(name));
  const recorded = state?.processes ?? [];
  for (const identity of recorded) signalGroup(identity, 'SIGKILL');
  let remaining = recorded;
  do {
    const others = await killProcessesIn(namespaces);
    remaining = [...remaining, ...others];
    if (!(await waitUntilGone(remaining, GONE_WITHIN_MILLISECONDS))) {
      const left = remaining.filter(isRunning).map(({ pid }) => pid);
      throw new LabError('not-ready', `lab '${prefix}': processes still run: ${left.join(', ')}`);
    }
    remaining = [];
    // A process that is just being started may not have entered the namespace yet.
    await sleep(STRAGGLER_MILLISECONDS);
  } while ((await foreignPidsIn(namespaces)).length > 0);
  const lines = namespaces.map((name) => `netns del ${name}\n`).join('');
  forgetMasterships(namespaces);
  if (lines !== '') await deleteNamespaces(namespaces, lines);
  removeState(prefix);
  return isRecorded || namespaces.length > 0;
}

/** An agent that is killed leaves a file in memory for the next one of its network namespace. */
function forgetMasterships(namespaces: readonly string[]): void {
  for (const name of namespaces) {
    const number = statSync(`/run/netns/${name}`, { throwIfNoEntry: false })?.ino;
    rmSync(`/dev/shm/vrrp-agent-masterships-${number}`, { force: true });
  }
}

/** Another process may remove the same lab: a missing namespace is not a failure. */
async function deleteNamespaces(namespaces: readonly string[], lines: string): Promise<void> {
  try {
    await run('ip', ['-force', '-batch', '-'], { input: lines });
  } catch (cause) {
    const left = await existingNamespaces();
    if (namespaces.some((name) => left.has(name))) throw cause;
  }
}

export async function tearDownAll(): Promise<string[]> {
  const prefixes = knownPrefixes();
  for (const prefix of prefixes) await tearDown(prefix);
  return prefixes;
}

/** A lab with an unreadable state file can still be removed: the names of namespaces are known. */
function readableState(prefix: string): LabState | undefined {
  try {
    return readState(prefix);
  } catch (cause) {
    if (cause instanceof LabError) return undefined;
    throw cause;
  }
}

async function existingNamespaces(): Promise<Set<string>> {
  const list = await run('ip', ['netns', 'list']);
  return new Set(list.split('\n').map((line) => line.split(' ')[0] ?? ''));
}

async function killProcessesIn(namespaces: readonly string[]): Promise<ProcessIdentity[]> {
  const others = (await foreignPidsIn(namespaces)).map(identityOf);
  for (const { pid, startTime } of others) killSingle(pid, startTime);
  return others;
}

async function foreignPidsIn(namespaces: readonly string[]): Promise<number[]> {
  const pids = (await Promise.all(namespaces.map(pidsIn))).flat();
  return pids.filter((pid) => !isAncestor(pid));
}

/** Everything in the lab's namespaces belongs to the lab, even a shell left open. */
async function pidsIn(namespace: string): Promise<number[]> {
  const list = await run('ip', ['netns', 'pids', namespace]);
  return list.split('\n').filter(Boolean).map(Number);
}

function identityOf(pid: number) {
  return { pid, startTime: startTimeOf(pid) ?? '', label: 'unknown' };
}

function killSingle(pid: number, startTime: string): void {
  if (startTime === '' || startTimeOf(pid) !== startTime) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** `lab down` typed inside the lab must not kill the shell it was typed in. */
function isAncestor(pid: number): boolean {
  for (let at = process.pid; at > 1; at = parentOf(at)) {
    if (at === pid) return true;
  }
  return false;
}

function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  } catch {
    return 0;
  }
}
