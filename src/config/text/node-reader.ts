/**
 * Converts YAML nodes to plain values. Depth and number of values are bounded, because with aliases
 * a small text can describe a huge or endless document.
 */

import type { YAMLMap } from 'yaml';
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Scalar,
} from 'yaml';
import type { FindingCode } from '../finding.ts';
import { mayBeSecret } from '../schema/secret-keys.ts';
import { type Environment, expandVariables, plainScalar } from './variables.ts';

/** Limit for the text itself and for its expanded aliases. */
export const MAXIMUM_DEPTH = 32;
const MAXIMUM_VALUES = 1_000_000;

interface NodeReaderOptions {
  readonly report: Report;
  readonly lines: LineCounter;
  /** Variables that values may refer to; undefined: `${` has no meaning. */
  readonly environment: Environment | undefined;
}

type Report = (offset: number, code: FindingCode, message: string) => void;

export class NodeReader {
  /** The node that each alias refers to. */
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  readonly #report: Report;
  readonly #lines: LineCounter;
  readonly #environment: Environment | undefined;
  /** Keys that lead to the present value. */
  readonly #keys: string[] = [];
  #values = 0;

  constructor({ report, lines, environment }: NodeReaderOptions) {
    this.#report = report;
    this.#lines = lines;
    this.#environment = environment;
  }

  read(node: Node | null, depth = 0): unknown {
    if (node === null || this.#exhausted(node, depth)) return null;
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#readScalar(node);
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node | null, depth + 1));
    return isMap(node) ? this.#readMap(node, depth) : null;
  }

  /** Variables are replaced here: what an unquoted value then is, is decided by its new text. */
  #readScalar(node: Scalar): unknown {
    const { value, type } = node;
    const environment = this.#environment;
    if (environment === undefined || typeof value !== 'string' || !value.includes('${'))
      return value;
    const expanded = expandVariables(value, environment);
    if (expanded.ok) return type === 'PLAIN' ? plainScalar(expanded.text) : expanded.text;
    this.#report(offsetOf(node), 'variable', this.#variableMessage(expanded.name));
    return value;
  }

  #variableMessage(name: string | undefined): string {
    // What looks like a variable may be a part of a password.
    const shown = mayBeSecret(this.#keys) ? 'in this value' : name;
    if (name !== undefined) {
      return `the environment variable ${shown} is not set: set it, or write a default (\${NAME:-default}); for the text \${ write $\${`;
    }
    return `an environment variable is written \${NAME} or \${NAME:-default}; for the text \${ write $\${`;
  }

  #exhausted(node: Node, depth: number): boolean {
    this.#values += 1;
    if (depth > MAXIMUM_DEPTH) {
      this.#report(offsetOf(node), 'syntax', `nested more than ${MAXIMUM_DEPTH} levels deep`);
      this.#values = MAXIMUM_VALUES + 1;
      return true;
    }
    if (this.#values === MAXIMUM_VALUES) {
      this.#report(offsetOf(node), 'syntax', 'the file has too many values');
    }
    return this.#values >= MAXIMUM_VALUES;
  }

  #readAlias(alias: Alias, depth: number): unknown {
    const target = this.targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      // Without its name, which may be an unquoted password that begins with an asterisk.
      const message = 'alias without an anchor before it: text that begins with * needs quotes';
      this.#report(offsetOf(alias), 'syntax', message);
      return null;
    }
    this.targets.set(alias, target);
    return this.read(target, depth + 1);
  }

  #readMap(map: YAMLMap, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const seen = new Map<string, Node>();
    for (const { key, value } of map.items) {
      const keyNode = key as Node | null;
      const name = keyName(keyNode);
      if (keyNode === null || name === undefined) {
        this.#report(offsetOf(keyNode ?? map), 'type', 'a key must be plain text');
        continue;
      }
      const first = seen.get(name);
      if (first !== undefined) {
        const { line } = this.#lines.linePos(offsetOf(first));
        this.#report(
          offsetOf(keyNode),
          'duplicate-key',
          `duplicate key "${name}": first given on line ${line}`,
        );
        continue;
      }
      seen.set(name, keyNode);
      this.#keys.push(name);
      const content = this.read(value as Node | null, depth + 1);
      this.#keys.pop();
      // A plain assignment to `__proto__` would set the prototype instead.
      Object.defineProperty(result, name, { value: content, enumerable: true });
    }
    return result;
  }
}

/** Undefined for keys that are lists, mappings, aliases or empty. */
export function keyName(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || key.value === undefined) return undefined;
  return String(key.value);
}

export function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
