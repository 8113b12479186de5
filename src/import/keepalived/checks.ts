/** Converts the checkers of a real server to `check`. */

import { type Branch, Sourced, type Tree } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { numberOf } from '../names.ts';
import { isOn, partsOf, type Statement, textOf } from '../statement.ts';
import { commandIn, noteRest, userOf } from './commands.ts';
import { type Context, durationOf } from './context.ts';
import { endpointOf } from './where.ts';

export const CHECKER = /^([A-Z]+_(GET|CHECK))$/;

/** Keys that a checker takes from its server, and a server from its service. */
const INHERITED = [
  'delay_loop',
  'retry',
  'nb_get_retry',
  'delay_before_retry',
  'connect_timeout',
  'virtualhost',
];

/** Of keys that may be there once the last one counts. */
const SINGLE = [
  'misc_path',
  'misc_timeout',
  'user',
  'name',
  'type',
  'payload',
  'require_reply',
  'connect_ip',
  'connect_port',
  'bindto',
];

/** Starts are spread over the first interval here, and failures are events. */
const NEEDLESS = new Set(['warmup', 'log_all_failures', 'tls_compliant', 'fast_recovery']);

const DELAY_LOOP_DEFAULT = '60';
const CONNECT_TIMEOUT_DEFAULT = '5';

/** The last value of an inherited key, from the innermost block that has it. */
export type Inherited = ReadonlyMap<string, string>;

export function inheritedIn(blocks: readonly Statement[], context: Context): Inherited {
  const found = new Map<string, string>();
  for (const block of blocks) {
    for (const one of partsOf(block, ...INHERITED)) {
      const isOld = one.words[0] === 'nb_get_retry';
      if (isOld && !/^(HTTP|SSL)_GET$/.test(block.words[0] ?? '')) {
        const message = 'known in HTTP_GET and SSL_GET only, and ignored: "retry" is its name here';
        context.ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
        continue;
      }
      const key = isOld ? 'retry' : (one.words[0] ?? '');
      const value = one.words[1] ?? '';
      if (isValid(key, value)) {
        // Digits as far as they go, as keepalived reads them.
        const read = key === 'retry' ? String(Number(/^[0-9]*/.exec(value)?.[0])) : value;
        found.set(key, read);
        context.ledger.carry(one);
        if (read !== value) {
          context.ledger.note(one, 'ignored', `${textOf(one)}: becomes ${read}`);
        }
      } else context.ledger.note(one, 'ignored', `${textOf(one)}: invalid, and ignored`);
    }
  }
  return found;
}

function isValid(key: string, value: string): boolean {
  if (key === 'virtualhost') return true;
  if (key === 'retry') return !value.startsWith('-');
  if (durationOf(value) === undefined) return false;
  return key === 'delay_before_retry' || Number(value) > 0;
}

/** The checks of one checker: several for one with several URLs, none if it is only listed. */
export function convertChecker(one: Statement, outer: Inherited, context: Context): Branch[] {
  const { ledger } = context;
  noteReplaced(one, context);
  if (one.words[0] === 'MISC_CHECK') ignoreTarget(one, context);
  const own = new Map([...outer, ...inheritedIn([one], context)]);
  const kinds = kindsOf(one, own, context);
  if (kinds.length === 0) return [];
  ledger.carry(one);
  if (one.block === undefined) {
    const why = 'has no block: keepalived reads one from the lines that follow';
    ledger.remark(one, 'changed', `${textOf(one)}: ${why}`);
  }
  const places = placesOf(one, own, context);
  for (const part of one.block ?? []) {
    if (ledger.verdictOf(part) !== undefined) continue;
    const isOff = part.words[0] === 'alpha' && isOn(part.words[1]) === false;
    if (isOff || NEEDLESS.has(part.words[0] ?? '')) ledger.skip(part);
    else ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
  }
  return kinds.flatMap((kind) => places.map((place) => ({ ...kind, ...place })));
}

function noteReplaced(one: Statement, { ledger }: Context): void {
  for (const key of SINGLE) {
    for (const part of partsOf(one, key).slice(0, -1)) {
      ledger.note(part, 'ignored', `${textOf(part)}: a later line replaces it`);
    }
  }
}

/** A command has no connection, so that keepalived does not know these keys. */
function ignoreTarget(one: Statement, { ledger }: Context): void {
  for (const part of partsOf(one, 'connect_ip', 'connect_port', 'bindto', 'connect_timeout')) {
    ledger.note(part, 'ignored', `${one.words[0]}: ${textOf(part)}: a command has none`);
  }
}

