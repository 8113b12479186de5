/** Converts the authentication of an instance back to the form of the file. */
import { formatDuration } from '../../net/time.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { InstanceFile } from '../schema/schema.ts';
import type { SharedKeys } from '../shared-keys.ts';
import { present } from './complete.ts';
import { effectiveKeys, maskKeys } from './effective-keys.ts';
import { MASK } from './mask.ts';

type AuthenticationFile = NonNullable<InstanceFile['authentication']>;

const NO_KEYS: SharedKeys = { keys: [], activeKey: 0 };

export function effectiveAuthentication(
  authentication: InstanceSettings['authentication'],
  keys: SharedKeys = NO_KEYS,
): AuthenticationFile {
  if (authentication.type !== 'hmac') return authentication;
  const { type, mode, antiReplay, window, activeKey } = authentication;
  return present<AuthenticationFile>({
    type,
    password: undefined,
    keys: effectiveKeys(keys),
    active_key: activeKey,
    mode,
    anti_replay: antiReplay,
    // Refused with `monotonic`, where it has no effect.
    window: antiReplay === 'time' ? formatDuration(window) : undefined,
  });
}

export function maskAuthentication(authentication: AuthenticationFile): AuthenticationFile {
  const masked = { ...authentication };
  if (masked.password !== undefined) masked.password = MASK;
  if (masked.keys !== undefined) masked.keys = maskKeys(masked.keys);
  return masked;
}
