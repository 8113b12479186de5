/** Converts ldirectord.cf (ldirectord(8)) to services of `ipvs`. */
import { parseIp } from '../../net/address.ts';
import { type Branch, type Draft, Sourced, type Tree } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { numberOf, prefixLengthOf, serviceNameFor } from '../names.ts';
import { type Converted, type Note, type Statement, textOf } from '../statement.ts';
import { argumentsIn, checkOf, DNS_PORT, usesServerPort } from './check.ts';

const METHODS: Readonly<Record<string, string>> = { gate: 'dr', masq: 'nat', ipip: 'tun' };

/** Keywords that need no equivalent: reloads, logs and processes are this program's own. */
const NEEDLESS = new Set([
  ...['autoreload', 'logfile', 'supervised', 'fork', 'readdquiescent'],
  ...['servicename', 'comment', 'emailalertfreq', 'emailalertstatus', 'emailalertfrom', 'smtp'],
]);

/** Keys of a service that its file may also give for all services. */
const INHERITED = [
  ...[
    'checktimeout',
    'negotiatetimeout',
    'checkinterval',
    'failurecount',
    'checkcount',
    'quiescent',
    'fallback',
    'fallback6',
    'fallbackcommand',
  ],
];

/** Adds what the file says to the draft. Never throws. */
export function convertLdirectord(file: string, text: string, draft: Draft): Converted {
  const { statements, notes } = statementsOf(file, text);
  const { ledger } = draft;
  const globals = new Map<string, Statement>();
  const forks = statements.some(({ words }) => words[0] === 'fork' && words[1] === 'yes');
  for (const one of statements) {
    const [key = ''] = one.words;
    if (key === 'virtual' || key === 'virtual6') continue;
    if (INHERITED.includes(key)) {
      globals.set(key, one);
      ledger.carry(one);
    } else if (NEEDLESS.has(key)) ledger.skip(one);
    else if (key === 'cleanstop') {
      draft.ipvs['on_stop'] = new Sourced(one.words[1] === 'no' ? 'keep' : 'remove', one);
      ledger.carry(one);
    }
  }
  for (const one of statements) {
    if (!/^virtual6?$/.test(one.words[0] ?? '')) continue;
    if (!forks) ignoreInterval(one, draft.ledger);
    convertService(one, globals, draft);
  }
  return { statements, notes };
}

/** All services have one interval unless each has a process of its own. */
function ignoreInterval({ block = [] }: Statement, ledger: Ledger): void {
  for (const part of block) {
    if (part.words[0] !== 'checkinterval') continue;
    ledger.note(part, 'ignored', `virtual: ${textOf(part)}: ignored without "fork = yes"`);
  }
}

/** `key = value`; the indented lines after `virtual` are its block. */
function statementsOf(file: string, text: string): Converted {
  const statements: Statement[] = [];
  const notes: Note[] = [];
  let block: Statement[] | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = withoutComment(raw);
    // The old form of `supervised = yes`.
    if (line.trim() === '' || line.trim() === 'supervised') continue;
    const place = { file, line: index + 1 };
    const [, indent = '', key = '', value = ''] = /^(\s*)(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === '') {
      notes.push({ ...place, level: 'lost', message: `${line.trim()}: not "key = value"` });
      continue;
    }
    const isPart = indent !== '' && block !== undefined;
    const inner: Statement[] | undefined = /^virtual6?$/.test(key) ? [] : undefined;
    const one: Statement = { ...place, words: [key, ...valuesOf(value)], block: inner };
    (isPart && block !== undefined ? block : statements).push(one);
    if (!isPart) block = inner;
  }
  return { statements, notes };
}

/** Up to a `#` outside quotes. */
function withoutComment(line: string): string {
  return /^(?:[^"#]|"[^"]*"|"(?=[^"]*$))*/.exec(line)?.[0] ?? line;
}

/** Words and quoted texts; the quotes go. */
function valuesOf(value: string): string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s",]+)/g)].map(([, quoted, bare]) =>
    (quoted ?? bare ?? '').replaceAll('\\"', '"'),
  );
}

