/** Reads configuration files from disk. */
import { hostname } from 'node:os';
import type { Result } from '../net/result.ts';
import { FILE_TREE } from './file-tree.ts';
import type { Finding } from './finding.ts';
import type { HostFacts } from './host-facts.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { readText } from './read-text.ts';

/** Never throws; an unreadable file gives a finding at 1:1. */
export function loadConfigFile(
  file: string,
  host: HostFacts = {},
): Result<LoadedConfig, readonly Finding[]> {
  const text = readText(file);
  if (!text.ok) return text;
  return loadConfig(text.value, {
    hostName: hostname(),
    ...host,
    environment: process.env,
    place: { file, tree: FILE_TREE },
  });
}
