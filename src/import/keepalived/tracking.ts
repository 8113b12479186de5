/** Converts `vrrp_script`, `track_file`, `vrrp_track_process`, `bfd_instance` and the references to them. */

import { type Branch, Sourced } from '../draft.ts';
import { numberOf } from '../names.ts';
import { optionOf, partsOf, type Statement, textOf } from '../statement.ts';
import { bfdInstanceOf } from './bfd.ts';
import { commandIn, noteRest, userOf } from './commands.ts';
import { type Context, durationOf, hasMoreWords, type Tracker } from './context.ts';

/** Undefined: listed. `ignored`: keepalived has no such object either. */
type Converted = Branch | 'ignored' | undefined;

const CONVERTERS: Readonly<Record<string, (one: Statement, context: Context) => Converted>> = {
  vrrp_script: scriptOf,
  vrrp_track_file: fileOf,
  track_file: fileOf,
  vrrp_track_process: processOf,
  track_process: processOf,
  bfd_instance: bfdInstanceOf,
};

/** keepalived has names of their own for these. */
function keyOf(kind: string, name: string): string {
  return kind === 'bfd_instance' || kind === 'track_bfd' ? `bfd ${name}` : name;
}

export function convertTrackers(
  statements: readonly Statement[],
  trackers: Map<string, Tracker>,
  context: Context,
): void {
  for (const [position, one] of statements.entries()) {
    const [kind = '', name = ''] = one.words;
    const convert = CONVERTERS[kind];
    if (convert === undefined) continue;
    context.ledger.carry(one);
    const key = keyOf(kind, name);
    if (trackers.has(key)) {
      context.ledger.note(one, 'ignored', `${textOf(one)}: an earlier one has this name`);
      continue;
    }
    const entry = convert(one, context);
    if (entry !== 'ignored') trackers.set(key, { entry, position });
  }
}

/** What keepalived makes of zero. */
const SCRIPT_TIME = '1s';

function scriptOf(one: Statement, context: Context): Converted {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one) };
  let user = userOf(one, [], context);
  for (const part of one.block ?? []) {
    const [key = '', value = '', ...more] = part.words;
    switch (key) {
      case 'script': {
        const command = commandIn(part, value, context);
        if (command === undefined) break;
        keys['script'] = command;
        ledger.carry(part);
        noteRest(part, context);
        break;
      }
      case 'interval':
      case 'timeout': {
        const time = Number(value) > 0 ? durationOf(value) : SCRIPT_TIME;
        if (time === undefined) break;
        if (Number(value) <= 0)
          ledger.note(part, 'ignored', `${textOf(part)}: becomes 1, as there`);
        keys[key] = new Sourced(time, part);
        ledger.carry(part);
        break;
      }
      case 'rise':
      case 'fall':
        setNumber(keys, key, value, part, context);
        break;
      case 'weight':
        setWeight(keys, part, context);
        break;
      case 'user':
        user = userOf(part, [value, more[0]], context);
        ledger.carry(part);
        break;
      case 'init_fail':
        keys['init'] = new Sourced('down', part);
        ledger.carry(part);
        break;
      default:
        ledger.lose(part, `vrrp_script: ${textOf(part)}`);
    }
  }
  if (user !== undefined) keys['user'] = user;
  if (keys['script'] !== undefined) return keys;
  return withoutTarget(one, 'script', context);
}

function fileOf(one: Statement, context: Context): Converted {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one), content: 'number' };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (key === 'file') {
      keys['file'] = value;
      ledger.carry(part);
    } else if (key === 'weight') setWeight(keys, part, context);
    else ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
  }
  return keys['file'] === undefined ? withoutTarget(one, 'file', context) : keys;
}

function withoutTarget(one: Statement, key: string, { ledger }: Context): 'ignored' {
  ledger.note(one, 'ignored', `${textOf(one)}: has no ${key}, and is ignored`);
  return 'ignored';
}