function convertService(
  one: Statement,
  globals: ReadonlyMap<string, Statement>,
  draft: Draft,
): void {
  const { ledger } = draft;
  const parts = new Map([...globals]);
  const reals: Statement[] = [];
  for (const part of one.block ?? []) {
    const [key = ''] = part.words;
    if (key === 'real' || key === 'real6') reals.push(part);
    else if (ledger.verdictOf(part) === undefined) parts.set(key, part);
  }
  const service = placeOf(one, parts, draft);
  if (service === undefined) return;
  const port = portOf(service);
  const value = (key: string) => parts.get(key)?.words[1];
  const isOff = value('checktype') === 'off';
  service['scheduler'] = value('scheduler') ?? 'wrr';
  if (value('persistent') !== undefined) service['persistence'] = persistenceOf(parts);
  const flags = parts.get('schedflags');
  if (flags !== undefined) service['flags'] = new Sourced(listOf(flags), flags);
  if (value('ops') === 'yes') setOnePacket(parts.get('ops'), service, ledger);
  const check = checkOf(one, parts, port, ledger);
  if (check !== undefined) {
    service['check'] = new Sourced(check, parts.get('checktype') ?? one);
    // Not set is "no" in the program, whatever its man page says.
    service['on_failure'] = value('quiescent') === 'yes' ? 'quiesce' : 'remove';
  }
  const fallback = fallbackFor(one, parts, globals);
  if (fallback !== undefined) service['fallback'] = fallbackOf(fallback);
  const command = parts.get('fallbackcommand');
  if (command !== undefined) service['notify'] = fallbackCommands(command, service);
  service['servers'] = isOff
    ? []
    : reals.flatMap((real) => serversOf(real, { service, check, parts }, ledger));
  const hasOwnCheck = ({ value: server }: Sourced) => 'check' in (server as Branch);
  const servers = service['servers'] as Sourced[];
  // Alone, that of a firewall mark may lack the port that the servers have.
  if (servers.length > 0 && servers.every(hasOwnCheck)) delete service['check'];
  account(one, ledger);
  if (draft.settleService(service, one)) draft.services.push(new Sourced(service, one));
}

function setOnePacket(part: Statement | undefined, service: Branch, ledger: Ledger): void {
  if (service['protocol'] === 'udp') service['one_packet'] = true;
  else if (part !== undefined) {
    ledger.note(part, 'ignored', `virtual: ${textOf(part)}: ignored without "protocol = udp"`);
  }
}

/** The one of the service, else that of all services of its family. */
function fallbackFor(
  { block = [], words: [kind] }: Statement,
  parts: ReadonlyMap<string, Statement>,
  globals: ReadonlyMap<string, Statement>,
): Statement | undefined {
  const isOwn = block.some(({ words }) => /^fallback6?$/.test(words[0] ?? ''));
  const own = [parts.get('fallback'), parts.get('fallback6')].find(
    (part) => part !== undefined && block.includes(part),
  );
  return isOwn ? own : globals.get(kind === 'virtual6' ? 'fallback6' : 'fallback');
}

const CARRIED = new Set([
  ...INHERITED,
  ...[
    'scheduler',
    'schedflags',
    'persistent',
    'netmask',
    'protocol',
    'ops',
    'checktype',
    'service',
    'checkport',
  ],
  ...['request', 'receive', 'httpmethod', 'virtualhost', 'checkcommand', 'real', 'real6'],
]);

function account(one: Statement, ledger: Ledger): void {
  ledger.carry(one);
  for (const part of one.block ?? []) {
    const [key = ''] = part.words;
    if (ledger.verdictOf(part) !== undefined) continue;
    if (CARRIED.has(key)) ledger.carry(part);
    else if (NEEDLESS.has(key)) ledger.skip(part);
    else ledger.lose(part, `virtual: ${textOf(part)}`);
  }
}

function placeOf(
  one: Statement,
  parts: ReadonlyMap<string, Statement>,
  { ledger, services }: Draft,
): Branch | undefined {
  const [key, where = ''] = one.words;
  const mark = numberOf(where);
  const name = serviceNameFor(mark === undefined ? where : `fwmark-${where}`, services);
  if (mark !== undefined) {
    return { name, fwmark: mark, ...(key === 'virtual6' ? { family: 'ipv6' } : {}) };
  }
  const [, address = '', port = ''] = /^\[?([^\]]*?)\]?:([0-9]+)$/.exec(where) ?? [];
  if (parseIp(address) === undefined) {
    ledger.lose(
      one,
      `${textOf(one)} is skipped: names of hosts and services are not looked up; write an IP address and a port`,
    );
    return undefined;
  }
  const protocol = parts.get('protocol')?.words[1] ?? (Number(port) === DNS_PORT ? 'udp' : 'tcp');
  return { name, address: where, protocol };
}

/** Not a number: a firewall mark has none. */
function portOf({ address = '' }: Branch): number {
  return Number(/:([0-9]+)$/.exec(String(address))?.[1]);
}

function persistenceOf(parts: ReadonlyMap<string, Statement>): Tree {
  const timeout = parts.get('persistent');
  const netmask = parts.get('netmask');
  const persistence: Branch = {};
  if (timeout !== undefined) persistence['timeout'] = new Sourced(`${timeout.words[1]}s`, timeout);
  const length = netmask === undefined ? undefined : prefixLengthOf(netmask.words[1] ?? '');
  if (netmask !== undefined && length !== undefined && length !== 32) {
    persistence['netmask'] = new Sourced(length, netmask);
  }
  return persistence;
}

