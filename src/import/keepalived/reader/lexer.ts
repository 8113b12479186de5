/**
 * Reads keepalived.conf(5) into tokens: comments, lines that continue, definitions (`$NAME=`), sequences
 * (`~SEQ`, `~LST`), conditions (`@id`) and includes. Never throws: errors become notes.
 */

import type { Note, NoteLevel, Place } from '../../statement.ts';
import { sequenceOf } from './sequence.ts';
import { BLANK, withoutComment, wordsOf } from './words.ts';

export interface Token extends Place {
  readonly kind: 'word' | 'open' | 'close' | 'end';
  readonly text: string;
}

export interface LexerOptions {
  /** As in `keepalived --config-id`; undefined: lines with a condition are skipped and listed. */
  readonly configId: string | undefined;
  /** The files that match the path of an `include`; throws if there are none. */
  readonly include: (pattern: string, from: string) => readonly IncludedFile[];
  /** The value of `${_ENV NAME}`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface IncludedFile {
  readonly file: string;
  readonly text: string;
}

/** Limit of nested includes and of definitions in definitions; keepalived has 64 for includes. */
const DEPTH_MAX = 64;

/** Limit of the characters that definitions, sequences and includes add; keepalived has none. */
const ADDED_MAX = 2 * 1024 * 1024;

const INCLUDES = new Set(['include', 'includer', 'includem', 'includew', 'includeb', 'includea']);

/** What the decoder writes for bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/** Characters that look like a space to people, and are part of a word to keepalived. */
const LOOKS_BLANK = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]/;

const AROUND = new RegExp(`^${BLANK.source}+|${BLANK.source}+$`, 'g');

/** Statements whose words are read as by a shell. */
const COMMANDS =
  /^(script|notify(_\w+)?|quorum_(up|down)|misc_path|regex|process|startup_script|shutdown_script|\w*fifo_script)\s/;

export class Lexer {
  readonly tokens: Token[] = [];
  readonly notes: Note[] = [];
  readonly #options: LexerOptions;
  readonly #definitions = new Map<string, string>();
  #added = 0;

  constructor(options: LexerOptions) {
    this.#options = options;
  }

  read(file: string, text: string, depth = 0): void {
    const lines = text.split(/\r?\n/);
    for (let index = 0; index < lines.length; index++) {
      const place = { file, line: index + 1 };
      const parts = [withoutComment(lines[index] ?? '')];
      // A backslash at the end of a line continues a definition, and nothing else.
      const isDefinition = /^\s*(@\S+\s+)?\$[A-Za-z_]\w*=/.test(parts[0] ?? '');
      while (isDefinition && /\\\s*$/.test(parts.at(-1) ?? '') && index + 1 < lines.length) {
        index += 1;
        parts.push(withoutComment(lines[index] ?? ''));
      }
      const last = parts.pop() ?? '';
      const line = [...parts.map((part) => part.replace(/\\\s*$/, '')), last].join('\n');
      if (line.includes(REPLACEMENT)) {
        const message = 'characters that are not UTF-8 are replaced: write the file in UTF-8';
        this.#note(place, message);
      }
      this.#noteLookalike(line, place);
      this.#line(line, place, depth);
    }
  }

  #noteLookalike(line: string, place: Place): void {
    const found = LOOKS_BLANK.exec(line.replaceAll(/"[^"]*"/g, ''))?.[0];
    if (found === undefined) return;
    const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const message = `the character U+${code}, which looks like a space, is part of a word`;
    this.#note(place, `${message}, as in keepalived`, 'ignored');
  }

