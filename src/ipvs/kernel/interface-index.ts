import { libc } from '../../kernel/ffi/libc.ts';

/** The index that the name has now; undefined: there is no such interface. */
export function interfaceIndex(name: string): number | undefined {
  const index = libc().if_nametoindex(name);
  return index === 0 ? undefined : index;
}