/** What the servers of a service share. */
interface Surroundings {
  readonly service: Branch;
  readonly check: Branch | 'none' | undefined;
  readonly parts: ReadonlyMap<string, Statement>;
}

/** `real = A[->B][:port] gate|masq|ipip [weight] ["request", "receive"] [l:N] [u:N]`. */
function serversOf(
  one: Statement,
  { service, check, parts }: Surroundings,
  ledger: Ledger,
): Sourced[] {
  const [, where = '', method = '', ...rest] = one.words;
  const forwarding = METHODS[method];
  const [, first = '', , last, , port] =
    /^(\[[^\]]*\]|[^:>-]+)(->([^:]+))?(:([0-9]+))?$/.exec(where) ?? [];
  const addresses = rangeOf(first.replace(/^\[(.*)\]$/, '$1'), last);
  if (forwarding === undefined || addresses.length === 0) {
    ledger.lose(one, `${textOf(one)}: expected an IP address and gate, masq or ipip`);
    return [];
  }
  const keys: Branch = { forwarding };
  const texts: string[] = [];
  for (const word of rest) {
    const threshold = /^<?([lu]):([0-9]+)>?$/.exec(word);
    if (threshold !== null) {
      keys[threshold[1] === 'l' ? 'lower_threshold' : 'upper_threshold'] = Number(threshold[2]);
    } else if (numberOf(word) !== undefined && texts.length === 0) keys['weight'] = Number(word);
    else texts.push(word);
  }
  ledger.carry(one);
  if (texts.length > 0) addRequest(one, keys, texts, check, ledger);
  const isMapped = forwarding === 'nat';
  const ownPort = numberOf(port);
  if (!isMapped && ownPort !== undefined && ownPort !== portOf(service)) {
    const base = keys['check'] ?? check;
    const isChecked = typeof base === 'object' && usesServerPort(base as Branch, parts);
    if (isChecked) keys['check'] = { ...base, port: ownPort };
    const message = `the packets keep their port${isChecked ? '; only the check uses this one' : ''}`;
    ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
  }
  return addresses.map((address) => {
    const host = address.includes(':') ? `[${address}]` : address;
    return new Sourced(
      { address: isMapped && port !== undefined ? `${host}:${port}` : host, ...keys },
      one,
    );
  });
}

/** A request of its own, for a service that is checked by HTTP. */
function addRequest(
  one: Statement,
  keys: Branch,
  [request = '', receive]: readonly string[],
  check: Branch | 'none' | undefined,
  ledger: Ledger,
): void {
  const kind =
    check === undefined || check === 'none'
      ? undefined
      : 'https' in check
        ? 'https'
        : 'http' in check
          ? 'http'
          : undefined;
  if (check === undefined || check === 'none' || kind === undefined) {
    ledger.lose(one, `${textOf(one)}: a request of a server is converted for http and https only`);
    return;
  }
  const http: Branch = { ...(check[kind] as Branch), path: `/${request.replace(/^\//, '')}` };
  if (receive !== undefined) http['body_regex'] = receive;
  keys['check'] = { ...check, [kind]: http };
}

/** The flags of a scheduler, between commas or blanks, in quotes or not. */
function listOf({ words }: Statement): string[] {
  return words.slice(1).flatMap((word) => word.split(/[\s,]+/).filter((one) => one !== ''));
}

function rangeOf(first: string, last: string | undefined): string[] {
  if (parseIp(first) === undefined) return [];
  if (last === undefined) return [first];
  const [, prefix = '', from = ''] = /^(.*\.)([0-9]+)$/.exec(first) ?? [];
  const [, lastPrefix = '', to = ''] = /^(.*\.)([0-9]+)$/.exec(last) ?? [];
  if (prefix === '' || prefix !== lastPrefix || Number(to) < Number(from)) return [];
  return Array.from(
    { length: Number(to) - Number(from) + 1 },
    (_, index) => `${prefix}${Number(from) + index}`,
  );
}

function fallbackOf(one: Statement): Tree {
  const [, address = '', method = ''] = one.words;
  const forwarding = METHODS[method];
  const at =
    forwarding === 'nat'
      ? address
      : address.replace(/^(\[.*\]|[^:]*):[0-9]+$/, '$1').replace(/^\[(.*)\]$/, '[$1]');
  return new Sourced({ address: at, forwarding: forwarding ?? 'dr' }, one);
}

/** It runs with `start` when no server is left, and with `stop` when one is back; then follows the service. */
function fallbackCommands(one: Statement, service: Branch): Tree {
  const program = one.words.slice(1).flatMap(argumentsIn);
  const place = String(service['address'] ?? ':0');
  const rest = [place, String(service['protocol'] ?? 'fwm')];
  return new Sourced(
    { down: [...program, 'start', ...rest], up: [...program, 'stop', ...rest] },
    one,
  );
}
