/** The check of a virtual service of ldirectord(8). */

import { parseIp } from '../../net/address.ts';
import { type Branch, Sourced } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { numberOf } from '../names.ts';
import { type Statement, textOf } from '../statement.ts';

const SERVICES: Readonly<Record<number, string>> = {
  ...{ 21: 'ftp', 25: 'smtp', 53: 'dns', 80: 'http', 110: 'pop', 119: 'nntp', 143: 'imap' },
  ...{ 389: 'ldap', 443: 'https', 587: 'submission', 636: 'ldaps', 993: 'imaps', 995: 'pops' },
  ...{
    1521: 'oracle',
    1812: 'radius',
    3128: 'http_proxy',
    3306: 'mysql',
    5432: 'pgsql',
    5060: 'sip',
  },
};

/** A service on this port is udp unless its protocol is there. */
export const DNS_PORT = 53;

type Parts = ReadonlyMap<string, Statement>;

/** Undefined: `off`; `none`: `on`, which counts every server as up. */
export function checkOf(
  one: Statement,
  parts: Parts,
  port: number,
  ledger: Ledger,
): Branch | 'none' | undefined {
  const type = parts.get('checktype')?.words[1] ?? 'negotiate';
  if (type === 'off') {
    ledger.lose(
      parts.get('checktype') ?? one,
      'checktype off: ldirectord has no server active, and so the service has none',
    );
    return undefined;
  }
  if (type === 'on') return 'none';
  const kind = kindOf(type, parts, port, one, ledger);
  if (kind === 'none') return 'none';
  const check: Branch = { ...kind, ...timingOf(type, parts) };
  noteAttempts(kind, parts, ledger);
  const at = parts.get('checkport');
  const checkPort = numberOf(at?.words[1]);
  if ('exec' in check) {
    if (at !== undefined)
      ledger.note(at, 'ignored', `${textOf(at)}: an external check does not use it`);
  } else if (at !== undefined && checkPort !== undefined)
    check['port'] = new Sourced(checkPort, at);
  else if (isFirewallMark(one) && hasPort(check)) setUsualPort(check, parts);
  return check;
}

function isFirewallMark({ words }: Statement): boolean {
  return numberOf(words[1]) !== undefined;
}

/** The check looks at a port. */
function hasPort(check: Branch): boolean {
  return !('ping' in check || 'exec' in check);
}

/** The check looks at the port of the server, which an external check gets as an argument. */
export function usesServerPort(check: Branch, parts: Parts): boolean {
  return 'exec' in check || (hasPort(check) && !parts.has('checkport'));
}

/** A firewall mark has no port: where a server has none either, the kind of the service says it. */
function setUsualPort(check: Branch, parts: Parts): void {
  const service = parts.get('service');
  const [port] = Object.entries(SERVICES).find(([, name]) => name === service?.words[1]) ?? [];
  if (port !== undefined) check['port'] = Number(port);
}

/** `checkcount` repeats a ping at once, and no other check. */
function noteAttempts(kind: Branch, parts: Parts, ledger: Ledger): void {
  const part = parts.get('checkcount');
  if (part === undefined || ledger.verdictOf(part) === 'listed') return;
  if (!('ping' in kind) || part.words[1] === '1') ledger.skip(part);
  else ledger.lose(part, `${textOf(part)}: each ping is tried once; see failurecount`);
}