function processOf(one: Statement, context: Context): Converted {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one) };
  const delays = new Map<'rise' | 'fall', number>();
  for (const part of one.block ?? []) {
    const [key = '', value = '', ...parameters] = part.words;
    if (key === 'process' && parameters.length > 0) {
      ledger.lose(
        part,
        `${textOf(part)}: parameters are not compared here, and ${value} alone would match more`,
      );
      return undefined;
    }
    if (key === 'process') {
      // keepalived compares with the name of the process, which has no path.
      keys['process'] = value.replace(/^.*\//, '');
      ledger.carry(part);
    } else if (key === 'weight') {
      setWeight(keys, part, context);
    } else if (key === 'quorum_max' && numberOf(value) === 0) {
      ledger.lose(part, `${textOf(one)}: ${textOf(part)} (no process may run) is not supported`);
      return undefined;
    } else if (key === 'quorum' || key === 'quorum_max') setNumber(keys, key, value, part, context);
    else if (key in DELAYS) {
      const time = durationOf(value);
      if (time !== undefined) {
        for (const one of DELAYS[key] ?? []) delays.set(one, Number(value));
        ledger.carry(part);
      }
    } else ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
  }
  if (keys['process'] === undefined) return withoutTarget(one, 'process', context);
  return { ...keys, ...timingFor(delays) };
}

const DELAYS: Readonly<Record<string, readonly ('rise' | 'fall')[]>> = {
  delay: ['rise', 'fall'],
  fork_delay: ['rise'],
  terminate_delay: ['fall'],
};

/** As many looks in a row as fill the delay; an interval of a second, or of a shorter delay. */
function timingFor(delays: ReadonlyMap<'rise' | 'fall', number>): Branch {
  const times = [...delays.values()].filter((seconds) => seconds > 0);
  if (times.length === 0) return {};
  const milliseconds = Math.max(10, Math.round(1_000 * Math.min(1, ...times)));
  const looks = [...delays].map(([key, seconds]): [string, number] => [
    key,
    1 + Math.ceil((1_000 * seconds) / milliseconds),
  ]);
  return { interval: `${milliseconds}ms`, ...Object.fromEntries(looks) };
}

function nameOf(one: Statement): string {
  return one.words[1] ?? '';
}

function setNumber(
  keys: Branch,
  key: string,
  value: string,
  part: Statement,
  context: Context,
): void {
  // keepalived reads as far as the digits go.
  const digits = /^\+?([0-9]+)/.exec(value)?.[1];
  const number = Number(digits ?? 0);
  if (number < 1) {
    context.ledger.note(part, 'ignored', `${textOf(part)}: not a number from 1, and ignored`);
    return;
  }
  keys[key] = new Sourced(number, part);
  context.ledger.carry(part);
  if (digits !== value.replace('+', '')) {
    context.ledger.note(part, 'ignored', `${textOf(part)}: becomes ${number}`);
  }
}

function setWeight(keys: Branch, part: Statement, context: Context): void {
  const weight = weightOf(part.words[1], part, context);
  if (weight === undefined) return;
  keys['weight'] = weight;
  if (part.words.includes('reverse')) keys['reverse'] = true;
  context.ledger.carry(part);
}

/** Undefined: a weight beyond the limits, which keepalived ignores. */
function weightOf(
  value: string | undefined,
  part: Statement,
  { ledger }: Context,
): number | undefined {
  const weight = numberOf(value);
  if (weight !== undefined && Math.abs(weight) <= WEIGHT_MOST) return weight;
  // As keepalived reads it: as far as it is a number, and one beyond the limit as the limit.
  const read = weight ?? Number(/^[+-]?[0-9]+/.exec(value ?? '')?.[0] ?? 0);
  const used = Math.sign(read) * Math.min(Math.abs(read), WEIGHT_MOST);
  if (Math.abs(read) <= WEIGHT_MOST + 1) {
    ledger.note(part, 'ignored', `${textOf(part)}: becomes ${used}`);
    return used;
  }
  const message = `${textOf(part)}: the weight is not from -253 to 253, and ignored`;
  ledger.note(part, 'ignored', message);
  return undefined;
}

