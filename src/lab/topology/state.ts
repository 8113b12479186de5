/**
 * What is known of the labs on this machine, one file each: enough to tear a lab down after the
 * program that made it has died.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../command.ts';
import { checkPrefix } from './layout.ts';
import type { ProcessIdentity } from './processes.ts';

const DIRECTORY = '/run/vrrp-agent/lab';

export interface LabState {
  readonly prefix: string;
  readonly directorCount: number;
  readonly processes: readonly ProcessIdentity[];
}

/** Where the lab keeps configurations, sockets, logs and captures; gone after tear-down. */
export function workDirectory(prefix: string): string {
  return join(DIRECTORY, checkPrefix(prefix));
}

function stateFile(prefix: string): string {
  return join(DIRECTORY, `${checkPrefix(prefix)}.json`);
}

/** Fails when there is a lab of the name: `wx` decides between two that try at once. */
export function claimState(state: LabState): void {
  mkdirSync(workDirectory(state.prefix), { recursive: true, mode: 0o755 });
  try {
    writeFileSync(stateFile(state.prefix), serialize(state), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new LabError('lab-exists', `there is a lab '${state.prefix}' already`);
  }
}

/** By renaming, so that a reader never sees half a file. */
export function writeState(state: LabState): void {
  const temporary = `${stateFile(state.prefix)}.new`;
  writeFileSync(temporary, serialize(state));
  renameSync(temporary, stateFile(state.prefix));
}

export function readState(prefix: string): LabState | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(prefix), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  return parseState(prefix, text);
}

export function removeState(prefix: string): void {
  rmSync(workDirectory(prefix), { recursive: true, force: true });
  rmSync(stateFile(prefix), { force: true });
  rmSync(`${stateFile(prefix)}.new`, { force: true });
}

export function knownPrefixes(): string[] {
  try {
    return readdirSync(DIRECTORY)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

function serialize(state: LabState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/** A file cut off by a full disk still names a lab that has to go. */
function parseState(prefix: string, text: string): LabState {
  try {
    const value: unknown = JSON.parse(text);
    if (isState(value) && value.prefix === prefix) return value;
  } catch {
    // Judged below, like a document of another shape.
  }
  throw new LabError('lab-state-error', `${stateFile(prefix)} is no record of a lab`);
}

function isState(value: unknown): value is LabState {
  if (typeof value !== 'object' || value === null) return false;
  const { prefix, directorCount, processes } = value as Partial<LabState>;
  return (
    typeof prefix === 'string' &&
    typeof directorCount === 'number' &&
    Array.isArray(processes) &&
    processes.every(
      ({ pid, startTime, label }: Partial<ProcessIdentity>) =>
        typeof pid === 'number' && typeof startTime === 'string' && typeof label === 'string',
    )
  );
}
