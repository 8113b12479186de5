/** Other releases of Node.js, installed from npm packages. */
import { existsSync } from 'node:fs';

/** The newest release with long-term support: that of the package vrrp-agent-node. */
export const NEWEST_LTS = '26.12.1';

/** In node_modules, which `npm ci` empties. */
const FOLDER = 'node_modules/.node-versions';

export interface NodeRelease {
  readonly program: string;
  /** Undefined: already installed. */
  readonly install: readonly [string, ...string[]] | undefined;
}

export function nodeRelease(version: string): NodeRelease {
  const prefix = `${FOLDER}/${version}`;
  const name = `node-linux-${process.arch}`;
  const program = `${prefix}/node_modules/${name}/bin/node`;
  const flags = ['--no-save', '--ignore-scripts', '--no-package-lock'];
  return {
    program,
    install: existsSync(program)
      ? undefined
      : ['npm', 'install', ...flags, '--prefix', prefix, `${name}@${version}`],
  };
}
