/**
 * YAML nodes as plain values. Bounded by depth and by the number of values, because aliases let a
 * small text describe a huge or an endless document.
 */

import type { YAMLMap } from 'yaml';
import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { FindingCode } from '../finding.ts';

/** Of the file itself, and of what its aliases make of it. */
export const MAXIMUM_DEPTH = 32;
const MAXIMUM_VALUES = 1_000_000;

type Complain = (offset: number, code: FindingCode, message: string) => void;

export class NodeReader {
  /** What each alias stands for. */
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  readonly #complain: Complain;
  readonly #lines: LineCounter;
  #values = 0;

  constructor(complain: Complain, lines: LineCounter) {
    this.#complain = complain;
    this.#lines = lines;
  }

  read(node: Node | null, depth = 0): unknown {
    if (node === null || this.#exhausted(node, depth)) return null;
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node | null, depth + 1));
    return isMap(node) ? this.#readMap(node, depth) : null;
  }

  #exhausted(node: Node, depth: number): boolean {
    this.#values += 1;
    if (depth > MAXIMUM_DEPTH) {
      this.#complain(offsetOf(node), 'syntax', `nested more than ${MAXIMUM_DEPTH} levels deep`);
      this.#values = MAXIMUM_VALUES + 1;
      return true;
    }
    if (this.#values === MAXIMUM_VALUES) {
      this.#complain(offsetOf(node), 'syntax', 'the file describes too many values');
    }
    return this.#values >= MAXIMUM_VALUES;
  }

  #readAlias(alias: Alias, depth: number): unknown {
    const target = this.targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      // Not by name: it may be a password that begins with an asterisk and is not in quotes.
      const message = 'an alias without an anchor before it: text that begins with * needs quotes';
      this.#complain(offsetOf(alias), 'syntax', message);
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
        this.#complain(offsetOf(keyNode ?? map), 'type', 'a key must be plain text');
        continue;
      }
      const first = seen.get(name);
      if (first !== undefined) {
        const { line } = this.#lines.linePos(offsetOf(first));
        this.#complain(
          offsetOf(keyNode),
          'duplicate-key',
          `duplicate key "${name}": it is already in line ${line}`,
        );
        continue;
      }
      seen.set(name, keyNode);
      const content = this.read(value as Node | null, depth + 1);
      // A plain assignment to `__proto__` would set the prototype instead.
      Object.defineProperty(result, name, { value: content, enumerable: true });
    }
    return result;
  }
}

/** The text of a key; undefined for keys that are lists, mappings, aliases or empty. */
export function keyName(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || key.value === undefined) return undefined;
  return String(key.value);
}

export function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
