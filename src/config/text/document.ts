/**
 * Reads YAML text as plain values, and maps each value back to its line and column. It does not
 * interpret the values, never throws, and its work is bounded.
 */
import { Composer, CST, LineCounter, Parser } from 'yaml';
import type { Finding, Locate, Position } from '../finding.ts';
import { NodeLocator } from './node-locator.ts';
import { MAXIMUM_DEPTH, NodeReader } from './node-reader.ts';
import type { Environment } from './variables.ts';

/** 255 instances of 255 addresses need less than 3 MiB. */
export const MAXIMUM_LENGTH = 4 * 1024 * 1024;

/** Always YAML 1.2: a directive for 1.1 would turn `no` and `off` into booleans. */
const COMPOSER_OPTIONS = { schema: 'core', merge: false, uniqueKeys: false } as const;

export interface YamlDocument {
  readonly value: unknown;
  /** Syntax errors, duplicate keys, and YAML features that a configuration may not use. */
  readonly findings: readonly Finding[];
  readonly locate: Locate;
}

interface DocumentOptions {
  /** Variables that values may refer to; undefined: `${` has no meaning. */
  readonly environment?: Environment | undefined;
  /** Named by positions: an included file. */
  readonly file?: string | undefined;
}

export function readDocument(text: string, options: DocumentOptions = {}): YamlDocument {
  if (text.length > MAXIMUM_LENGTH) {
    return unreadable(`the file is longer than ${MAXIMUM_LENGTH} characters`, startOf(options));
  }
  try {
    return parse(text, options);
  } catch (error) {
    return unreadable(`cannot read the file as YAML: ${String(error)}`, startOf(options));
  }
}

function startOf({ file }: DocumentOptions): Position {
  return { ...inFile(file), line: 1, column: 1 };
}

function inFile(file: string | undefined): { readonly file?: string } {
  return file === undefined ? {} : { file };
}

function parse(text: string, { environment, file }: DocumentOptions): YamlDocument {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { ...inFile(file), line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)];
  const tooDeep = findTooDeep(tokens, MAXIMUM_DEPTH);
  if (tooDeep !== undefined) {
    const message = `nested more than ${MAXIMUM_DEPTH} levels deep`;
    return unreadable(message, positionAt(tooDeep.offset));
  }
  const [document, second] = new Composer(COMPOSER_OPTIONS).compose(tokens, true, text.length);
  if (document === undefined) return unreadable('the file is empty', startOf({ file }));
  const findings = [...document.errors, ...document.warnings].map(
    ({ pos, message }): Finding => ({
      ...positionAt(pos[0]),
      code: 'syntax',
      // The part after a colon quotes the file, and may contain a password.
      message: message.replaceAll(/\s+/g, ' ').replace(/: .*/, ''),
    }),
  );
  if (second !== undefined) {
    const message = 'a configuration is a single YAML document; a second one starts here';
    findings.push({ ...positionAt(second.range[0]), code: 'syntax', message });
  }
  const reader = new NodeReader({
    lines: lineCounter,
    environment,
    report: (offset, code, message) => {
      findings.push({ ...positionAt(offset), code, message });
    },
  });
  const value = reader.read(document.contents);
  const locator = new NodeLocator(document.contents, reader.targets);
  return { value, findings, locate: (path, at) => positionAt(locator.offset(path, at)) };
}

function unreadable(message: string, position: Position): YamlDocument {
  return {
    value: null,
    findings: [{ ...position, code: 'syntax', message }],
    locate: () => position,
  };
}

interface Waiting {
  readonly token: CST.Token;
  readonly depth: number;
}

/**
 * The first collection nested more than `maximum` levels deep. It must run before anything recurses:
 * the composer of the YAML library would overflow the stack, and Node.js may abort when that happens
 * in a regular expression.
 */
function findTooDeep(tokens: readonly CST.Token[], maximum: number): CST.Token | undefined {
  const waiting: Waiting[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > maximum) return token;
    for (const child of childrenOf(token)) {
      if (CST.isCollection(child)) waiting.push({ token: child, depth: depth + 1 });
    }
  }
  return undefined;
}

function* childrenOf(token: CST.Token): Generator<CST.Token | null | undefined> {
  if (token.type === 'document') yield token.value;
  if (!CST.isCollection(token)) return;
  for (const item of token.items) {
    yield item.key;
    yield item.value;
  }
}
