/**
 * `include`: further files that are joined with the configuration. Lists are appended, the mappings at the
 * top of the file are joined key by key, and any other key may be in one file only. Each value keeps the
 * position in the file that it comes from.
 */
import type { Result } from '../../net/result.ts';
import type { Finding, Locate, Path, Position } from '../finding.ts';
import { MAXIMUM_LENGTH, readDocument, type YamlDocument } from './document.ts';
import type { Environment } from './variables.ts';

/** The files of a host; tests supply their own. */
export interface FileTree {
  /** Names of the files that match a pattern, relative to the directory of `from`; sorted. Throws `Error`. */
  match(pattern: string, from: string): readonly string[];
  /** The same for two names of one file. */
  identity(file: string): string;
  read(file: string): Result<string, readonly Finding[]>;
}

export interface JoinedDocument extends YamlDocument {
  /** The included files, in the order in which they were joined. */
  readonly files: readonly string[];
}

const KEY = 'include';

/** A file for each of 255 instances, and more. */
const MAXIMUM_FILES = 1_000;
const MAXIMUM_NESTING = 8;

/** `tree` undefined: nothing can be included. */
export function readWithIncludes(
  text: string,
  { file, tree, environment }: IncludeOptions,
): JoinedDocument {
  const main = readDocument(text, { environment });
  const value = mappingOf(main.value);
  if (value === undefined || !Object.hasOwn(value, KEY) || hasSyntaxError(main)) {
    return { ...main, files: [] };
  }
  return new Joiner(main, { file, tree, environment }, text.length).join(value);
}

interface IncludeOptions {
  /** As the user named it. */
  readonly file: string;
  readonly tree: FileTree | undefined;
  readonly environment: Environment | undefined;
}

interface Part {
  readonly file: string;
  readonly locate: Locate;
}

type Mapping = Record<string, unknown>;

class Joiner {
  readonly #options: IncludeOptions;
  readonly #main: YamlDocument;
  readonly #findings: Finding[];
  readonly #joined: Mapping = {};
  /** Where the values of the joined file come from: a part and the path in it. */
  readonly #origins = new Map<string, { readonly part: Part; readonly path: Path }>();
  readonly #files: string[] = [];
  /** Where each file was included, by its identity. */
  readonly #seen = new Map<string, string>();
  #length: number;

  constructor(main: YamlDocument, options: IncludeOptions, length: number) {
    this.#main = main;
    this.#options = options;
    this.#findings = [...main.findings];
    this.#length = length;
  }

