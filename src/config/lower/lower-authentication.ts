/**
 * Authentication: the simple password of version 2 (RFC 2338 section 5.3.6), and the HMAC of
 * draft-cassen-vrrp-auth-hmac, whose keys the engine does not get.
 */
import { type Duration, longest, NO_TIME, seconds, times } from '../../net/time.ts';
import type { Authentication } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { AUTHENTICATION_DEFAULTS } from '../schema/defaults.ts';
import type { InstanceFile } from '../schema/schema.ts';
import type { SharedKeys } from '../shared-keys.ts';
import type { Inherited } from './inherit.ts';
import { lowerSharedKeys } from './lower-shared-keys.ts';
import { lowerDuration } from './lower-timing.ts';

const NONE: Authentication = { type: 'none' };

/** Length of the Authentication Data field. */
const PASSWORD_BYTES = 8;

const WINDOW = { minimum: seconds(1), maximum: seconds(300), zero: false };
const LEAST_DEFAULT_WINDOW = seconds(5);
const INTERVALS_IN_A_WINDOW = 3;

type AuthenticationFile = NonNullable<InstanceFile['authentication']>;

/** The keys that have a meaning for one type only. */
const OWNERS: { readonly [Key in Exclude<keyof AuthenticationFile, 'type'>]-?: string } = {
  password: 'pass',
  keys: 'hmac',
  active_key: 'hmac',
  mode: 'hmac',
  anti_replay: 'hmac',
  window: 'hmac',
};

/** `version`: the lower one of a router that sends both. */
export function lowerAuthentication(
  { values, at }: Inherited,
  version: 2 | 3,
  interval: Duration,
  findings: Findings,
): Authentication {
  const given = values.authentication;
  if (given === undefined) return NONE;
  refuseForeignKeys(given, at, findings);
  if (given.type === 'none') return NONE;
  if (given.type === 'hmac') return lowerHmac(given, at, interval, findings);
  if (given.type === 'ah') {
    findings.error(
      at('authentication', 'type'),
      'conflict',
      'type ah is not supported: RFC 3768 removed it because it does not prevent a hostile router ' +
        'from becoming MASTER; use type pass or none on all routers of the group, and protect or ' +
        'encrypt the segment itself',
    );
    return NONE;
  }
  if (version !== 2) {
    const message =
      'version 3 has no password: write "type: hmac" with "keys", remove it, or write "version: 2"';
    findings.error(at('authentication'), 'conflict', message);
    return NONE;
  }
  return lowerPassword(given.password, { values, at }, findings);
}

/** Undefined unless the instance authenticates by HMAC. */
export function lowerRouterKeys(
  { values, at }: Inherited,
  host: HostFacts,
  findings: Findings,
): SharedKeys | undefined {
  const given = values.authentication;
  if (given?.type !== 'hmac') return undefined;
  const { keys, active_key: activeKey } = given;
  const missing = 'type hmac needs "keys": the routers must share a secret';
  const inside = (...more: string[]): Path => at('authentication', ...more);
  return lowerSharedKeys({ keys, activeKey, at: inside, missing }, host, findings);
}

function refuseForeignKeys(
  given: AuthenticationFile,
  at: Inherited['at'],
  findings: Findings,
): void {
  for (const [key, owner] of Object.entries(OWNERS)) {
    if (owner === given.type || given[key as keyof AuthenticationFile] === undefined) continue;
    const message = `"${key}" has no effect with type ${given.type}`;
    findings.error(at('authentication', key), 'conflict', message);
  }
}

function lowerHmac(
  given: AuthenticationFile,
  at: Inherited['at'],
  interval: Duration,
  findings: Findings,
): Authentication {
  const path = at('authentication', 'window');
  const antiReplay = given.anti_replay ?? AUTHENTICATION_DEFAULTS.anti_replay;
  if (antiReplay === 'monotonic' && given.window !== undefined) {
    findings.error(path, 'conflict', '"window" has no effect with "anti_replay: monotonic"');
  }
  const window =
    given.window === undefined
      ? longest(times(interval, INTERVALS_IN_A_WINDOW), LEAST_DEFAULT_WINDOW)
      : lowerDuration(given.window, WINDOW, path, findings);
  const keyIds = Object.keys(given.keys ?? {}).map(Number);
  const mode = given.mode ?? AUTHENTICATION_DEFAULTS.mode;
  if (mode !== 'enforce') {
    const text = `mode ${mode} accepts advertisements that are not signed: it is for a roll-out, until all routers have "mode: enforce"`;
    findings.warn(at('authentication', 'mode'), text);
  }
  if (given.window !== undefined && window > NO_TIME && window < times(interval, 2)) {
    const text =
      'the window is shorter than two intervals: a small error of a clock refuses the peer';
    findings.warn(path, text);
  }
  const activeKey = given.active_key ?? keyIds[0] ?? 0;
  return { type: 'hmac', keyIds, activeKey, mode, antiReplay, window };
}

function lowerPassword(
  password: string | undefined,
  { at }: Inherited,
  findings: Findings,
): Authentication {
  if (password === undefined) {
    findings.error(at('authentication'), 'missing', 'type pass needs a password');
    return NONE;
  }
  const path = at('authentication', 'password');
  const length = new TextEncoder().encode(password).length;
  if (length < 1 || length > PASSWORD_BYTES) {
    const message = `must have 1 to ${PASSWORD_BYTES} bytes, not ${length}`;
    findings.error(path, 'range', message);
    return NONE;
  }
  if (password.includes('\0')) {
    findings.error(path, 'range', 'must not contain NUL, which pads the password in the packet');
    return NONE;
  }
  findings.warn(
    path,
    'the password is sent unencrypted in every packet: it prevents mistakes, not attacks',
  );
  return { type: 'pass', password };
}
