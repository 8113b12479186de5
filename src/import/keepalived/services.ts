/** Converts `virtual_server` to services of `ipvs`. */
import { familyOf, type IpAddress, parseIp } from '../../net/address.ts';
import { type Branch, plain, Sourced, type Tree } from '../draft.ts';
import { nameFor, numberOf, prefixLengthOf } from '../names.ts';
import { isOn, optionOf, partsOf, type Statement, textOf } from '../statement.ts';
import { CHECKER, convertChecker, type Inherited, inheritedIn, inhibits } from './checks.ts';
import { addCommand } from './commands.ts';
import type { Context } from './context.ts';
import { bareAddress, endpointOf, type Where, whereOf } from './where.ts';

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

/** Seconds. */
const PERSISTENCE_DEFAULT = '360';
const PERSISTENCE_MOST = 2_678_400;

/** @param groups the `virtual_server_group` blocks by name */
export function convertVirtualServer(
  one: Statement,
  groups: ReadonlyMap<string, Statement>,
  context: Context,
): void {
  context.ledger.carry(one);
  const places = placesOf(one, groups, context);
  const template = templateOf(one, context);
  if (template.servers.length === 0) {
    context.ledger.note(one, 'ignored', `${textOf(one)}: has no real servers, and is ignored`);
    return;
  }
  persistAsAsked(places, template.keys, one, context);
  const services: Branch[] = [];
  for (const where of places) {
    const service = serviceAt(where, template, one, context);
    if (!context.draft.settleService(service, one)) continue;
    if ((service['servers'] as Tree[]).length > 0) {
      services.push(service);
      context.draft.services.push(new Sourced(service, one));
    } else context.ledger.lose(one, `${textOf(one)}: has no real servers left, and is skipped`);
  }
  const [, ...others] = services;
  for (const service of others) leaveCommandsOut(service);
  shareServers(hasServerCommands(one) ? others : services, one, context);
}

/**
 * keepalived checks the servers once for the whole group, and runs a command once. Equal checks are run once
 * here as well, and all services have their results: the first service runs the commands.
 */
function leaveCommandsOut(service: Branch): void {
  delete service['notify'];
  service['servers'] = (service['servers'] as Sourced[]).map(({ value, origin }) => {
    const { notify, ...others } = value as Branch;
    return new Sourced(others, origin);
  });
}

function hasServerCommands(one: Statement): boolean {
  const servers = partsOf(one, 'real_server');
  return servers.some((server) => partsOf(server, 'notify_up', 'notify_down').length > 0);
}

/** One list for services with the same servers. */
function shareServers(services: readonly Branch[], one: Statement, { draft }: Context): void {
  const [first, ...others] = services;
  if (first === undefined || others.length === 0) return;
  const textIn = ({ servers = [] }: Branch) => JSON.stringify(plain(servers));
  if (others.some((service) => textIn(service) !== textIn(first))) return;
  const before = draft.ipvs['server_groups'];
  const groups = Array.isArray(before) ? before : [];
  const written = nameFor(one.words[2] ?? '', 'servers');
  const isTaken = groups.some((group) => (plain(group) as Branch)['name'] === written);
  const name = isTaken ? `${written.slice(0, 58)}-${groups.length + 1}` : written;
  draft.ipvs['server_groups'] = [
    ...groups,
    new Sourced({ name, servers: first['servers'] ?? [] }, one),
  ];
  for (const service of services) {
    delete service['servers'];
    service['server_group'] = name;
  }
}

/** keepalived makes a service persistent that has an address without a port, or a netmask for clients. */
function persistAsAsked(
  places: readonly Where[],
  keys: Branch,
  one: Statement,
  context: Context,
): void {
  const hasEveryPort = places.some(({ address, port = 0 }) => address !== undefined && port === 0);
  if (!hasEveryPort && !('persistence' in keys)) return;
  const persistence = branchIn(keys, 'persistence');
  if ('timeout' in persistence) return;
  persistence['timeout'] = `${PERSISTENCE_DEFAULT}s`;
  if (!hasEveryPort) return;
  const message = `every port needs persistence, which is set to ${PERSISTENCE_DEFAULT} s`;
  context.ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
}

