/** Converts `notify.mail` to settings. */

import { parseIp } from '../../net/address.ts';
import { isLoopback } from '../../net/endpoint.ts';
import { milliseconds, seconds } from '../../net/time.ts';
import type { Findings } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import type { MailLogin, MailServer, MailSettings } from '../notification-settings.ts';
import { NOTIFY_DEFAULTS } from '../schema/defaults.ts';
import type { MailFile } from '../schema/mail-schema.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';
import { lowerSecretLine } from './secret-line.ts';

const DIGEST: DurationRange = {
  minimum: seconds(10),
  maximum: seconds(24 * 3_600),
  zero: false,
};
const TIMEOUT: DurationRange = {
  minimum: milliseconds(1_000),
  maximum: seconds(120),
  zero: false,
};

const PORT = { plain: 25, implicit: 465 } as const;

const DEFAULTS = NOTIFY_DEFAULTS.mail;

const at = (key: string) => ['notify', 'mail', key];

/** `names`: of the instances, sync groups and services of the file. */
export function lowerMail(
  file: MailFile,
  names: ReadonlySet<string>,
  host: HostFacts,
  findings: Findings,
): MailSettings {
  for (const [index, name] of (file.only ?? []).entries()) {
    if (names.has(name)) continue;
    const message = `there is no instance, sync group or service "${name}"`;
    findings.error([...at('only'), index], 'conflict', message);
  }
  return {
    server: lowerServer(file, host, findings),
    from: file.from,
    to: file.to,
    topics: file.events ?? DEFAULTS.events,
    only: file.only,
    digest: lowerDuration(file.digest ?? DEFAULTS.digest, DIGEST, at('digest'), findings),
  };
}

function lowerServer(file: MailFile, host: HostFacts, findings: Findings): MailServer {
  const { tls = DEFAULTS.tls, helo, timeout = DEFAULTS.timeout } = file;
  const [, name = '', digits] = /^\[?([^\]]*?)\]?(?::([0-9]+))?$/.exec(file.server) ?? [];
  const port =
    digits === undefined ? PORT[tls === 'implicit' ? 'implicit' : 'plain'] : Number(digits);
  if (port < 1 || port > 65_535) {
    findings.error(at('server'), 'range', `the port must be from 1 to 65535, not ${port}`);
  }
  return {
    ...{ host: name, port, tls, helo },
    login: lowerLogin(file, name, tls, host, findings),
    timeout: lowerDuration(timeout, TIMEOUT, at('timeout'), findings),
  };
}

function lowerLogin(
  { user, password: reference }: MailFile,
  server: string,
  tls: MailServer['tls'],
  host: HostFacts,
  findings: Findings,
): MailLogin | undefined {
  if (user === undefined && reference === undefined) return undefined;
  if (user === undefined || reference === undefined) {
    const [there, missing] = user === undefined ? ['password', 'user'] : ['user', 'password'];
    findings.error(at(there), 'missing', `"${there}" needs "${missing}"`, 'key');
    return undefined;
  }
  const address = parseIp(server);
  const isLocal = server === 'localhost' || (address !== undefined && isLoopback(address));
  if ((tls === 'auto' || tls === 'off') && !isLocal) {
    const message = `with "tls: ${tls}" any host could receive the password: write starttls or implicit`;
    findings.error(at('password'), 'conflict', message, 'key');
  }
  const password = lowerSecretLine(reference, 'password', at('password'), host, findings);
  return { user, reference, password };
}