/**
 * Where the checker looks, and how often. An `SMTP_CHECK` may have places in blocks `host`; it looks at its
 * own one as well if it has keys of a connection.
 */
function placesOf(one: Statement, own: Inherited, context: Context): Branch[] {
  const { ledger } = context;
  const hosts = one.words[0] === 'SMTP_CHECK' ? partsOf(one, 'host') : [];
  const isPlain =
    hosts.length > 0 && partsOf(one, 'connect_ip', 'connect_port', 'connect_timeout').length === 0;
  const blocks = isPlain ? hosts : [one, ...hosts];
  ledger.carry(...hosts);
  return blocks.map((block) => {
    const inner = block === one ? own : new Map([...own, ...inheritedIn([block], context)]);
    return { ...targetOf(one, block, context), ...timingOf(one, inner, context) };
  });
}

function kindsOf(one: Statement, own: Inherited, context: Context): Branch[] {
  const { ledger } = context;
  switch (one.words[0]) {
    case 'TCP_CHECK':
      return [{ tcp: {} }];
    case 'PING_CHECK':
      return [{ ping: {} }];
    case 'SMTP_CHECK':
      ledger.note(
        one,
        'changed',
        'SMTP_CHECK: only the connection is checked (tcp), not the SMTP dialogue',
      );
      ledger.skip(...partsOf(one, 'helo_name'));
      return [{ tcp: {} }];
    case 'HTTP_GET':
    case 'SSL_GET':
      return requestsOf(one, own, context);
    case 'DNS_CHECK':
      return [dnsOf(one, context)];
    case 'UDP_CHECK':
      return datagramOf(one, context);
    case 'MISC_CHECK':
      return commandsOf(one, context);
    case 'BFD_CHECK': {
      const why = 'BFD decides about instances here, not about servers: "ping" comes nearest';
      ledger.lose(one, `${textOf(one)}: ${why}`);
      return [];
    }
    default:
      ledger.lose(one, `${textOf(one)}: this check is not supported`);
      return [];
  }
}

function requestsOf(one: Statement, own: Inherited, context: Context): Branch[] {
  const { ledger } = context;
  const isTls = one.words[0] === 'SSL_GET';
  const sni = partsOf(one, 'enable_sni');
  ledger.carry(...sni);
  const urls = urlsOf(one, context);
  if (urls.length === 0) ledger.note(one, 'ignored', `${textOf(one)}: has no url with a path`);
  return urls.map((url) => {
    ledger.carry(url);
    const request: Branch = { status: statusOf(url, context) };
    const host = own.get('virtualhost');
    if (host !== undefined) request['host'] = host;
    for (const part of url.block ?? []) convertUrlKey(part, request, context);
    withoutBentRegex(url, request, context);
    // keepalived sends no server name without enable_sni, and never verifies the certificate.
    if (isTls) request['verify'] = false;
    return isTls ? { https: request } : { http: request };
  });
}

function urlsOf(one: Statement, { ledger }: Context): Statement[] {
  return partsOf(one, 'url').filter((url) => {
    const hasPath = partsOf(url, 'path').length > 0;
    if (!hasPath) ledger.note(url, 'ignored', 'url: has no path, and is ignored');
    return hasPath;
  });
}

const STATUS_DEFAULT = '200-299';

/** What all lines together name, as in keepalived. */
function statusOf(url: Statement, { ledger }: Context): Tree {
  const codes: Sourced[] = [];
  for (const part of partsOf(url, 'status_code')) {
    ledger.carry(part);
    for (const code of part.words.slice(1)) {
      if (!/^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$/.test(code)) {
        ledger.note(part, 'ignored', `${textOf(part)}: "${code}" is no status code, and ignored`);
      } else codes.push(new Sourced(numberOf(code) ?? code, part));
    }
  }
  return codes.length > 0 ? codes : [STATUS_DEFAULT];
}

