/**
 * YAML text as plain values, and the way back from a value to its line and column. What the values
 * mean is none of its business. It never throws, and its work is bounded.
 */
import { LineCounter, parseDocument } from 'yaml';
import type { Finding, Locate, Position } from './finding.ts';
import { NodeLocator } from './node-locator.ts';
import { NodeReader } from './node-reader.ts';

/** 255 instances of 255 addresses need less than 3 MiB. */
export const MAXIMUM_LENGTH = 4 * 1024 * 1024;

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
    // The parser recurses: absurdly deep nesting exhausts the stack before our own limit counts.
    if (error instanceof RangeError) return unreadable('the file is nested too deeply');
    return unreadable(`the file cannot be read as YAML: ${String(error)}`);
  }
}

function parse(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // YAML 1.2 whatever a %YAML directive says: 1.1 would turn `no` and `off` into booleans.
  const parsed = parseDocument(text, {
    lineCounter,
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const findings = [...parsed.errors, ...parsed.warnings].map(
    ({ pos, message }): Finding => ({
      ...positionAt(pos[0]),
      code: 'syntax',
      message: message.replaceAll(/\s+/g, ' '),
    }),
  );
  const reader = new NodeReader((offset, code, message) => {
    findings.push({ ...positionAt(offset), code, message });
  }, lineCounter);
  const value = reader.read(parsed.contents);
  const locator = new NodeLocator(parsed.contents, reader.targets);
  return { value, findings, locate: (path, at) => positionAt(locator.offset(path, at)) };
}

function unreadable(message: string): YamlDocument {
  const start: Position = { line: 1, column: 1 };
  return {
    value: null,
    findings: [{ ...start, code: 'syntax', message }],
    locate: () => start,
  };
}
