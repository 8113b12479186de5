/** The number that the kernel gives to a link. */
import { libc } from '../ffi/libc.ts';

/** Zero: this network namespace has no link of that name (if_nametoindex(3)). */
export function linkIndex(name: string): number {
  return libc().if_nametoindex(name);
}
