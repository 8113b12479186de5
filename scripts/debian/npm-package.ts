/** Files of npm packages: of the installed ones, and of those for another architecture. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly folder: string;
}

export function installedPackage(name: string): NpmPackage {
  return packageIn(join('node_modules', name));
}

/** Unpacked into `folder`, by npm, which knows the digest of what it downloads. */
export function downloadedPackage(name: string, version: string, folder: string): NpmPackage {
  const target = join(folder, `${name.replace('/', '-')}-${version}`);
  if (!existsSync(target)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['--silent', '--ignore-scripts', '--pack-destination', folder];
    const output = execFileSync('npm', ['pack', ...flags, `${name}@${version}`], {
      encoding: 'utf8',
    });
    const partial = `${target}.partial`;
    mkdirSync(partial, { recursive: true });
    const archive = join(folder, output.trim());
    execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', partial]);
    renameSync(partial, target);
  }
  return packageIn(target);
}

function packageIn(folder: string): NpmPackage {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as NpmPackage;
  return { name, version, license, folder };
}

/** The text of the licence file. */
export function licenseText({ name, license, folder }: NpmPackage): string {
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${name} (${license}) comes without a licence file`);
  return readFileSync(join(folder, file), 'utf8');
}
