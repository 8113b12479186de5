/**
 * The configuration under construction, as a tree whose parts know the statement that they come from.
 * `settle` takes out the smallest part that the file does not load with, so that the result always
 * passes `check` and one wrong word costs no more than that word.
 */
import { checkValue } from '../config/load.ts';
import type { Ledger } from './ledger.ts';
import { type Statement, textOf } from './statement.ts';

export type Tree = string | number | boolean | Sourced | Tree[] | Branch;

export interface Branch {
  [key: string]: Tree;
}

/** A part that may be left out, and the statement that asks for it. */
export class Sourced {
  readonly value: Tree;
  readonly origin: Statement;

  constructor(value: Tree, origin: Statement) {
    this.value = value;
    this.origin = origin;
  }
}

/** The tree without its origins. */
export function plain(tree: Tree): unknown {
  if (tree instanceof Sourced) return plain(tree.value);
  if (Array.isArray(tree)) return tree.map(plain);
  if (typeof tree !== 'object') return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, plain(part)]));
}

/** Agent keys that do not refer to instances. */
export type AgentKeys = Branch;

export class Draft {
  readonly agent: AgentKeys = {};
  readonly instances: Sourced[] = [];
  readonly groups: Sourced[] = [];
  readonly services: Sourced[] = [];
  /** The keys of `ipvs` besides the services. */
  readonly ipvs: Branch = {};
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** The whole file; each section is absent if it is empty. */
  file(): Branch {
    const { notify, ...keys } = this.ipvs;
    const ipvs: Branch = { ...keys };
    // Alone it would ask for IPVS on a host that balances nothing.
    if (this.services.length > 0 && notify !== undefined) ipvs['notify'] = notify;
    if (this.services.length > 0) ipvs['services'] = this.services;
    return {
      ...this.agent,
      ...(Object.keys(ipvs).length > 0 ? { ipvs } : {}),
      ...(this.groups.length > 0 ? { sync_groups: this.groups } : {}),
      ...(this.instances.length > 0 ? { instances: this.instances } : {}),
    };
  }

  /** Leaves out what the agent's keys cannot be loaded with. */
  settleAgent(): void {
    this.#settle(() => ({ ...this.agent, instances: [PROBE] }), this.agent);
  }

  /** True if the instance loads, perhaps without some of its parts; else a note says why not. */
  settleInstance(instance: Branch, origin: Statement): boolean {
    return this.#alone(instance, origin, () => ({ ...this.agent, instances: [instance] }));
  }

  /** As for an instance. */
  settleService(service: Branch, origin: Statement): boolean {
    return this.#alone(service, origin, () => ({
      instances: [PROBE],
      ipvs: { services: [service] },
    }));
  }

  /** Leaves out what does not load together: names that are taken, references to what is missing. */
  settleAll(): void {
    this.#settle(() => this.file(), this.file());
  }

  #alone(part: Branch, origin: Statement, file: () => Tree): boolean {
    const refused = this.#settle(file, part);
    if (refused === undefined) return true;
    this.ledger.lose(origin, `${textOf(origin)} is skipped: ${refused}`);
    return false;
  }

  /** Takes refused parts out until the file loads; otherwise the reason that no part accounts for. */
  #settle(file: () => Tree, root: Tree): string | undefined {
    for (;;) {
      const tree = file();
      const errors = checkValue(plain(tree));
      if (errors.length === 0) return undefined;
      // Found before any is removed: a removal shifts the numbers in the paths of the others.
      const refused = new Map<Sourced, string>();
      for (const { path, message } of errors) {
        const part = innermost(tree, path);
        if (part !== undefined && !refused.has(part)) refused.set(part, message);
      }
      const removed = this.#remove(root, new Set(refused.keys()));
      for (const [part, message] of refused) {
        if (removed.has(part)) {
          this.ledger.lose(part.origin, `${textOf(part.origin)}: ${message}`);
        }
      }
      if (removed.size === 0) return errors.map(({ message }) => message).join('; ');
    }
  }

  /** Those that were found, below the root or else in the draft, and are no longer there. */
  #remove(root: Tree, parts: ReadonlySet<Sourced>): Set<Sourced> {
    const found = new Set<Sourced>();
    for (const tree of [root, this.instances, this.groups, this.services, this.ipvs, this.agent]) {
      const left = new Set([...parts].filter((part) => !found.has(part)));
      if (left.size > 0) removeFrom(tree, left, found);
    }
    return found;
  }
}

const PROBE: Branch = { name: 'probe', interface: 'lo', vrid: 1, addresses: ['192.0.2.1'] };

/** The innermost part with an origin on the way to the path. */
function innermost(tree: Tree, path: readonly (string | number)[]): Sourced | undefined {
  let at: Tree | undefined = tree;
  let found: Sourced | undefined;
  for (const step of [...path, undefined]) {
    while (at instanceof Sourced) {
      found = at;
      at = at.value;
    }
    if (step === undefined || typeof at !== 'object') break;
    at = Array.isArray(at) ? at[Number(step)] : at[step];
  }
  return found;
}

/** In one walk, however many there are. */
function removeFrom(tree: Tree, parts: ReadonlySet<Sourced>, found: Set<Sourced>): void {
  if (tree instanceof Sourced) removeFrom(tree.value, parts, found);
  else if (Array.isArray(tree)) {
    const kept = tree.filter((entry) => !isOneOf(entry, parts, found));
    tree.length = 0;
    for (const entry of kept) {
      tree.push(entry);
      removeFrom(entry, parts, found);
    }
  } else if (typeof tree === 'object') {
    for (const [key, value] of Object.entries(tree)) {
      if (isOneOf(value, parts, found)) delete tree[key];
      else removeFrom(value, parts, found);
    }
  }
}

function isOneOf(tree: Tree, parts: ReadonlySet<Sourced>, found: Set<Sourced>): boolean {
  if (!(tree instanceof Sourced) || !parts.has(tree)) return false;
  found.add(tree);
  return true;
}