function convertUrlKey(part: Statement, request: Branch, { ledger }: Context): void {
  const [key = '', value = ''] = part.words;
  switch (key) {
    case 'status_code':
      return;
    case 'path':
      // Not a part of its own: without its path the check would look at another page.
      request['path'] = value;
      ledger.carry(part);
      return;
    case 'virtualhost':
      request['host'] = new Sourced(value, part);
      ledger.carry(part);
      return;
    case 'digest':
      if (request['digest'] !== undefined) {
        ledger.note(part, 'ignored', `${textOf(part)}: an earlier line has a digest`);
        return;
      }
      request['digest'] = new Sourced(`md5:${value}`, part);
      ledger.carry(part);
      return;
    case 'regex':
      request['body_regex'] = new Sourced(value, part);
      ledger.carry(part);
      return;
    default:
      ledger.lose(part, `url: ${textOf(part)}`);
  }
}

/** Keys that change what the regex means: without them it would judge otherwise, or the other way round. */
const BENDS_REGEX = [
  'regex_no_match',
  'regex_options',
  'regex_min_offset',
  'regex_max_offset',
  'regex_stack',
];

function withoutBentRegex(url: Statement, request: Branch, { ledger }: Context): void {
  const [bend] = partsOf(url, ...BENDS_REGEX);
  const regex = partsOf(url, 'regex').at(-1);
  if (bend === undefined || regex === undefined) return;
  delete request['body_regex'];
  ledger.note(regex, 'lost', `${textOf(regex)}: left out, as ${bend.words[0]} is not supported`);
}

