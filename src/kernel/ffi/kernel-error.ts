import { errnoName } from './errno.ts';

/** Stable names for logs, metrics and documents. */
type KernelErrorCode =
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

/** A system call failed: the operation, the errno, and the reason or a remedy where one is known. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  /** For people: `bind raw socket on eth0`. */
  readonly operation: string;
  /** The name: `EPERM`. */
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
