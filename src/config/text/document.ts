/**
 * YAML text as plain values, and the way back from a value to its line and column. What the values
 * mean is none of its business. It never throws, and its work is bounded.
 */
import { Composer, LineCounter, Parser } from 'yaml';
import type { Finding, Locate, Position } from '../finding.ts';
import { NodeLocator } from './node-locator.ts';
import { MAXIMUM_DEPTH, NodeReader } from './node-reader.ts';
import { findTooDeep } from './token-depth.ts';

/** 255 instances of 255 addresses need less than 3 MiB. */
export const MAXIMUM_LENGTH = 4 * 1024 * 1024;

/** YAML 1.2 whatever a %YAML directive says: 1.1 would turn `no` and `off` into booleans. */
const COMPOSER_OPTIONS = { schema: 'core', merge: false, uniqueKeys: false } as const;

const START: Position = { line: 1, column: 1 };

export interface YamlDocument {
  readonly value: unknown;
  /** Syntax errors, duplicate keys, and what has no place in a configuration file. */
  readonly findings: readonly Finding[];
  readonly locate: Locate;
}

export function readDocument(text: string): YamlDocument {
  if (text.length > MAXIMUM_LENGTH) {
    return unreadable(`the file is longer than ${MAXIMUM_LENGTH} characters`);
  }
  try {
    return parse(text);
  } catch (error) {
    return unreadable(`the file cannot be read as YAML: ${String(error)}`);
  }
}

function parse(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)];
  const tooDeep = findTooDeep(tokens, MAXIMUM_DEPTH);
  if (tooDeep !== undefined) {
    const message = `nested more than ${MAXIMUM_DEPTH} levels deep`;
    return unreadable(message, positionAt(tooDeep.offset));
  }
  const [document, second] = new Composer(COMPOSER_OPTIONS).compose(tokens, true, text.length);
  if (document === undefined) return unreadable('the file is empty');
  const findings = [...document.errors, ...document.warnings].map(
    ({ pos, message }): Finding => ({
      ...positionAt(pos[0]),
      code: 'syntax',
      // Behind a colon it quotes the file, which may have a password there.
      message: message.replaceAll(/\s+/g, ' ').replace(/: .*/, ''),
    }),
  );
  if (second !== undefined) {
    const message = 'a configuration is one YAML document; here begins another';
    findings.push({ ...positionAt(second.range[0]), code: 'syntax', message });
  }
  const reader = new NodeReader((offset, code, message) => {
    findings.push({ ...positionAt(offset), code, message });
  }, lineCounter);
  const value = reader.read(document.contents);
  const locator = new NodeLocator(document.contents, reader.targets);
  return { value, findings, locate: (path, at) => positionAt(locator.offset(path, at)) };
}

function unreadable(message: string, position: Position = START): YamlDocument {
  return {
    value: null,
    findings: [{ ...position, code: 'syntax', message }],
    locate: () => START,
  };
}
