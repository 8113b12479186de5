/** Maps a path of keys and list positions to an offset in the text. */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Path } from '../finding.ts';
import { keyName, offsetOf } from './node-reader.ts';

interface Entry {
  readonly key: Node;
  readonly value: Node | null;
}

export class NodeLocator {
  readonly #root: Node | null;
  readonly #targets: ReadonlyMap<Alias, Node>;
  /** Cached keys by mapping: a file may have many findings. */
  readonly #entries = new Map<YAMLMap, Map<string, Entry>>();

  constructor(root: Node | null, targets: ReadonlyMap<Alias, Node>) {
    this.#root = root;
    this.#targets = targets;
  }

  /**
   * The offset of the value at the path or of its key. If the path does not exist, that of the
   * innermost node on it; if the value is empty, that of its key.
   */
  offset(path: Path, at: 'value' | 'key' = 'value'): number {
    let node = this.#root;
    let offset = node === null ? 0 : offsetOf(node);
    for (const [index, step] of path.entries()) {
      const container = this.#resolve(node);
      const entry = container === null ? undefined : this.#child(container, step);
      if (entry === undefined) return offset;
      const wantsKey = at === 'key' && index === path.length - 1;
      node = entry.value;
      offset = offsetOf(wantsKey || isEmpty(node) ? entry.key : node);
    }
    return offset;
  }

  #resolve(node: Node | null): Node | null {
    let target = node;
    for (let hops = 0; isAlias(target) && hops < 8; hops++) {
      target = this.#targets.get(target) ?? null;
    }
    return target;
  }

  #child(container: Node, step: string | number): Entry | undefined {
    if (isSeq(container)) {
      const item = container.items[Number(step)] as Node | undefined | null;
      return item === undefined || item === null ? undefined : { key: item, value: item };
    }
    return isMap(container) ? this.#entriesOf(container).get(String(step)) : undefined;
  }

  #entriesOf(map: YAMLMap): Map<string, Entry> {
    const known = this.#entries.get(map);
    if (known !== undefined) return known;
    const entries = new Map<string, Entry>();
    for (const { key, value } of map.items) {
      const name = keyName(key);
      if (name === undefined || entries.has(name)) continue;
      entries.set(name, { key: key as Node, value: value as Node | null });
    }
    this.#entries.set(map, entries);
    return entries;
  }
}

function isEmpty(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null && node.source === '');
}
