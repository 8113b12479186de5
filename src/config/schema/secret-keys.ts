/** Keys whose values never appear in `check`, in logs or on the control socket. */
import type { Path } from '../finding.ts';

const SECRETS: ReadonlySet<string> = new Set([
  ...['password', 'secret', 'token', 'webhooks', 'key', 'keys'],
]);

/** Mappings that contain a secret. If the key is missing, the value itself may be the secret. */
const HOLDERS: ReadonlySet<string> = new Set(['authentication', 'webhooks']);

export function isSecretKey(name: string): boolean {
  return SECRETS.has(name);
}

/** True if the value at the path may be a secret, even one in the wrong place. */
export function mayBeSecret(path: Path): boolean {
  return path.some((step) => typeof step === 'string' && (SECRETS.has(step) || HOLDERS.has(step)));
}
