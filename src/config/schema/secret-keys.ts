/** Whose values are shown to nobody: not in `check`, not in a log, not over the control socket. */
import type { Path } from '../finding.ts';

const SECRETS: ReadonlySet<string> = new Set(['password', 'secret', 'token', 'webhooks']);

/** What holds a secret, and may be one itself where somebody has forgotten a key. */
const HOLDERS: ReadonlySet<string> = new Set(['authentication', 'webhooks']);

export function isSecretKey(name: string): boolean {
  return SECRETS.has(name);
}

/** Whether what the file has there may be a secret, rightly placed or not. */
export function mayBeSecret(path: Path): boolean {
  return path.some((step) => typeof step === 'string' && (SECRETS.has(step) || HOLDERS.has(step)));
}
