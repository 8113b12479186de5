/** Converts `vrrp_script`, `vrrp_track_file`, `vrrp_track_process` and the references to them. */
import type { Draft, Keys } from './draft.ts';
import { commandOf } from './notify.ts';
import { type Statement, textOf } from './parser.ts';

/** Entries of `track` by name. */
export type Trackers = ReadonlyMap<string, Keys>;

export function trackersOf(
  statements: readonly Statement[],
  user: string | undefined,
  draft: Draft,
): Trackers {
  const trackers = new Map<string, Keys>();
  for (const one of statements) {
    const [kind, name = ''] = one.words;
    const tracker =
      kind === 'vrrp_script'
        ? scriptOf(one, user, draft)
        : kind === 'vrrp_track_file' || kind === 'track_file'
          ? fileOf(one, draft)
          : kind === 'vrrp_track_process' || kind === 'track_process'
            ? processOf(one, draft)
            : undefined;
    if (tracker !== undefined) trackers.set(name, tracker);
  }
  return trackers;
}

function scriptOf(one: Statement, user: string | undefined, draft: Draft): Keys | undefined {
  const keys: Keys = { name: one.words[1] };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    switch (key) {
      case 'script': {
        const command = commandOf(part.words.slice(1).join(' '));
        if (command === undefined) return undefined;
        keys['script'] = [...command.argv];
        if (command.shell)
          draft.note(part, `${textOf(part)}: needs a shell, which the command now names`);
        break;
      }
      case 'interval':
      case 'timeout':
        keys[key] = `${value}s`;
        break;
      case 'weight':
      case 'rise':
      case 'fall':
        keys[key] = Number(value);
        break;
      case 'user':
        keys['user'] = value;
        break;
      case 'init_fail':
        keys['init'] = 'down';
        break;
      default:
        draft.note(part, `vrrp_script: ${textOf(part)}`);
    }
  }
  if (user !== undefined && user !== 'root') keys['user'] ??= user;
  return keys['script'] === undefined ? undefined : keys;
}

function fileOf(one: Statement, draft: Draft): Keys | undefined {
  const keys: Keys = { name: one.words[1] };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (key === 'file') {
      keys['file'] = value;
      keys['content'] = 'number';
    } else if (key === 'weight') keys['weight'] = Number(value);
    else draft.note(part, `${one.words[0]}: ${textOf(part)}`);
  }
  return keys['file'] === undefined ? undefined : keys;
}

function processOf(one: Statement, draft: Draft): Keys | undefined {
  const keys: Keys = { name: one.words[1] };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (key === 'process') keys['process'] = value;
    else if (key === 'weight') keys['weight'] = Number(value);
    else draft.note(part, `${one.words[0]}: ${textOf(part)}`);
  }
  return keys['process'] === undefined ? undefined : keys;
}

/** Entries of `track`, each with its statement. */
export function trackEntries(
  one: Statement,
  trackers: Trackers,
  draft: Draft,
): { readonly entry: Keys; readonly statement: Statement }[] {
  const [key] = one.words;
  return (one.block ?? []).flatMap((statement) => {
    const [name = ''] = statement.words;
    const weight = optionOf(statement.words, 'weight');
    const known: Keys | undefined =
      key === 'track_interface' ? { interface: name } : trackers.get(name);
    if (known === undefined) {
      draft.note(statement, `${key}: ${name} is not defined or not convertible`);
      return [];
    }
    if (statement.words.includes('reverse')) {
      draft.note(statement, `${key}: ${textOf(statement)}: "reverse" is not supported`);
      return [];
    }
    const entry = weight === undefined ? { ...known } : { ...known, weight: Number(weight) };
    // As in keepalived, no weight means FAULT.
    if (entry['weight'] === 0) delete entry['weight'];
    return [{ entry, statement }];
  });
}

/** The value after a keyword: `weight 2` among other words. */
function optionOf(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}
