/** Converts the supported part of `virtual_routes` and `virtual_rules`. */
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './parser.ts';

const ROUTE_WORDS: Readonly<Record<string, string>> = {
  via: 'via',
  gw: 'via',
  dev: 'dev',
  oif: 'dev',
  src: 'src',
  metric: 'metric',
  table: 'table',
  mtu: 'mtu',
};

const RULE_WORDS: Readonly<Record<string, string>> = {
  from: 'from',
  to: 'to',
  iif: 'iif',
  dev: 'iif',
  oif: 'oif',
  table: 'table',
  lookup: 'table',
  priority: 'priority',
  preference: 'priority',
  pref: 'priority',
};

const NUMBERS = new Set(['metric', 'mtu', 'priority']);

/** For rules without a priority, which `rules` requires; keepalived lets the kernel choose. */
const FIRST_PRIORITY = 16_384;

export function routeOf(one: Statement, draft: Draft): Keys | undefined {
  const keys: Keys = {};
  const words = [...one.words];
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const key = ROUTE_WORDS[word];
    if (word === 'onlink') keys['onlink'] = true;
    else if (word === 'to') keys['destination'] = words.shift();
    else if (key !== undefined) keys[key] = fieldOf(key, words.shift() ?? '');
    else if (/^(default|[0-9a-f:.]+(\/[0-9]+)?)$/i.test(word) && !('destination' in keys)) {
      keys['destination'] = isEverything(word) ? 'default' : word;
    } else {
      draft.note(one, `virtual_routes: ${textOf(one)}: "${word}" is not supported`);
      return undefined;
    }
  }
  return keys;
}

export function ruleOf(one: Statement, position: number, draft: Draft): Keys | undefined {
  const keys: Keys = {};
  const words = [...one.words];
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const key = RULE_WORDS[word];
    if (key === undefined) {
      draft.note(one, `virtual_rules: ${textOf(one)}: "${word}" is not supported`);
      return undefined;
    }
    const value = words.shift() ?? '';
    if (value !== 'all') keys[key] = fieldOf(key, value);
  }
  keys['priority'] ??= FIRST_PRIORITY + position;
  return keys;
}

function fieldOf(key: string, value: string): string | number {
  const isNumber = NUMBERS.has(key) || (key === 'table' && /^[0-9]+$/.test(value));
  return isNumber ? Number(value) : value;
}

function isEverything(word: string): boolean {
  return word === 'default' || word === '0.0.0.0/0' || word === '::/0';
}
