/** Reads configuration files from disk. */
import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { failure, type Result, success } from '../net/result.ts';
import type { Finding } from './finding.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { MAXIMUM_LENGTH } from './text/document.ts';

/** Never throws; an unreadable file gives a finding at 1:1. `realName`: as in `LoadOptions`. */
export function loadConfigFile(
  file: string,
  realName?: (name: string) => string,
): Result<LoadedConfig, readonly Finding[]> {
  const text = readText(file);
  return text.ok ? loadConfig(text.value, { hostName: hostname(), realName }) : text;
}

/** The text of a configuration or scenario file. */
export function readText(file: string): Result<string, readonly Finding[]> {
  try {
    return success(readBounded(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot read the file: ${reason}`;
    return failure([{ line: 1, column: 1, code: 'unreadable', message }]);
  }
}

/** Stops after the allowed length: the path may point to a device or a huge log by mistake. */
function readBounded(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total <= MAXIMUM_LENGTH; ) {
      const chunk = Buffer.alloc(65_536);
      const length = readSync(descriptor, chunk, 0, chunk.length, null);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } finally {
    closeSync(descriptor);
  }
}