  join(value: Mapping): JoinedDocument {
    const { file, tree } = this.#options;
    const part = { file, locate: this.#main.locate };
    this.#put(part, value);
    if (tree === undefined) {
      const message = 'other files cannot be included here';
      this.#findings.push({ ...part.locate([KEY]), code: 'unavailable', message });
    } else {
      this.#include(part, value[KEY], tree, [tree.identity(file)]);
    }
    return {
      value: this.#joined,
      findings: this.#findings,
      locate: (path, at) => this.#locate(path, at),
      files: this.#files,
    };
  }

  #locate(path: Path, at: 'value' | 'key' | undefined): Position {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(keyOf(path.slice(0, length)));
      if (origin === undefined) continue;
      return origin.part.locate([...origin.path, ...path.slice(length)], at);
    }
    return this.#main.locate(path, at);
  }

  /** Reads the files that one `include` names. `inside`: the files that lead to it, outermost first. */
  #include(part: Part, patterns: unknown, tree: FileTree, inside: readonly string[]): void {
    if (!isListOfText(patterns)) {
      this.#report(part, [KEY], 'must be a list of file names, like [conf.d/*.yaml]', 'type');
      return;
    }
    for (const [index, pattern] of patterns.entries()) {
      const path = [KEY, index];
      try {
        for (const file of tree.match(pattern, part.file)) {
          this.#add({ file, by: part, path }, tree, inside);
        }
      } catch (error) {
        this.#report(part, path, `cannot include ${pattern}: ${messageOf(error)}`, 'unreadable');
      }
    }
  }

  #add({ file, by, path }: Inclusion, tree: FileTree, inside: readonly string[]): void {
    const identity = tree.identity(file);
    const refusal = this.#refusal(file, identity, inside);
    if (refusal !== undefined) {
      this.#report(by, path, refusal, 'conflict');
      return;
    }
    this.#seen.set(identity, placeOf(by, path));
    this.#files.push(file);
    const text = tree.read(file);
    if (!text.ok) {
      this.#report(by, path, `${file}: ${text.error[0]?.message ?? 'unreadable'}`, 'unreadable');
      return;
    }
    this.#length += text.value.length;
    if (this.#length > MAXIMUM_LENGTH) {
      const message = `the files are longer than ${MAXIMUM_LENGTH} characters together`;
      this.#report(by, path, message, 'range');
      return;
    }
    this.#join(file, text.value, tree, [...inside, identity]);
  }

  #refusal(file: string, identity: string, inside: readonly string[]): string | undefined {
    if (inside.includes(identity)) return `${file} would include itself`;
    const first = this.#seen.get(identity);
    if (first !== undefined) return `${file} is already included at ${first}`;
    if (this.#files.length >= MAXIMUM_FILES) return `more than ${MAXIMUM_FILES} files`;
    return inside.length > MAXIMUM_NESTING
      ? `included more than ${MAXIMUM_NESTING} levels deep`
      : undefined;
  }

  #join(file: string, text: string, tree: FileTree, inside: readonly string[]): void {
    const { environment } = this.#options;
    const document = readDocument(text, { environment, file });
    this.#findings.push(...document.findings);
    if (hasSyntaxError(document) || document.value === null) return;
    const part = { file, locate: document.locate };
    const value = mappingOf(document.value);
    if (value === undefined) {
      this.#report(part, [], 'an included file must be a mapping, as the configuration is', 'type');
      return;
    }
    this.#put(part, value);
    if (Object.hasOwn(value, KEY)) this.#include(part, value[KEY], tree, inside);
  }

  #put(part: Part, value: Mapping): void {
    for (const [key, content] of Object.entries(value)) {
      if (key !== KEY) this.#putKey(part, this.#joined, [key], content);
    }
  }

  #putKey(part: Part, holder: Mapping, path: Path, content: unknown): void {
    const key = String(path.at(-1));
    const isTop = path.length === 1;
    const present = Object.hasOwn(holder, key) ? holder[key] : undefined;
    const mapping = mappingOf(content);
    if (Array.isArray(content) && Array.isArray(present)) {
      for (const [index, item] of content.entries()) {
        this.#origins.set(keyOf([...path, present.length]), { part, path: [...path, index] });
        present.push(item);
      }
      return;
    }
    const known = mappingOf(present);
    if (isTop && mapping !== undefined && known !== undefined) {
      for (const [inner, one] of Object.entries(mapping)) {
        this.#putKey(part, known, [...path, inner], one);
      }
      return;
    }
    if (Object.hasOwn(holder, key)) {
      const place = this.#locate(path, 'key');
      const first = `${place.file ?? this.#options.file}:${place.line}`;
      this.#report(part, path, `"${key}" is already given at ${first}`, 'duplicate-key', 'key');
      return;
    }
    // Copies: what is added later must not change the parsed document, which locates the values.
    const copy = Array.isArray(content)
      ? [...content]
      : isTop && mapping
        ? { ...mapping }
        : content;
    Object.defineProperty(holder, key, { value: copy, enumerable: true, writable: true });
    this.#origins.set(keyOf(path), { part, path });
  }

  #report(
    part: Part,
    path: Path,
    message: string,
    code: Finding['code'],
    at: 'value' | 'key' = 'value',
  ): void {
    this.#findings.push({ ...part.locate(path, at), code, message });
  }
}

interface Inclusion {
  readonly file: string;
  /** The file that includes it, and the path of the pattern there. */
  readonly by: Part;
  readonly path: Path;
}

function placeOf({ file, locate }: Part, path: Path): string {
  const { line, column } = locate(path);
  return `${file}:${line}:${column}`;
}

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function hasSyntaxError({ findings }: YamlDocument): boolean {
  return findings.some(({ code }) => code === 'syntax');
}

function isListOfText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** Undefined: not a mapping. */
function mappingOf(value: unknown): Mapping | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Mapping)
    : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
