/** Authentication of version 2, of which only the simple password is supported (RFC 2338 section 5.3.6). */
import type { Authentication } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

const NONE: Authentication = { type: 'none' };

/** Length of the Authentication Data field. */
const PASSWORD_BYTES = 8;

export function lowerAuthentication(
  { values, at }: Inherited,
  version: 2 | 3,
  findings: Findings,
): Authentication {
  const given = values.authentication;
  if (given === undefined) return NONE;
  if (given.type === 'none') {
    if (given.password !== undefined) {
      const path = at('authentication', 'password');
      findings.error(path, 'conflict', '"password" has no effect with type none');
    }
    return NONE;
  }
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
    const message = 'version 3 has no authentication: remove it, or write "version: 2"';
    findings.error(at('authentication'), 'conflict', message);
    return NONE;
  }
  return lowerPassword(given.password, { values, at }, findings);
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
