/** Converts `vrrp_script`, `track_file`, `vrrp_track_process`, `bfd_instance` and the references to them. */

import { type Branch, Sourced } from '../draft.ts';
import { numberOf } from '../names.ts';
import { optionOf, type Statement, textOf } from '../statement.ts';
import { bfdInstanceOf } from './bfd.ts';
import { commandIn, userOf } from './commands.ts';
import { type Context, durationOf, hasMoreWords, type Tracker } from './context.ts';

const CONVERTERS: Readonly<
  Record<string, (one: Statement, context: Context) => Branch | undefined>
> = {
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
    trackers.set(keyOf(kind, name), { entry: convert(one, context), position });
  }
}

function scriptOf(one: Statement, context: Context): Branch | undefined {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one) };
  let user = userOf(one, [], context);
  for (const part of one.block ?? []) {
    const [key = '', value = '', ...more] = part.words;
    switch (key) {
      case 'script': {
        const command = commandIn(part, [value, ...more].join(' '), context);
        if (command === undefined) break;
        keys['script'] = command;
        ledger.carry(part);
        break;
      }
      case 'interval':
      case 'timeout': {
        const time = durationOf(value);
        if (time === undefined) break;
        keys[key] = new Sourced(time, part);
        ledger.carry(part);
        break;
      }
      case 'rise':
      case 'fall':
        setNumber(keys, key, value, part, context);
        break;
      case 'weight':
        if (!setWeight(keys, part, context)) return lost(one, part, context);
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
  ledger.lose(one, `${textOf(one)}: has no script`);
  return undefined;
}

function fileOf(one: Statement, context: Context): Branch | undefined {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one), content: 'number' };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (key === 'file') {
      keys['file'] = value;
      ledger.carry(part);
    } else if (key === 'weight') {
      if (numberOf(value) === 0) {
        ledger.lose(
          part,
          `${textOf(one)}: weight 0 (a number other than 0 means FAULT) is not supported`,
        );
        return undefined;
      }
      if (!setWeight(keys, part, context)) return lost(one, part, context);
    } else ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
  }
  if (keys['file'] !== undefined) return keys;
  ledger.lose(one, `${textOf(one)}: has no file`);
  return undefined;
}

function processOf(one: Statement, context: Context): Branch | undefined {
  const { ledger } = context;
  const keys: Branch = { name: nameOf(one), weight: 1 };
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
      if (!setWeight(keys, part, context)) return lost(one, part, context);
    } else if (key === 'quorum' && value === '1') ledger.skip(part);
    else ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
  }
  if (keys['process'] !== undefined) return keys;
  ledger.lose(one, `${textOf(one)}: has no process`);
  return undefined;
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
  const number = numberOf(value);
  if (number === undefined || number < 1) {
    context.ledger.note(part, 'ignored', `${textOf(part)}: not a number from 1, and ignored`);
    return;
  }
  keys[key] = new Sourced(number, part);
  context.ledger.carry(part);
}

/** False: the weight inverts the effect, which no key here does. */
function setWeight(keys: Branch, part: Statement, context: Context): boolean {
  if (part.words.includes('reverse')) return false;
  const weight = weightOf(part.words[1], part, context);
  if (weight !== undefined) {
    keys['weight'] = weight;
    context.ledger.carry(part);
  }
  return true;
}

/** Undefined: a value that keepalived ignores, which is listed. */
function weightOf(
  value: string | undefined,
  part: Statement,
  { ledger }: Context,
): number | undefined {
  const weight = numberOf(value);
  if (weight !== undefined && Math.abs(weight) <= WEIGHT_MOST) return weight;
  const message = `${textOf(part)}: the weight is not a number from -253 to 253, and ignored`;
  ledger.note(part, 'ignored', message);
  return undefined;
}

const WEIGHT_MOST = 253;

function lost(one: Statement, part: Statement, { ledger }: Context): undefined {
  ledger.lose(
    part,
    `${textOf(one)}: ${textOf(part)}: "reverse" is not supported, and what tracks it is left out`,
  );
}

/** Entries of `track`. */
export function trackEntries(one: Statement, user: Statement, context: Context): Sourced[] {
  const { ledger } = context;
  ledger.carry(one);
  return (one.block ?? []).flatMap((statement) => {
    const known = trackedBy(one, statement, user, context);
    if (known === undefined) return [];
    if (statement.words.includes('reverse')) {
      ledger.lose(statement, `${one.words[0]}: ${textOf(statement)}: "reverse" is not supported`);
      return [];
    }
    const written = optionOf(statement.words, 'weight');
    const weight = written === undefined ? undefined : weightOf(written, statement, context);
    const entry: Branch = weight === undefined ? { ...known } : { ...known, weight };
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
    if (hasMoreWords(statement, ['weight', 'noreverse'], ledger)) return [];
    ledger.carry(statement);
    return [new Sourced(entry, statement)];
  });
}

function trackedBy(
  one: Statement,
  statement: Statement,
  user: Statement,
  { trackers, positions, ledger }: Context,
): Branch | undefined {
  const [key] = one.words;
  const [name = ''] = statement.words;
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
