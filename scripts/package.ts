/**
 * Builds the Debian packages into build/. `scripts/package` calls it after `npm run build`.
 *   --arch amd64|arm64   default: that of this machine
 *   --version VERSION    default: that of package.json
 *   --only agent|node    default: both packages
 *   --into FOLDER        default: build
 *   --compression 0…9    of xz, 0: none; default: one that suits the package
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAgentPackage } from './debian/agent-package.ts';
import type { Architecture } from './debian/deb.ts';
import { buildNodePackage } from './debian/node-package.ts';
import { downloadedPackage, installedPackage } from './debian/npm-package.ts';
import { NEWEST_LTS } from './node-versions.ts';

const FOLDER = 'build';
const DOWNLOADS = 'node_modules/.package-downloads';
const MAINTAINER = 'vrrp-agent authors <vrrp-agent@users.noreply.github.com>';

/** Node's names for Debian's architectures. */
const NODE_NAMES: Readonly<Record<Architecture, string>> = { amd64: 'x64', arm64: 'arm64' };

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    version: { type: 'string', default: ownVersion() },
    only: { type: 'string' },
    into: { type: 'string', default: FOLDER },
    compression: { type: 'string' },
  },
});
const architecture = architectureNamed(values.arch);
const staging = mkdtempSync(join(tmpdir(), 'vrrp-agent-package-'));
try {
  const common = {
    architecture,
    maintainer: MAINTAINER,
    epoch: sourceTime(),
    folder: values.into,
    ...(values.compression === undefined ? {} : { compression: Number(values.compression) }),
  };
  mkdirSync(values.into, { recursive: true });
  if (values.only !== 'node') {
    const at = join(staging, 'agent');
    const native = koffiFor(architecture);
    const { version } = values;
    report(await buildAgentPackage({ ...common, version, native, staging: at }));
  }
  if (values.only !== 'agent') {
    const at = join(staging, 'node');
    const name = `node-linux-${NODE_NAMES[architecture]}`;
    const node = downloadedPackage(name, NEWEST_LTS, DOWNLOADS);
    const { version } = node;
    report(buildNodePackage({ ...common, version, node, staging: at }));
  }
} finally {
  rmSync(staging, { recursive: true, force: true });
}

function report(file: string): void {
  console.log(`${file}  ${(statSync(file).size / 1_000_000).toFixed(1)} MB`);
}

function ownVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
}

function architectureNamed(name: string): Architecture {
  if (name === 'amd64' || name === 'arm64') return name;
  throw new Error(`--arch must be amd64 or arm64, not ${name}`);
}

function koffiFor(architecture: Architecture) {
  const name = `@koromix/koffi-linux-${NODE_NAMES[architecture]}`;
  if (NODE_NAMES[architecture] === process.arch) return installedPackage(name);
  return downloadedPackage(name, installedPackage('koffi').version, DOWNLOADS);
}

/** The time of the newest commit, so that every build of it gives the same bytes. */
function sourceTime(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  const text = given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' });
  return Number(text);
}
