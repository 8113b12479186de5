/** Authentication of version 2, of which only the simple password is left (RFC 2338 section 5.3.6). */
import type { Authentication } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

const NONE: Authentication = { type: 'none' };

/** Length of the field Authentication Data that a password has to fit into. */
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
      findings.error(path, 'conflict', 'a password is of no use with type none');
    }
    return NONE;
  }
  if (given.type === 'ah') {
    findings.error(
      at('authentication', 'type'),
      'conflict',
      'type ah is refused: RFC 3768 removed it because it does not keep a hostile router from ' +
        'becoming MASTER; use type pass or none on all routers of the group, and protect the ' +
        'segment itself or encrypt it',
    );
    return NONE;
  }
  if (version !== 2) {
    const message = 'only version 2 has authentication: remove it, or set "version: 2"';
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
    const message = `a password has 1 to ${PASSWORD_BYTES} bytes, this one has ${length}`;
    findings.error(path, 'range', message);
    return NONE;
  }
  if (password.includes('\0')) {
    findings.error(path, 'range', 'a password cannot contain NUL: it is padded with NUL');
    return NONE;
  }
  findings.warn(
    path,
    'the password is sent readable in every packet: it prevents accidents, not attacks',
  );
  return { type: 'pass', password };
}