const WEIGHT_MOST = 253;

/** Entries of `track`. */
export function trackEntries(one: Statement, user: Statement, context: Context): Sourced[] {
  const { ledger } = context;
  ledger.carry(one);
  const seen = new Set<string>();
  return (one.block ?? []).flatMap((statement) => {
    const known = trackedBy(one, statement, user, context);
    if (known === undefined || isRefused(one, statement, seen, context)) return [];
    const written = optionOf(statement.words, 'weight');
    const weight = written === undefined ? undefined : weightOf(written, statement, context);
    const entry: Branch = weight === undefined ? { ...known } : { ...known, weight };
    setDirection(entry, statement);
    if (entry['weight'] === 0) {
      if (entry['content'] === 'number') {
        ledger.lose(
          statement,
          `${one.words[0]}: ${textOf(statement)}: weight 0 (a number other than 0 means FAULT) is not supported`,
        );
        return [];
      }
      // Without a weight, an object that is down means FAULT.
      delete entry['weight'];
    }
    if (hasMoreWords(statement, ['weight', 'noreverse', 'reverse'], ledger)) return [];
    ledger.carry(statement);
    return [new Sourced(entry, statement)];
  });
}

/** What keepalived takes for no entry: an option without its number, and an object that is there already. */
function isRefused(
  one: Statement,
  statement: Statement,
  seen: Set<string>,
  { ledger }: Context,
): boolean {
  const [name = '', option, value] = statement.words;
  if (seen.has(name)) {
    ledger.note(statement, 'ignored', `${one.words[0]}: ${name} is there twice, and ignored`);
    return true;
  }
  seen.add(name);
  const isAlone = option === 'reverse' || option === 'noreverse';
  if (!isAlone && !(option === 'weight' && value === undefined)) return false;
  const message = `${textOf(statement)}: "weight" and its number are missing, and so it is ignored`;
  ledger.note(statement, 'ignored', message);
  return true;
}

/** The direction of the definition counts unless the entry names one. A factor shows it by its sign. */
function setDirection(entry: Branch, { words }: Statement): void {
  if (words.includes('reverse')) entry['reverse'] = true;
  else if (words.includes('noreverse')) delete entry['reverse'];
  if (entry['reverse'] !== true || entry['content'] !== 'number') return;
  delete entry['reverse'];
  entry['weight'] = -Number(entry['weight'] ?? 1);
}

function interfaceOf(user: Statement): string | undefined {
  return partsOf(user, 'interface').at(-1)?.words[1];
}

function trackedBy(
  one: Statement,
  statement: Statement,
  user: Statement,
  { trackers, positions, ledger }: Context,
): Branch | undefined {
  const [key] = one.words;
  const [name = ''] = statement.words;
  if (key === 'track_interface' && name === interfaceOf(user)) {
    ledger.note(
      statement,
      'ignored',
      `${key}: ${name} is the interface of the instance, and ignored`,
    );
    return undefined;
  }
  if (key === 'track_interface') return { interface: name };
  const tracker = trackers.get(keyOf(key ?? '', name));
  if (tracker === undefined) {
    ledger.note(statement, 'ignored', `${key}: ${name} is not defined, and ignored`);
    return undefined;
  }
  if (tracker.position > (positions.get(user) ?? 0)) {
    const message = `${key}: ${name} is defined after its use: keepalived ignores this, and so does the result`;
    ledger.note(statement, 'ignored', message);
    return undefined;
  }
  if (tracker.entry === undefined) ledger.lose(statement, `${key}: ${name} is not converted`);
  return tracker.entry;
}
