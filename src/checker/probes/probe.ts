/** What each kind of probe implements, and the outcomes of a run. */
import { getSystemErrorMap } from 'node:util';
import type { ProbeOutcome } from '../../net/probe.ts';

export interface Probe {
  /** One run; ends within the timeout or soon after. Expected failures do not reject. */
  run(timeoutMs: number): Promise<ProbeOutcome>;
  close(): void;
}

/**
 * Errors of this host: it has no descriptor, memory, process or local port to look with. They say
 * nothing about the target (socket(2), connect(2), fork(2)).
 */
const LOCAL_ERRORS = new Set([
  ...['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EAGAIN', 'EADDRNOTAVAIL'],
  // bind(2), when every port of the source is taken.
  'EADDRINUSE',
  // A raw socket without the capability, and a datagram that netfilter dropped on its way out: send(2), also
  // when the table of nf_conntrack is full.
  'EPERM',
  // Node's name for a worker thread that could not be started.
  'ERR_WORKER_INIT_FAILED',
]);

export function passed(detail: string): ProbeOutcome {
  return { passed: true, detail };
}

export function failed(detail: string): ProbeOutcome {
  return { passed: false, detail };
}

/** This host could not look: no result. */
export function couldNotLook(why: string): ProbeOutcome {
  return { passed: undefined, detail: `this host could not look: ${why}` };
}

export function isLocalError(errno: string): boolean {
  return LOCAL_ERRORS.has(errno);
}

/** The outcome of a run that ended with this error; `about` comes before the name of the error. */
export function failedBy(error: unknown, about = ''): ProbeOutcome {
  const reason = reasonOf(error);
  return isLocalError(reason) ? couldNotLook(reason) : failed(`${about}${reason}`);
}

/** The name of the errno if there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('errno' in error && typeof error.errno === 'string') return error.errno;
  const ofSystem = nameOfSystemError(error);
  if (ofSystem !== undefined) return ofSystem;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Node reports some errors of `node:os` with a positive number and without their name. */
function nameOfSystemError(error: Error): string | undefined {
  if (!('code' in error) || error.code !== 'ERR_SYSTEM_ERROR') return undefined;
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  return getSystemErrorMap().get(-Math.abs(number))?.[0];
}
