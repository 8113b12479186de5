/** The files of a package before they become one, with the modes that they will have. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const PROGRAM = 0o755;
const DATA = 0o644;

export class Tree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
    this.folder('.');
  }

  /** Folders get the mode that Debian's have, whatever the umask is. */
  folder(path: string): void {
    const missing: string[] = [];
    const whole = join(this.root, path);
    for (let one = whole; one.startsWith(this.root); one = dirname(one)) missing.push(one);
    mkdirSync(whole, { recursive: true });
    for (const one of missing) chmodSync(one, PROGRAM);
  }

  write(path: string, text: string | Uint8Array, mode = DATA): void {
    this.folder(dirname(path));
    writeFileSync(join(this.root, path), text);
    chmodSync(join(this.root, path), mode);
  }

  program(path: string, text: string): void {
    this.write(path, text, PROGRAM);
  }

  copy(path: string, from: string, mode = DATA): void {
    this.folder(dirname(path));
    copyFileSync(from, join(this.root, path));
    chmodSync(join(this.root, path), mode);
  }

  /** Without the time and the name, which gzip would store. */
  compressed(path: string, text: string): void {
    this.write(`${path}.gz`, gzipSync(text, { level: 9 }));
  }

  path(path: string): string {
    return join(this.root, path);
  }

  text(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }
}
