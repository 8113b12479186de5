/** Names of error numbers (errno(3)) and back. */
import { constants } from 'node:os';

export type ErrnoName = keyof typeof constants.errno;

/** Two names share a number in three places; the kernel's own headers say these. */
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

export const EPERM = constants.errno.EPERM;
export const EAGAIN = constants.errno.EAGAIN;
export const EACCES = constants.errno.EACCES;
export const ENODEV = constants.errno.ENODEV;
export const EIO = constants.errno.EIO;
export const ENETDOWN = constants.errno.ENETDOWN;
export const ENOBUFS = constants.errno.ENOBUFS;
export const ENXIO = constants.errno.ENXIO;
