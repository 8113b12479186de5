/** Converts `virtual_server` to services of `ipvs`. */
import { parseIp } from '../../net/address.ts';
import { type Branch, Sourced, type Tree } from '../draft.ts';
import { nameFor, numberOf, prefixLengthOf } from '../names.ts';
import { optionOf, partsOf, type Statement, textOf } from '../statement.ts';
import { CHECKER, convertChecker, type Inherited, inheritedIn, inhibits } from './checks.ts';
import { addCommand } from './commands.ts';
import type { Context } from './context.ts';
import { endpointOf, type Where, whereOf } from './where.ts';

const FORWARDING: Readonly<Record<string, string>> = { NAT: 'nat', DR: 'dr', TUN: 'tun' };

const FLAGS = new Set([
  'flag-1',
  'flag-2',
  'flag-3',
  'sh-port',
  'sh-fallback',
  'mh-port',
  'mh-fallback',
]);

const CHECKSUMS: Readonly<Record<string, string>> = {
  nocsum: 'none',
  csum: 'checksum',
  remcsum: 'remote',
};

const PERSISTENCE_DEFAULT = '360';

/** @param groups the `virtual_server_group` blocks by name */
export function convertVirtualServer(
  one: Statement,
  groups: ReadonlyMap<string, Statement>,
  context: Context,
): void {
  context.ledger.carry(one);
  const places = placesOf(one, groups, context);
  const template = templateOf(one, context);
  for (const where of places) {
    const service = serviceAt(where, template, one, context);
    if (context.draft.settleService(service, one))
      context.draft.services.push(new Sourced(service, one));
  }
}

function placesOf(
  one: Statement,
  groups: ReadonlyMap<string, Statement>,
  context: Context,
): Where[] {
  const [, kind = '', name = ''] = one.words;
  if (kind !== 'group') return whereOf(one.words.slice(1), one, context);
  const group = groups.get(name);
  if (group === undefined) {
    context.ledger.lose(one, `${textOf(one)}: the group is not defined`);
    return [];
  }
  context.ledger.carry(group, ...(group.block ?? []));
  const places = (group.block ?? []).flatMap((entry) => whereOf(entry.words, entry, context));
  const commands = partsOf(one, 'quorum_up', 'quorum_down');
  const runs = commands.length === 0 ? '' : ', each of which runs the commands of its quorum';
  context.ledger.note(
    one,
    'changed',
    `${textOf(one)}: becomes ${places.length} services, one for each address of the group${runs}`,
  );
  return places;
}

/** What all services of the block share. */
interface Template {
  readonly keys: Branch;
  readonly protocol: string;
  readonly servers: readonly ServerPart[];
  readonly fallback: Statement | undefined;
  readonly fallbackMethod: Branch;
}

interface ServerPart {
  readonly statement: Statement;
  readonly keys: Branch;
  readonly address: string;
  readonly port: number | undefined;
}

function templateOf(one: Statement, context: Context): Template {
  const { ledger } = context;
  const keys: Branch = {};
  const inherited = inheritedIn([one], context);
  const flags: Sourced[] = [];
  for (const part of one.block ?? []) convertPart(part, keys, flags, context);
  if (flags.length > 0) keys['flags'] = flags;
  const protocol = partsOf(one, 'protocol').at(-1);
  ledger.carry(...partsOf(one, 'protocol'));
  const servers = partsOf(one, 'real_server').map((part) =>
    serverOf(part, one, inherited, context),
  );
  const isInhibited = inhibits([one], context);
  if (servers.some(({ keys: { check } }) => check !== undefined)) {
    const quiet = partsOf(one, 'real_server').map((part) => inhibits([part], context));
    keys['on_failure'] = isInhibited || quiet.every(Boolean) ? 'quiesce' : 'remove';
    if (!isInhibited && quiet.some(Boolean) && !quiet.every(Boolean)) {
      ledger.note(
        one,
        'changed',
        `${textOf(one)}: inhibit_on_failure of single servers becomes "on_failure: remove" for all`,
      );
    }
  }
  convertQuorum(one, servers, keys, context);
  const methods = partsOf(one, 'sorry_server_lvs_method');
  ledger.carry(...methods);
  return {
    keys,
    protocol: (protocol?.words[1] ?? 'udp').toLowerCase(),
    servers,
    fallback: partsOf(one, 'sorry_server').at(-1),
    fallbackMethod:
      methods.at(-1) === undefined ? {} : methodOf(methods.at(-1) as Statement, context),
  };
}