const DNS_DEFAULT = 'SOA';
const DNS_TYPES = new Set(['A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'SRV']);

function dnsOf(one: Statement, { ledger }: Context): Branch {
  const type = partsOf(one, 'type').at(-1);
  const name = partsOf(one, 'name').at(-1);
  ledger.carry(...partsOf(one, 'type', 'name'));
  const dns: Branch = { name: name?.words[1] ?? '.', type: DNS_DEFAULT };
  if (type === undefined) return { dns };
  const written = (type.words[1] ?? '').toUpperCase();
  if (DNS_TYPES.has(written)) dns['type'] = written;
  else ledger.note(type, 'ignored', `${textOf(type)}: unknown, and so ${DNS_DEFAULT}`);
  return { dns };
}

function datagramOf(one: Statement, { ledger }: Context): Branch[] {
  const udp: Branch = {};
  const payload = partsOf(one, 'payload').at(-1);
  if (payload !== undefined && /[^0-9A-Fa-f]/.test(payload.words.slice(1).join(''))) {
    ledger.note(payload, 'ignored', `${textOf(payload)}: not hexadecimal, and ignored`);
  } else if (payload !== undefined) {
    udp['send_hex'] = hexOf(payload.words.slice(1));
    ledger.carry(payload);
  }
  const reply = partsOf(one, 'require_reply').at(-1);
  if (reply !== undefined) {
    udp['expect_regex'] = '^';
    ledger.carry(reply);
    if (reply.words.length > 1) {
      const message = `${textOf(reply)}: any reply is accepted, whatever it contains`;
      ledger.note(reply, 'lost', message);
    }
  }
  return [{ udp }];
}

/** `Ab12f 3` is AB 12 0F 03: a digit that stands alone is a byte. */
function hexOf(words: readonly string[]): string {
  return words
    .flatMap(
      (word) =>
        word.match(/../g)?.concat(word.length % 2 === 1 ? [`0${word.at(-1)}`] : []) ?? [`0${word}`],
    )
    .join('');
}

function commandsOf(one: Statement, context: Context): Branch[] {
  const { ledger } = context;
  const path = partsOf(one, 'misc_path').at(-1);
  if (path === undefined) {
    ledger.lose(one, `${textOf(one)}: has no misc_path`);
    return [];
  }
  const command = commandIn(path, path.words[1] ?? '', context);
  if (command === undefined) return [];
  ledger.carry(path);
  noteRest(path, context);
  const user = partsOf(one, 'user').at(-1);
  const as =
    user === undefined ? userOf(path, [], context) : userOf(user, user.words.slice(1), context);
  if (user !== undefined) ledger.carry(user);
  const looked = isDynamic(one, context) ? [...DYNAMIC, ...command] : command;
  return [{ exec: as === undefined ? { command: looked } : { command: looked, user: as } }];
}

/** Passes with the status 0, and with those that `misc_dynamic` takes for a weight. */
const DYNAMIC = ['/bin/sh', '-c', '"$@"; s=$?; [ $s -ne 1 ] && [ $s -lt 126 ]', 'misc_dynamic'];

/** Without it, a server that asks for another weight would be down. */
function isDynamic(one: Statement, { ledger }: Context): boolean {
  const parts = partsOf(one, 'misc_dynamic');
  const isOnNow = parts.length > 0 && isOn(parts.at(-1)?.words[1]) !== false;
  for (const part of parts) {
    const message = `${textOf(part)}: the server is up with a status from 2 to 125, but its weight stays`;
    if (isOnNow) ledger.note(part, 'lost', message);
    else ledger.skip(part);
  }
  return isOnNow;
}

/** `bindto ADDRESS`, of the checks that have a source here. */
function sourceOf(one: Statement, block: Statement, ledger: Ledger): Branch {
  const part = partsOf(block, 'bindto').at(-1);
  const [kind = ''] = one.words;
  if (part === undefined || ['UDP_CHECK', 'PING_CHECK'].includes(kind)) return {};
  ledger.carry(part);
  return { source: new Sourced(part.words[1] ?? '', part) };
}

const PORT_MOST = 65_535;

/** `connect_ip`, `connect_port` and `bindto`. */
function targetOf(one: Statement, block: Statement, { ledger }: Context): Branch {
  if (one.words[0] === 'MISC_CHECK') return {};
  const address = partsOf(block, 'connect_ip').at(-1);
  const port = partsOf(block, 'connect_port').at(-1);
  const written = numberOf(port?.words[1]) ?? 0;
  const number = written >= 1 && written <= PORT_MOST ? written : undefined;
  const source = sourceOf(one, block, ledger);
  if (address !== undefined) ledger.carry(address);
  if (port !== undefined && number !== undefined) ledger.carry(port);
  else if (port !== undefined)
    ledger.note(port, 'ignored', `${textOf(port)}: no port, and ignored`);
  if (address !== undefined) {
    return {
      ...source,
      connect_to: new Sourced(endpointOf(address.words[1] ?? '', number), address),
    };
  }
  return port === undefined || number === undefined
    ? source
    : { ...source, port: new Sourced(number, port) };
}

/** `retry` and `delay_before_retry` are what a live server gets before it is down. */
function timingOf(one: Statement, own: Inherited, { ledger }: Context): Branch {
  const [kind = ''] = one.words;
  const time = (written: string, key: string): string => {
    const seconds = Number(written);
    const allowed = Math.min(Math.max(seconds, TIME_LEAST), TIME_MOST);
    const text = durationOf(String(allowed)) ?? `${DELAY_LOOP_DEFAULT}s`;
    if (allowed !== seconds) {
      ledger.note(one, 'changed', `${kind}: ${key} ${written} becomes ${text}`);
    }
    return text;
  };
  const interval = time(own.get('delay_loop') ?? DELAY_LOOP_DEFAULT, 'delay_loop');
  const limit = partsOf(one, 'misc_timeout').at(-1);
  if (limit !== undefined) ledger.carry(limit);
  // In whole seconds.
  const seconds =
    limit?.words[1]?.replace(/\..*/, '') ??
    (kind === 'MISC_CHECK' ? undefined : (own.get('connect_timeout') ?? CONNECT_TIMEOUT_DEFAULT));
  const retries = numberOf(own.get('retry')) ?? defaultRetries(kind);
  const timing: Branch = { interval, rise: 1, fall: Math.min(retries + 1, FALL_MOST) };
  if (seconds !== undefined && Number(seconds) > 0) timing['timeout'] = time(seconds, 'timeout');
  const written = own.get('delay_before_retry') ?? defaultPause(kind);
  if (retries === 0 || written === undefined) return timing;
  const pause = time(written, 'delay_before_retry');
  if (pause !== interval) timing['retry_after'] = pause;
  return timing;
}

/** As the schema of this program has them; times in seconds. */
const TIME_LEAST = 0.1;
const TIME_MOST = 3_600;
const FALL_MOST = 1_000;

/** Undefined: `delay_loop`. */
function defaultPause(kind: string): string | undefined {
  if (kind === 'DNS_CHECK') return undefined;
  return kind.endsWith('_GET') ? '3' : '1';
}

function defaultRetries(kind: string): number {
  return kind === 'MISC_CHECK' ? 0 : kind === 'DNS_CHECK' ? 3 : 1;
}

/** Whether a server that is down stays in the table with weight 0; undefined: the block does not say. */
export function inhibits(block: Statement, { ledger }: Context): boolean | undefined {
  const all = partsOf(block, 'inhibit_on_failure');
  ledger.carry(...all);
  const last = all.at(-1);
  return last === undefined ? undefined : isOn(last.words[1]);
}
