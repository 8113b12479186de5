/** Converts the output of ipvsadm-save(8) to services of `ipvs`. */
import { parseIp } from '../../net/address.ts';
import { type Branch, type Draft, Sourced } from '../draft.ts';
import { numberOf, prefixLengthOf, serviceNameFor } from '../names.ts';
import { type Converted, type Statement, textOf } from '../statement.ts';

/** A real server without `-g`, `-i` or `-m` is routed. */
const METHODS: Readonly<Record<string, string>> = {
  '-g': 'dr',
  '--gatewaying': 'dr',
  '-m': 'nat',
  '--masquerading': 'nat',
  '-i': 'tun',
  '--ipip': 'tun',
};

const PROTOCOLS: Readonly<Record<string, string>> = {
  '-t': 'tcp',
  '--tcp-service': 'tcp',
  '-u': 'udp',
  '--udp-service': 'udp',
  '--sctp-service': 'sctp',
};

/** A mark has a service for each family. */
const IPV6 = '-6';

/** Adds what the file says to the draft. Never throws. */
export function convertIpvsadm(file: string, text: string, draft: Draft): Converted {
  const statements: Statement[] = text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.replace(/#.*$/, '').trim().split(/\s+/);
    return words[0] === '' ? [] : [{ file, line: index + 1, words, block: undefined }];
  });
  const services = new Map<string, Branch>();
  for (const one of statements) {
    const [command] = one.words;
    if (command === '-A' || command === '--add-service') addService(one, services, draft);
    else if (command === '-a' || command === '--add-server') addServer(one, services, draft);
  }
  for (const one of statements) {
    const service = services.get(keyOf(one));
    const isService = one.words[0] === '-A' || one.words[0] === '--add-service';
    const isListed = draft.ledger.verdictOf(one) !== 'carried';
    if (!isService || service === undefined || isListed) continue;
    if (draft.settleService(service, one)) draft.services.push(new Sourced(service, one));
  }
  return { statements, notes: [] };
}

/** What a service and its servers have in common: `-t 203.0.113.1:80`, or `-f 5 -6`. */
function keyOf({ words }: Statement): string {
  const isIpv6Mark = isMark(words) && words.some((word) => word === '-6' || word === '--ipv6');
  return [...words.slice(1, 3), ...(isIpv6Mark ? [IPV6] : [])].join(' ');
}

function isMark([, option]: readonly string[]): boolean {
  return option === '-f' || option === '--fwmark-service';
}

function addService(one: Statement, services: Map<string, Branch>, draft: Draft): void {
  if (services.has(keyOf(one))) {
    draft.ledger.note(one, 'ignored', `${textOf(one)}: an earlier line has this service`);
    return;
  }
  const service = placeOf(one, services, draft);
  if (service === undefined) return;
  const flags: string[] = [];
  const rest = one.words.slice(3);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const value = () => rest.shift() ?? '';
    if (word === '-s' || word === '--scheduler') service['scheduler'] = value();
    else if (word === '-p' || word === '--persistent') {
      persist(service, 'timeout', `${/^[0-9]/.test(rest[0] ?? '') ? value() : '300'}s`);
    } else if (word === '-M' || word === '--netmask')
      persist(service, 'netmask', prefixLengthOf(value()));
    else if (word === '--pe') persist(service, 'engine', value());
    else if (word === '-o' || word === '--ops') service['one_packet'] = true;
    else if (word === '-6' || word === '--ipv6') service['family'] = 'ipv6';
    else if (word === '-b' || word === '--sched-flags') flags.push(...value().split(','));
    else {
      draft.ledger.lose(one, `${textOf(one)}: "${word}" is not supported`);
      return;
    }
  }
  if (flags.length > 0) service['flags'] = flags;
  service['servers'] = [];
  services.set(keyOf(one), service);
  draft.ledger.carry(one);
}

function persist(service: Branch, key: string, value: string | number): void {
  service['persistence'] = { ...(service['persistence'] as Branch | undefined), [key]: value };
}

function placeOf(
  one: Statement,
  earlier: ReadonlyMap<string, Branch>,
  { ledger, services }: Draft,
): Branch | undefined {
  const [, option = '', where = ''] = one.words;
  const mark = isMark(one.words) ? numberOf(where) : undefined;
  if (mark !== undefined) {
    const taken = [...earlier.values()].map((service) => new Sourced(service, one));
    return { name: serviceNameFor(`fwmark-${where}`, [...services, ...taken]), fwmark: mark };
  }
  const protocol = PROTOCOLS[option];
  if (protocol !== undefined && isNumeric(where)) {
    return { name: serviceNameFor(`${where}-${protocol}`, services), address: where, protocol };
  }
  ledger.lose(
    one,
    `${textOf(one)}: not an address and a port; save the table with ipvsadm-save -n`,
  );
  return undefined;
}

function isNumeric(where: string): boolean {
  const [, address = ''] = /^\[?([^\]]*)\]?:[0-9]+$/.exec(where) ?? [];
  return parseIp(address) !== undefined;
}

function addServer(one: Statement, services: ReadonlyMap<string, Branch>, { ledger }: Draft): void {
  // A line may leave out the family where only one service has the mark.
  const service = services.get(keyOf(one)) ?? services.get(`${keyOf(one)} ${IPV6}`);
  if (service === undefined) {
    ledger.lose(one, `${textOf(one)}: its service is not converted`);
    return;
  }
  const server: Branch = {};
  const tunnel: Branch = {};
  const rest = one.words.slice(3);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const value = () => rest.shift() ?? '';
    const method = METHODS[word];
    // Of a firewall mark for IPv6, which its service says.
    if (word === '-6' || word === '--ipv6') continue;
    if (word === '-r' || word === '--real-server') server['address'] = value();
    else if (method !== undefined) server['forwarding'] = method;
    else if (word === '-w' || word === '--weight') server['weight'] = Number(value());
    else if (word === '-x' || word === '--u-threshold') server['upper_threshold'] = Number(value());
    else if (word === '-y' || word === '--l-threshold') server['lower_threshold'] = Number(value());
    else if (word === '--tun-type') tunnel['type'] = value();
    else if (word === '--tun-port') tunnel['port'] = Number(value());
    else if (word === '--tun-nocsum') tunnel['checksum'] = 'none';
    else if (word === '--tun-csum') tunnel['checksum'] = 'checksum';
    else if (word === '--tun-remcsum') tunnel['checksum'] = 'remote';
    else {
      ledger.lose(one, `${textOf(one)}: "${word}" is not supported`);
      return;
    }
  }
  server['forwarding'] ??= 'dr';
  if (Object.keys(tunnel).length > 0) server['tunnel'] = tunnel;
  // What is routed keeps its port; port 0 is none.
  const dropped = server['forwarding'] === 'nat' ? /:0$/ : /:[0-9]+$/;
  server['address'] = String(server['address'] ?? '').replace(dropped, '');
  (service['servers'] as Sourced[]).push(new Sourced(server, one));
  ledger.carry(one);
}
