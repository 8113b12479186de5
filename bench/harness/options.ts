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
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new TypeError(`no such scenario: ${unknown.join(', ')}; known: ${names.join(', ')}`);
  }
  const repetitions = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(repetitions) || repetitions < 1) {
    throw new TypeError('--runs takes a whole number from 1');
  }
  return { only, repetitions, quick: values.quick, soak: values.soak, list: values.list };
}