function placesOf(
  one: Statement,
  groups: ReadonlyMap<string, Statement>,
  context: Context,
): Where[] {
  const [, kind = '', name = ''] = one.words;
  if (kind !== 'group') {
    return whereOf([bareAddress(kind, one, context), ...one.words.slice(2)], one, context);
  }
  const group = groups.get(name);
  if (group === undefined) {
    context.ledger.note(
      one,
      'ignored',
      `${textOf(one)}: the group is not defined, and so it is ignored`,
    );
    return [];
  }
  context.ledger.carry(group, ...(group.block ?? []));
  const places = (group.block ?? []).flatMap((entry) => whereOf(entry.words, entry, context));
  if (hasTwoFamilies(places, one)) {
    const message = 'the group has addresses of both families, and the service is ignored';
    context.ledger.note(one, 'ignored', `${textOf(one)}: ${message}`);
    return [];
  }
  const hasCommands = partsOf(one, 'quorum_up', 'quorum_down').length > 0 || hasServerCommands(one);
  const runs = hasCommands && places.length > 1 ? ', of which the first runs the commands' : '';
  context.ledger.note(
    one,
    'changed',
    `${textOf(one)}: becomes ${places.length} services, one for each address of the group${runs}`,
  );
  return places;
}

/** Only tunnels reach servers of the other family. */
function hasTwoFamilies(places: readonly Where[], one: Statement): boolean {
  const isTunnel = usesTunnel(one);
  const families = places.flatMap(({ address }) =>
    address === undefined ? [] : familyOf(address),
  );
  return !isTunnel && new Set(families).size > 1;
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
  const protocol = protocolOf(one, context);
  const servers = serversOf(one, inherited, context);
  const isInhibited = inhibits(one, context) ?? false;
  const quiet = servers.map(({ statement }) => inhibits(statement, context) ?? isInhibited);
  if (servers.some(({ keys: { check } }) => check !== undefined)) {
    keys['on_failure'] = quiet.every(Boolean) ? 'quiesce' : 'remove';
    if (quiet.some(Boolean) && !quiet.every(Boolean)) {
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
  const sorry = partsOf(one, 'sorry_server');
  for (const part of sorry.slice(0, -1)) {
    ledger.note(part, 'ignored', `${textOf(part)}: a later line replaces it`);
  }
  return {
    keys,
    protocol,
    servers,
    fallback: sorry.at(-1),
    fallbackMethod:
      methods.at(-1) === undefined ? {} : methodOf(methods.at(-1) as Statement, context),
  };
}

/** Without those that keepalived skips. */
function serversOf(one: Statement, inherited: Inherited, context: Context): ServerPart[] {
  const { ledger } = context;
  const [, kind = ''] = one.words;
  const family = parseIp(kind) === undefined ? undefined : familyOf(parseIp(kind) as IpAddress);
  const usual = partsOf(one, 'weight').at(-1);
  const seen = new Set<string>();
  return partsOf(one, 'real_server').flatMap((part) => {
    const server = serverOf(part, inherited, context);
    const address = parseIp(server.address);
    const [, , port] = part.words;
    const place = `${server.address} ${port}`;
    const isTunnel = [one, part].some((block) => usesTunnel(block));
    const why =
      address === undefined || (port !== undefined && !isPort(port))
        ? 'no IP address and port'
        : family !== undefined && familyOf(address) !== family && !isTunnel
          ? 'of another family than its service'
          : seen.has(place)
            ? 'there twice'
            : undefined;
    if (why !== undefined) {
      ledger.note(part, 'ignored', `${textOf(part)}: ${why}, and ignored`);
      return [];
    }
    seen.add(place);
    if (usual !== undefined && server.keys['weight'] === undefined) {
      convertNumber(usual, server.keys, context);
    }
    return [server];
  });
}

function isPort(text: string): boolean {
  const port = numberOf(text) ?? -1;
  return port >= 0 && port <= 65_535;
}

function usesTunnel(block: Statement): boolean {
  return partsOf(block, 'lb_kind', 'lvs_method').some(({ words }) => words[1] === 'TUN');
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp']);

/** The last that keepalived knows, in either case. */
function protocolOf(one: Statement, { ledger }: Context): string {
  let protocol = 'udp';
  for (const part of partsOf(one, 'protocol')) {
    const written = (part.words[1] ?? '').toLowerCase();
    if (PROTOCOLS.has(written)) {
      protocol = written;
      ledger.carry(part);
    } else ledger.note(part, 'ignored', `${textOf(part)}: unknown, and ignored`);
  }
  return protocol;
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
  const wanted = Math.max(1, numberOf(quorum?.words[1]) ?? 1);
  if (quorum !== undefined && String(wanted) !== quorum.words[1]) {
    ledger.note(quorum, 'ignored', `${textOf(quorum)}: becomes ${wanted}`);
  }
  const weight = Math.min(wanted, Math.max(total, 1));
  if (quorum !== undefined && weight < wanted) {
    const message = `${textOf(quorum)}: more than the weight of all servers, and so ${weight}`;
    ledger.note(quorum, 'ignored', message);
  }
  const asked = Math.max(0, numberOf(hysteresis?.words[1]) ?? 0);
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
    convertFlag(part, keys, flags, context);
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
    case 'weight':
      // The weight of servers that have none.
      ledger.carry(part);
      return;
    case 'ip_family':
      if (value === 'inet' || value === 'inet6') {
        keys['family'] = value === 'inet6' ? 'ipv6' : 'ipv4';
        ledger.carry(part);
      } else ledger.note(part, 'ignored', `${textOf(part)}: neither inet nor inet6, and ignored`);
      return;
    case 'quorum_up':
    case 'quorum_down':
      addCommand(part, key.slice('quorum_'.length), branchIn(keys, 'notify'), context);
      return;
    case 'warmup':
    case 'nat_mask':
    case 'snmp_name':
    case 'hashed':
      ledger.skip(part);
      return;
    default:
      loseSwitch(part, 'virtual_server', context);
  }
}

/** A flag of a scheduler counts after its scheduler only. */
function convertFlag(part: Statement, keys: Branch, flags: Sourced[], { ledger }: Context): void {
  const [flag = ''] = part.words;
  const [scheduler = ''] = flag.split('-');
  const chosen = keys['scheduler'];
  const hasScheduler = chosen instanceof Sourced && chosen.value === scheduler;
  if (scheduler === 'flag' || hasScheduler) {
    flags.push(new Sourced(flag, part));
    ledger.carry(part);
    return;
  }
  const message = `no "lb_algo ${scheduler}" is before it, and so it is ignored`;
  ledger.note(part, 'ignored', `${flag}: ${message}`);
}

/** `alpha off` is what is so anyway. */
function loseSwitch(part: Statement, block: string, { ledger }: Context): void {
  const isOff = SWITCHES.has(part.words[0] ?? '') && isOn(part.words[1]) === false;
  if (isOff) ledger.skip(part);
  else ledger.lose(part, `${block}: ${textOf(part)}`);
}

const SWITCHES = new Set(['alpha', 'omega', 'ha_suspend', 'sorry_server_inhibit']);

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
  const seconds = numberOf(value) ?? 0;
  if (seconds < 1 || seconds > PERSISTENCE_MOST) {
    const message = `${textOf(part)}: invalid, and ignored`;
    context.ledger.note(part, 'ignored', message);
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
  const forwarding = FORWARDING[method];
  if (forwarding === undefined) {
    ledger.note(part, 'ignored', `${textOf(part)}: neither NAT, DR nor TUN, and ignored`);
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

function serverOf(one: Statement, outer: Inherited, context: Context): ServerPart {
  const { ledger } = context;
  ledger.carry(one);
  const [, written = '', port] = one.words;
  const address = bareAddress(written, one, context);
  const inherited = new Map([...outer, ...inheritedIn([one], context)]);
  const keys: Branch = {};
  const checks: Sourced[] = [];
  for (const part of one.block ?? []) {
    const [key = ''] = part.words;
    if (ledger.verdictOf(part) !== undefined || ELSEWHERE.has(key)) continue;
    if (CHECKER.test(key)) {
      for (const check of convertChecker(part, inherited, context))
        checks.push(new Sourced(check, part));
      continue;
    }
    if (key === 'lvs_method') Object.assign(keys, methodOf(part, context));
    else if (key in SERVER_NUMBERS) {
      convertNumber(part, keys, context);
    } else if (key === 'notify_up' || key === 'notify_down') {
      addCommand(part, key.slice('notify_'.length), branchIn(keys, 'notify'), context);
    } else if (key === 'warmup' || key === 'snmp_name') ledger.skip(part);
    else loseSwitch(part, 'real_server', context);
  }
  if (checks.length > 0)
    keys['check'] = checks.length === 1 && checks[0] !== undefined ? checks[0] : checks;
  return { statement: one, keys, address, port: numberOf(port) };
}

/** keepalived takes more than the result can say. */
const NUMBER_MOST: Readonly<Record<string, number>> = {
  weight: 65_535,
  uthreshold: 2_147_483_647,
  lthreshold: 2_147_483_647,
};

/** What does not begin with digits is ignored; keepalived reads as far as they go. */
function convertNumber(part: Statement, keys: Branch, { ledger }: Context): void {
  const [key = '', written = ''] = part.words;
  const digits = /^\+?([0-9]+)/.exec(written)?.[1];
  if (digits === undefined) {
    ledger.note(part, 'ignored', `${textOf(part)}: invalid, and ignored`);
    return;
  }
  const whole = Number(digits);
  const value = Math.min(whole, NUMBER_MOST[key] ?? whole);
  keys[SERVER_NUMBERS[key] ?? ''] = new Sourced(value, part);
  ledger.carry(part);
  if (value === whole && digits === written.replace('+', '')) return;
  const level = value === whole ? 'ignored' : 'changed';
  ledger.note(part, level, `${textOf(part)}: becomes ${value}`);
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
    const kept = portFor(port, where, routed, statement, context);
    const server: Branch = { address: endpointOf(address, kept), ...own };
    const { check } = own;
    if (kept === undefined && port !== undefined && port !== where.port && check !== undefined) {
      server['check'] = checkAt(check, port);
    }
    return new Sourced(server, statement);
  });
  if (fallback !== undefined) {
    context.ledger.carry(fallback);
    const [, written = '', port] = fallback.words;
    const address = bareAddress(written, fallback, context);
    const routed = isRouted(fallbackMethod['forwarding'] ?? keys['forwarding']);
    const at = endpointOf(address, portFor(numberOf(port), where, routed, fallback, context));
    const isPlain = Object.keys(fallbackMethod).length === 0;
    service['fallback'] = new Sourced(isPlain ? at : { address: at, ...fallbackMethod }, fallback);
  }
  return service;
}

/** keepalived looks at the port that the file gives the server, whatever port the packets have. */
function checkAt(check: Tree, port: number): Tree {
  if (Array.isArray(check)) return check.map((one) => checkAt(one, port));
  if (check instanceof Sourced) return new Sourced(checkAt(check.value, port), check.origin);
  const keys = check as Branch;
  if ('exec' in keys || 'ping' in keys || 'port' in keys) return keys;
  const target = keys['connect_to'];
  if (target === undefined) return { ...keys, port };
  const written = String(plain(target));
  const isPlain = parseIp(written.replace(/^\[(.*)\]$/, '$1')) !== undefined;
  const at = `${written}:${port}`;
  const moved = target instanceof Sourced ? new Sourced(at, target.origin) : at;
  return isPlain ? { ...keys, connect_to: moved } : keys;
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
  const isMapped = !isRouted && !(isMark && port === 0);
  if (isMapped || (!isMark && port === where.port)) return port;
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
