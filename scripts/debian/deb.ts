/** A binary package of Debian (deb(5)) from a tree, by dpkg-deb. The same tree gives the same bytes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Tree } from './tree.ts';

/** Debian's names of processor architectures. */
export type Architecture = 'amd64' | 'arm64';

export interface PackageFacts {
  readonly version: string;
  readonly architecture: Architecture;
  /** Seconds since 1970: the time of the source, not of the build (SOURCE_DATE_EPOCH). */
  readonly epoch: number;
  /** Of xz: a higher one takes longer; 0: none. */
  readonly compression?: number;
}

export interface Control extends PackageFacts {
  readonly name: string;
  readonly maintainer: string;
  readonly depends: readonly string[];
  readonly more?: Readonly<Record<string, string>>;
  readonly synopsis: string;
  readonly description: readonly string[];
  /** preinst, postinst, prerm, postrm and triggers. */
  readonly scripts?: ReadonlyMap<string, string>;
  readonly compression: number;
}

/** Returns the path of the package. */
export function buildPackage(tree: Tree, control: Control, folder: string): string {
  const files = filesBelow(tree.root);
  const sums = files.map((file) => `${digest(tree.path(file))}  ${file}`);
  tree.write('DEBIAN/md5sums', `${sums.join('\n')}\n`);
  tree.write(
    'DEBIAN/control',
    controlText(
      control,
      files.map((file) => tree.path(file)),
    ),
  );
  // dpkg asks before it replaces one that the operator has changed.
  const conffiles = files.filter((file) => file.startsWith('etc/'));
  if (conffiles.length > 0) {
    tree.write('DEBIAN/conffiles', conffiles.map((file) => `/${file}\n`).join(''));
  }
  for (const [name, text] of control.scripts ?? []) {
    if (name === 'triggers') tree.write(`DEBIAN/${name}`, text);
    else tree.program(`DEBIAN/${name}`, text);
  }
  const { name, version, architecture, epoch } = control;
  const file = join(folder, `${name}_${version}_${architecture}.deb`);
  const { compression } = control;
  const flags = [
    '--root-owner-group',
    ...(compression === 0 ? ['-Znone'] : ['-Zxz', `-z${compression}`]),
  ];
  execFileSync('dpkg-deb', [...flags, '--build', tree.root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  });
  return file;
}

function controlText(control: Control, files: readonly string[]): string {
  const { name, version, architecture, maintainer, depends, more, synopsis, description } = control;
  const bytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  const fields = {
    Package: name,
    Version: version,
    Architecture: architecture,
    Maintainer: maintainer,
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    Depends: depends.join(', '),
    ...more,
    Section: 'net',
    Priority: 'optional',
    Description: [synopsis, ...description].join('\n '),
  };
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

/** Regular files, relative to the root, in a fixed order. */
function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function digest(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}

/** Debian's changelog of a package, which has one entry: CHANGELOG.md has the changes. */
export function changelog({ name, version, maintainer, epoch }: Control, text: string): string {
  const date = new Date(epoch * 1_000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium\n\n  * ${text}\n\n -- ${maintainer}  ${date}\n`;
}
