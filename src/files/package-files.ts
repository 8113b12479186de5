/**
 * Where the files of this package are. The program runs in three forms: as the bundle (installed), as
 * modules in `dist` (a checkout), and uncompiled (tests, which start the programs in `dist`). In each of
 * them, `package.json` is in the first folder above that has one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

let root: string | undefined;
let version: string | undefined;

function packageRoot(): string {
  root ??= folderAbove(HERE);
  return root;
}

function folderAbove(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${start}`);
  }
}

/** A file that comes with the package, like `config/scenarios`. */
export function packageFile(path: string): string {
  return join(packageRoot(), path);
}

/** A program of this package, like `src/cli/main.js`, in the form in which this one runs. */
export function programFile(path: string): string {
  const [form] = relative(packageRoot(), HERE).split(sep);
  return packageFile(join(form === 'bundle' ? 'bundle' : 'dist', path));
}

/** As the constructor of a worker wants it. */
export function programUrl(path: string): URL {
  return pathToFileURL(programFile(path));
}

/** The version in `package.json` when this process first asks: an upgrade replaces the file under an agent. */
export function programVersion(): string {
  version ??= String(JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).version);
  return version;
}
