/**
 * State files of the labs on this host, one each: enough to remove a lab after the process that
 * created it has died.
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

/** Directory for configurations, sockets, logs and captures; removed with the lab. */
export function workDirectory(prefix: string): string {
  return join(DIRECTORY, checkPrefix(prefix));
}

function stateFile(prefix: string): string {
  return join(DIRECTORY, `${checkPrefix(prefix)}.json`);
}

/** Fails if the lab exists: with `wx`, only one of two concurrent callers succeeds. */
export function claimState(state: LabState): void {
  mkdirSync(workDirectory(state.prefix), { recursive: true, mode: 0o755 });
  try {
    writeFileSync(stateFile(state.prefix), serialize(state), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new LabError('lab-exists', `lab '${state.prefix}' already exists`);
  }
}

/** Writes a new file and renames it: readers never see half a file. */
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

/** The file may be incomplete, for example after a full disk. */
function parseState(prefix: string, text: string): LabState {
  try {
    const value: unknown = JSON.parse(text);
    if (isState(value) && value.prefix === prefix) return value;
  } catch {
    // Reported below, like a document of another shape.
  }
  throw new LabError('lab-state-error', `${stateFile(prefix)} is not a lab state file`);
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