/** A command line as a shell splits it, without quotes of its own. */
export function argumentsIn(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function kindOf(
  type: string,
  parts: Parts,
  port: number,
  one: Statement,
  ledger: Ledger,
): Branch | 'none' {
  const protocol = parts.get('protocol')?.words[1] ?? (port === DNS_PORT ? 'udp' : 'tcp');
  const isUdp = protocol === 'udp';
  switch (type) {
    case 'ping':
      return { ping: {} };
    case 'connect':
      return isUdp ? { ping: {} } : { tcp: {} };
    case 'external':
    case 'external-perl':
      return commandOf(parts, one, ledger);
    case 'negotiate':
      return negotiated(parts, port, one, ledger);
    default: {
      const message = `checktype ${type}: each check negotiates here, not one of ${type}`;
      ledger.note(parts.get('checktype') ?? one, 'changed', message);
      return negotiated(parts, port, one, ledger);
    }
  }
}

/** The command gets the service, then the server, as ldirectord passes them. */
function commandOf(parts: Parts, one: Statement, ledger: Ledger): Branch | 'none' {
  const place = parts.get('checkcommand');
  const [, program] = place?.words ?? [];
  if (place === undefined || program === undefined) {
    ledger.lose(one, `${textOf(one)}: checktype external without checkcommand`);
    return 'none';
  }
  const where = one.words[1] ?? '';
  const [, address = where, port = '0'] = /^\[?(.*?)\]?:([0-9]+)$/.exec(where) ?? [];
  const command = [...argumentsIn(program), address, port, '{address}', '{port}'];
  return { exec: { command: new Sourced(command, place) } };
}

function negotiated(parts: Parts, port: number, one: Statement, ledger: Ledger): Branch | 'none' {
  const service = parts.get('service')?.words[1] ?? SERVICES[port] ?? 'none';
  switch (service) {
    case 'none':
      return 'none';
    case 'http':
    case 'https':
      return { [service]: requestOf(service, parts) };
    case 'dns':
      return questionOf(parts, ledger);
    default: {
      const dialogue = ['request', 'receive'].flatMap((key) => parts.get(key) ?? []);
      for (const part of dialogue) ledger.lose(part, `virtual: ${textOf(part)}: is not sent`);
      const message = `service ${service}: only the connection is checked, not the dialogue`;
      ledger.note(parts.get('service') ?? one, 'changed', message);
      return service === 'radius' || service === 'sip' ? { ping: {} } : { tcp: {} };
    }
  }
}

/** ldirectord asks for an address, or for the name of one, and compares with a regular expression. */
function questionOf(parts: Parts, ledger: Ledger): Branch {
  const name = parts.get('request');
  const answer = parts.get('receive');
  const written = name?.words[1] ?? '';
  if (name === undefined) return { tcp: {} };
  if (parseIp(written) !== undefined) {
    const message = 'names of addresses are not asked for: only the connection is checked';
    for (const part of [name, answer]) {
      if (part !== undefined) ledger.note(part, 'changed', `${textOf(part)}: ${message}`);
    }
    return { tcp: {} };
  }
  const dns: Branch = { name: new Sourced(written, name) };
  const expected = answer?.words[1] ?? '';
  if (answer !== undefined && parseIp(expected) !== undefined) {
    dns['answer'] = new Sourced(expected, answer);
  } else if (answer !== undefined) {
    const message = 'not an address, so any answer passes';
    ledger.note(answer, 'changed', `${textOf(answer)}: ${message}`);
  }
  return { dns };
}

function requestOf(service: 'http' | 'https', parts: Parts): Branch {
  const request: Branch = {};
  const path = parts.get('request');
  const receive = parts.get('receive');
  const host = parts.get('virtualhost');
  const method = parts.get('httpmethod');
  if (path !== undefined)
    request['path'] = new Sourced(`/${(path.words[1] ?? '').replace(/^\//, '')}`, path);
  if (receive !== undefined) request['body_regex'] = new Sourced(receive.words[1] ?? '', receive);
  if (host !== undefined) request['host'] = new Sourced(host.words[1] ?? '', host);
  if (method !== undefined)
    request['method'] = new Sourced((method.words[1] ?? '').toUpperCase(), method);
  // ldirectord does not verify certificates.
  if (service === 'https') request['verify'] = false;
  return request;
}

function timingOf(type: string, parts: Parts): Branch {
  const seconds = (key: string) => parts.get(key)?.words[1];
  const [connect, negotiate] = [seconds('checktimeout'), seconds('negotiatetimeout')];
  const timeout =
    type === 'negotiate' ? (negotiate ?? connect ?? '30') : (connect ?? negotiate ?? '5');
  return {
    interval: `${seconds('checkinterval') ?? '10'}s`,
    timeout: `${timeout}s`,
    rise: 1,
    fall: Number(seconds('failurecount') ?? '1'),
  };
}
