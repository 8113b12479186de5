/** Names of error numbers (errno(3)) and back. */
import { constants } from 'node:os';

type ErrnoName = keyof typeof constants.errno;

/** Three numbers have two names each; these are the names in the kernel's headers. */
const PREFERRED = ['EAGAIN', 'EDEADLK', 'EOPNOTSUPP'] as const;

const names = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  ...PREFERRED.map((name) => [constants.errno[name], name] as const),
]);

/** `EPERM` for 1; `errno 523` for a number without a name. */
export function errnoName(number: number): string {
  return names.get(number) ?? `errno ${number}`;
}

export function errnoNumber(name: ErrnoName): number {
  return constants.errno[name];
}
