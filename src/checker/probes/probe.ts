/** What each kind of probe implements. */
import type { ProbeOutcome } from '../../net/probe.ts';

export interface Probe {
  /** One run; ends within the timeout or soon after. Expected failures do not reject. */
  run(timeoutMs: number): Promise<ProbeOutcome>;
  close(): void;
}

export function passed(detail: string): ProbeOutcome {
  return { passed: true, detail };
}

export function failed(detail: string): ProbeOutcome {
  return { passed: false, detail };
}

/** The name of the errno if there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('errno' in error && typeof error.errno === 'string') return error.errno;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
