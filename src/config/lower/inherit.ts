/** An instance merged with `defaults`, and the position of each key. */
import type { Path } from '../finding.ts';
import type { DefaultsFile, InstanceFile } from '../schema/schema.ts';

type AddressFile = InstanceFile['addresses'][number];

/** Without the keys and entries that were invalid and have been reported. */
export type InstanceValues = Omit<Partial<InstanceFile>, 'addresses' | 'extra_addresses'> & {
  addresses?: readonly (AddressFile | undefined)[] | undefined;
  extra_addresses?: readonly (AddressFile | undefined)[] | undefined;
};

export interface Inherited {
  readonly values: InstanceValues;
  /** The path of a key: in the instance, in `defaults`, or of the instance if neither has it. */
  readonly at: (...keys: (string | number)[]) => Path;
}

/** Merges `garp` and `unicast` key by key; the instance replaces any other key as a whole. */
export function inherit(defaults: DefaultsFile, instance: InstanceValues, path: Path): Inherited {
  const values: InstanceValues = { ...defaults, ...instance };
  if (defaults.garp !== undefined) values.garp = { ...defaults.garp, ...instance.garp };
  if (defaults.unicast !== undefined) values.unicast = { ...defaults.unicast, ...instance.unicast };
  const at = (...keys: (string | number)[]): Path => {
    if (has(instance, keys)) return [...path, ...keys];
    return has(defaults, keys) ? ['defaults', ...keys] : path;
  };
  return { values, at };
}

function has(container: unknown, keys: readonly (string | number)[]): boolean {
  let value = container;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}
