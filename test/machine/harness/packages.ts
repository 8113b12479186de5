/** The packages of this checkout, the agent in two versions. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with the packages, if they have been built before. */
const BUILT_BEFORE = process.env['VRRP_AGENT_PACKAGES'];

export const NEXT_VERSION = '99.0.0';

export interface Packages {
  /** The file whose name matches. */
  readonly file: (pattern: RegExp) => string;
  readonly remove: () => void;
}

/** Takes minutes, unless VRRP_AGENT_PACKAGES names a folder. */
export function buildPackages(): Packages {
  const folder = BUILT_BEFORE ?? mkdtempSync(join(tmpdir(), 'vrrp-agent-debs-'));
  if (BUILT_BEFORE === undefined) {
    build(folder);
    build(folder, '--only', 'agent', '--version', NEXT_VERSION);
  }
  const names = readdirSync(folder);
  return {
    file: (pattern) => {
      const found = names.find((name) => pattern.test(name));
      if (found === undefined) throw new Error(`no package ${pattern}`);
      return join(folder, found);
    },
    remove: () => {
      if (BUILT_BEFORE === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function build(folder: string, ...more: readonly string[]): void {
  execFileSync('node', ['dist/scripts/package.js', '--into', folder, ...more], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
