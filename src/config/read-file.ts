/** Reads configuration files from disk. */
import { hostname } from 'node:os';
import type { Result } from '../net/result.ts';
import { FILE_TREE } from './file-tree.ts';
import type { Finding } from './finding.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { readText } from './read-text.ts';

/** Never throws; an unreadable file gives a finding at 1:1. `realName`: as in `LoadOptions`. */
export function loadConfigFile(
  file: string,
  realName?: (name: string) => string,
): Result<LoadedConfig, readonly Finding[]> {
  const text = readText(file);
  if (!text.ok) return text;
  return loadConfig(text.value, {
    hostName: hostname(),
    realName,
    environment: process.env,
    place: { file, tree: FILE_TREE },
  });
}
