/** Reads configuration files from disk. */
import { hostname } from 'node:os';
import { readStart } from '../files/regular-file.ts';
import { failure, type Result, success } from '../net/result.ts';
import type { Finding } from './finding.ts';
import type { HostFacts } from './host-facts.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { MAXIMUM_LENGTH } from './text/document.ts';

/** Never throws; an unreadable file gives a finding at 1:1. */
export function loadConfigFile(
  file: string,
  host: HostFacts = {},
): Result<LoadedConfig, readonly Finding[]> {
  const text = readText(file);
  return text.ok ? loadConfig(text.value, { hostName: hostname(), ...host }) : text;
}

/** The text of a configuration or scenario file. */
export function readText(file: string): Result<string, readonly Finding[]> {
  try {
    // One byte more than allowed, so that a longer file is refused rather than cut.
    const bytes = readStart(file, MAXIMUM_LENGTH + 1);
    return success(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot read the file: ${reason}`;
    return failure([{ line: 1, column: 1, code: 'unreadable', message }]);
  }
}