/** The limits are keepalived's, but one: here a quorum that is lost can be reached again. */
function convertQuorum(
  one: Statement,
  servers: readonly ServerPart[],
  keys: Branch,
  { ledger }: Context,
): void {
  const [quorum, hysteresis] = [partsOf(one, 'quorum').at(-1), partsOf(one, 'hysteresis').at(-1)];
  const parts = partsOf(one, 'quorum', 'hysteresis');
  ledger.carry(...parts);
  const total = servers.reduce((sum, { keys: own }) => sum + weightIn(own), 0);
  const wanted = numberOf(quorum?.words[1]) ?? 1;
  const weight = Math.min(wanted, Math.max(total, 1));
  if (quorum !== undefined && weight < wanted) {
    const message = `${textOf(quorum)}: more than the weight of all servers, and so ${weight}`;
    ledger.note(quorum, 'ignored', message);
  }
  const asked = numberOf(hysteresis?.words[1]) ?? 0;
  const allowed = Math.min(asked, weight - 1);
  const margin = Math.min(allowed, Math.max(total - weight, 0));
  if (hysteresis !== undefined && margin < asked) {
    const [level, why] =
      margin < allowed
        ? (['changed', 'the quorum could never be reached again with it'] as const)
        : (['ignored', 'not less than the quorum'] as const);
    ledger.note(hysteresis, level, `${textOf(hysteresis)}: ${why}, and so ${margin}`);
  }
  // One server is enough anyway.
  if (weight <= 1) ledger.skip(...parts.filter((part) => ledger.verdictOf(part) === 'carried'));
  else keys['quorum'] = margin === 0 ? weight : { weight, hysteresis: margin };
}

function weightIn({ weight = 1 }: Branch): number {
  return Number(weight instanceof Sourced ? weight.value : weight) || 0;
}

/** Read from other places of the block. */
const ELSEWHERE = new Set([
  'protocol',
  'real_server',
  'sorry_server',
  'sorry_server_lvs_method',
  'inhibit_on_failure',
  'quorum',
  'hysteresis',
  // Converted after all services.
  'smtp_alert',
]);

function convertPart(part: Statement, keys: Branch, flags: Sourced[], context: Context): void {
  const { ledger } = context;
  const [key = '', value = ''] = part.words;
  if (ELSEWHERE.has(key) || ledger.verdictOf(part) !== undefined) return;
  if (FLAGS.has(key)) {
    flags.push(new Sourced(key, part));
    ledger.carry(part);
    return;
  }
  switch (key) {
    case 'lb_algo':
    case 'lvs_sched':
      keys['scheduler'] = new Sourced(value, part);
      ledger.carry(part);
      return;
    case 'lb_kind':
    case 'lvs_method':
      Object.assign(keys, methodOf(part, context));
      return;
    case 'persistence_timeout':
      convertPersistence(part, keys, context);
      return;
    case 'persistence_granularity':
      addPersistence(keys, 'netmask', prefixLengthOf(value), part, context);
      return;
    case 'persistence_engine':
      addPersistence(keys, 'engine', value, part, context);
      return;
    case 'ops':
      keys['one_packet'] = new Sourced(true, part);
      ledger.carry(part);
      return;
    case 'ip_family':
      keys['family'] = value === 'inet6' ? 'ipv6' : 'ipv4';
      ledger.carry(part);
      return;
    case 'quorum_up':
    case 'quorum_down':
      addCommand(part, key.slice('quorum_'.length), branchIn(keys, 'notify'), context);
      return;
    case 'warmup':
    case 'nat_mask':
    case 'snmp_name':
      ledger.skip(part);
      return;
    default:
      ledger.lose(part, `virtual_server: ${textOf(part)}`);
  }
}

/** The mapping at the key, which is made if it is missing. */
function branchIn(keys: Branch, key: string): Branch {
  const known = keys[key];
  if (typeof known === 'object' && !Array.isArray(known) && !(known instanceof Sourced)) {
    return known;
  }
  const made: Branch = {};
  keys[key] = made;
  return made;
}

function convertPersistence(part: Statement, keys: Branch, context: Context): void {
  const value = part.words[1] ?? PERSISTENCE_DEFAULT;
  if (numberOf(value) === 0) {
    context.ledger.note(
      part,
      'ignored',
      'persistence_timeout 0: invalid, and the service is not persistent',
    );
    return;
  }
  addPersistence(keys, 'timeout', `${value}s`, part, context);
}

function addPersistence(
  keys: Branch,
  key: string,
  value: string | number,
  part: Statement,
  { ledger }: Context,
): void {
  branchIn(keys, 'persistence')[key] = new Sourced(value, part);
  ledger.carry(part);
}

