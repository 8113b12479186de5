/** `npm run bench -- [--only NAME,NAME] [--runs N] [--quick] [--soak] [--list]`. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly only: readonly string[] | undefined;
  readonly repetitions: number;
  readonly quick: boolean;
  readonly soak: boolean;
  readonly list: boolean;
}

/** Throws a TypeError for wrong arguments. */
export function optionsFrom(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const asked = values.only?.split(',');
  const only = asked?.flatMap((name) => namedBy(name, names));
  const unknown = asked?.filter((name) => namedBy(name, names).length === 0) ?? [];
  if (unknown.length > 0) {
    throw new TypeError(`no such scenario: ${unknown.join(', ')}; known: ${names.join(', ')}`);
  }
  const repetitions = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(repetitions) || repetitions < 1) {
    throw new TypeError('--runs takes a whole number from 1');
  }
  return { only, repetitions, quick: values.quick, soak: values.soak, list: values.list };
}

/** A name that no scenario has stands for all that begin with it: `peer-link`. */
function namedBy(name: string, names: readonly string[]): readonly string[] {
  if (names.includes(name)) return [name];
  return names.filter((one) => one.startsWith(`${name}-`));
}