  #line(raw: string, place: Place, depth: number): void {
    if (depth > DEPTH_MAX) {
      this.#note(
        place,
        `"${trimmed(raw).slice(0, 40)}": definitions or includes are nested too deeply`,
      );
      return;
    }
    if (depth > 0 && this.#isTooMuch(raw.length + 1, place)) return;
    const text = this.#withoutCondition(trimmed(raw), place);
    if (text === undefined || text === '' || this.#defined(text)) return;
    const included = /^(\S+)\s+(\S.*)$/.exec(text);
    if (included !== null && INCLUDES.has(included[1] ?? '')) {
      // The whole rest of the line, with its quotes: keepalived takes none out.
      this.#include(included[2] ?? '', place, depth);
      return;
    }
    if (text.startsWith('~') && this.#repeated(text, place, depth)) return;
    const expanded = this.#expand(text, place, 0);
    if (expanded !== text && /\n|^\s*[@$~]/.test(expanded)) {
      for (const line of expanded.split('\n')) this.#line(line, place, depth + 1);
      return;
    }
    this.#tokens(expanded, place);
  }

  /** Counts what is added to the file; true, with one note, when that is more than the limit. */
  #isTooMuch(length: number, place: Place): boolean {
    if (this.#added > ADDED_MAX) return true;
    this.#added += length;
    if (this.#added <= ADDED_MAX) return false;
    const message =
      'definitions, sequences and includes make more than 2 MiB: the rest is not read';
    this.#note(place, message);
    return true;
  }

  #tokens(line: string, place: Place): void {
    const words = wordsOf(line, COMMANDS.test(line));
    for (const { text, quoted } of words) {
      const kind = quoted ? 'word' : text === '{' ? 'open' : text === '}' ? 'close' : 'word';
      this.tokens.push({ ...place, kind, text });
    }
    if (words.length > 0) this.tokens.push({ ...place, kind: 'end', text: '' });
  }

  /** The value is expanded where it is used, not here. */
  #defined(text: string): boolean {
    const definition = /^\$([A-Za-z_]\w*)=\s*([\s\S]*)$/.exec(text);
    if (definition === null) return false;
    this.#definitions.set(definition[1] ?? '', trimmed(definition[2] ?? ''));
    return true;
  }

  #repeated(text: string, place: Place, depth: number): boolean {
    const sequence = sequenceOf(text);
    if (sequence === undefined) return false;
    if (typeof sequence === 'string') {
      this.#note(place, `${text}: ${sequence}`);
      return true;
    }
    const { names, values, rest } = sequence;
    for (const list of values) {
      for (const [index, name] of names.entries()) this.#definitions.set(name, list[index] ?? '');
      this.#line(rest, place, depth + 1);
    }
    return true;
  }

  /** `@id` selects that configuration, `@^id` all others. Undefined: the line does not apply. */
  #withoutCondition(line: string, place: Place): string | undefined {
    const condition = /^@(\^?)(\S+)\s*([\s\S]*)$/.exec(line);
    if (condition === null) return line;
    const [, not, id, rest = ''] = condition;
    if (this.#options.configId === undefined) {
      this.#note(place, `"${line}" applies to one configuration only: select it with --config-id`);
      return undefined;
    }
    return (id === this.#options.configId) === (not === '') ? rest : undefined;
  }

  /** `$NAME` is followed by white space or the end of the line, `${NAME}` by anything. */
  #expand(line: string, place: Place, depth: number): string {
    const expanded = line.replaceAll(
      /\$(?:\{([^{}]*)\}|([A-Za-z_]\w*)(?=\s|$))/g,
      (all, braced, bare) => {
        const value = this.#valueOf(String(braced ?? bare), place);
        if (value !== undefined) return this.#isTooMuch(value.length, place) ? '' : value;
        if (depth === 0) this.#note(place, `${all} is not defined and was left unchanged`);
        return all;
      },
    );
    if (expanded === line || !expanded.includes('$') || depth >= DEPTH_MAX) return expanded;
    // A definition of several lines may define what its later lines use.
    return expanded.includes('\n') ? expanded : this.#expand(expanded, place, depth + 1);
  }

  #valueOf(name: string, { file }: Place): string | undefined {
    const [first = '', argument = ''] = name.trim().split(/\s+/);
    switch (first) {
      case '_PWD':
        return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '.';
      case '_INSTANCE':
        return this.#options.configId;
      case '_HASH':
        return '#';
      case '_BANG':
        return '!';
      case '_ENV':
        return this.#options.environment?.[argument];
      default:
        return this.#definitions.get(name);
    }
  }

  #include(pattern: string, place: Place, depth: number): void {
    if (depth >= DEPTH_MAX) {
      this.#note(place, `include ${pattern}: too many nested files`);
      return;
    }
    try {
      for (const { file, text } of this.#options.include(pattern, place.file)) {
        this.read(file, text, depth + 1);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#note(place, `include ${pattern}: ${why}`);
    }
  }

  #note({ file, line }: Place, message: string, level: NoteLevel = 'lost'): void {
    this.notes.push({ file, line, level, message });
  }
}

function trimmed(text: string): string {
  return text.replaceAll(AROUND, '');
}