/** `lvs_method TUN type gue port 6080 csum`. */
function methodOf(part: Statement, { ledger }: Context): Branch {
  const [, method = '', ...words] = part.words;
  const forwarding = FORWARDING[method.toUpperCase()];
  if (forwarding === undefined) {
    ledger.lose(part, `${textOf(part)}: no forwarding method`);
    return {};
  }
  ledger.carry(part);
  if (forwarding !== 'tun' || words.length === 0) return { forwarding };
  const tunnel: Branch = {};
  const type = optionOf(words, 'type');
  const port = numberOf(optionOf(words, 'port'));
  const checksum = words.map((word) => CHECKSUMS[word]).find((word) => word !== undefined);
  if (type !== undefined) tunnel['type'] = type;
  if (port !== undefined) tunnel['port'] = port;
  if (checksum !== undefined) tunnel['checksum'] = checksum;
  return { forwarding, tunnel: new Sourced(tunnel, part) };
}

function serverOf(
  one: Statement,
  service: Statement,
  outer: Inherited,
  context: Context,
): ServerPart {
  const { ledger } = context;
  ledger.carry(one);
  const [, address = '', port] = one.words;
  const inherited = new Map([...outer, ...inheritedIn([one], context)]);
  const keys: Branch = {};
  const checks: Sourced[] = [];
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (ledger.verdictOf(part) !== undefined || ELSEWHERE.has(key)) continue;
    if (CHECKER.test(key)) {
      for (const check of convertChecker(part, inherited, context))
        checks.push(new Sourced(check, part));
      continue;
    }
    if (key === 'lvs_method') Object.assign(keys, methodOf(part, context));
    else if (key in SERVER_NUMBERS) {
      keys[SERVER_NUMBERS[key] ?? ''] = new Sourced(numberOf(value) ?? value, part);
      ledger.carry(part);
    } else if (key === 'notify_up' || key === 'notify_down') {
      addCommand(part, key.slice('notify_'.length), branchIn(keys, 'notify'), context);
    } else if (key === 'warmup' || key === 'snmp_name') ledger.skip(part);
    else ledger.lose(part, `real_server: ${textOf(part)}`);
  }
  if (checks.length > 0)
    keys['check'] = checks.length === 1 && checks[0] !== undefined ? checks[0] : checks;
  if (parseIp(address) === undefined)
    ledger.lose(one, `${textOf(service)}: ${textOf(one)}: not an IP address`);
  return { statement: one, keys, address, port: numberOf(port) };
}

const SERVER_NUMBERS: Readonly<Record<string, string>> = {
  weight: 'weight',
  uthreshold: 'upper_threshold',
  lthreshold: 'lower_threshold',
};

/** The service of the template at one place. */
function serviceAt(where: Where, template: Template, one: Statement, context: Context): Branch {
  const { keys, protocol, servers, fallback, fallbackMethod } = template;
  const service: Branch = { name: uniqueName(where, protocol, context), ...where.keys, ...keys };
  if (where.address !== undefined) {
    service['protocol'] = protocol;
    if (partsOf(one, 'protocol').length === 0) {
      context.ledger.note(one, 'ignored', `${textOf(one)}: has no protocol: udp, as in keepalived`);
    }
  } else if (servers.length > 0 && servers.every(({ address }) => address.includes(':'))) {
    service['family'] ??= 'ipv6';
  }
  const isRouted = (method: Tree | undefined) => method === 'dr' || method === 'tun';
  service['servers'] = servers.map(({ statement, keys: own, address, port }) => {
    const routed = isRouted(own['forwarding'] ?? keys['forwarding']);
    const server: Branch = {
      address: endpointOf(address, portFor(port, where, routed, statement, context)),
      ...own,
    };
    return new Sourced(server, statement);
  });
  if (fallback !== undefined) {
    context.ledger.carry(fallback);
    const [, address = '', port] = fallback.words;
    const routed = isRouted(fallbackMethod['forwarding'] ?? keys['forwarding']);
    const at = endpointOf(address, portFor(numberOf(port), where, routed, fallback, context));
    const isPlain = Object.keys(fallbackMethod).length === 0;
    service['fallback'] = new Sourced(isPlain ? at : { address: at, ...fallbackMethod }, fallback);
  }
  return service;
}

/** A server that gets the packets as they are has the port of the service, whatever the file says. */
function portFor(
  port: number | undefined,
  where: Where,
  isRouted: boolean,
  one: Statement,
  { ledger }: Context,
): number | undefined {
  if (port === undefined) return undefined;
  const isMark = where.address === undefined;
  if (!isMark && (!isRouted || port === where.port)) return port;
  if (port !== (where.port ?? 0)) {
    ledger.note(
      one,
      'ignored',
      `${textOf(one)}: the packets keep the port of the service, so port ${port} is dropped`,
    );
  }
  return undefined;
}

function uniqueName(where: Where, protocol: string, { draft }: Context): string {
  const name = nameFor(where.text, 'service');
  const taken = draft.services.some(({ value }) => (value as Branch)['name'] === name);
  return taken ? nameFor(`${name}-${protocol}`, 'service') : name;
}
