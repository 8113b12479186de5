import { errnoName } from './errno.ts';

/** Stable names for logs, metrics and documents. */
export type KernelErrorCode =
  | 'kernel-permission'
  | 'kernel-unsupported'
  | 'kernel-no-device'
  | 'kernel-error';

const CODES = new Map<string, KernelErrorCode>([
  ['EPERM', 'kernel-permission'],
  ['EACCES', 'kernel-permission'],
  ['EAFNOSUPPORT', 'kernel-unsupported'],
  ['EPROTONOSUPPORT', 'kernel-unsupported'],
  ['ENOPROTOOPT', 'kernel-unsupported'],
  ['EOPNOTSUPP', 'kernel-unsupported'],
  ['ENOSYS', 'kernel-unsupported'],
  ['ENODEV', 'kernel-no-device'],
  ['ENXIO', 'kernel-no-device'],
]);

/** A refused system call: what was asked, the errno, and what the kernel said or what would help. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  /** In words: `bind raw socket on eth0`. */
  readonly operation: string;
  /** Name of the errno: `EPERM`. */
  readonly errno: string;
  readonly detail: string | undefined;
  readonly code: KernelErrorCode;

  constructor(operation: string, errno: number, detail?: string) {
    const name = errnoName(errno);
    super(`${operation}: ${name}${detail === undefined ? '' : ` (${detail})`}`);
    this.operation = operation;
    this.errno = name;
    this.detail = detail;
    this.code = CODES.get(name) ?? 'kernel-error';
  }
}
