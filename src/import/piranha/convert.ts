/**
 * Converts Piranha's lvs.cf: its virtual servers become services, their addresses and the NAT gateway
 * instances. Piranha has no VRID, so the VRIDs are chosen; a sync group moves all of them together.
 */
import { parseIp } from '../../net/address.ts';
import { type Branch, type Draft, Sourced } from '../draft.ts';
import {
  addressEntry,
  linkOfAlias,
  nameFor,
  numberOf,
  prefixLengthOf,
  serviceNameFor,
} from '../names.ts';
import { type Converted, type Note, partsOf, type Statement, textOf } from '../statement.ts';

const FIRST_VRID = 51;
const PRIMARY_PRIORITY = 150;
const BACKUP_PRIORITY = 100;

const METHODS: Readonly<Record<string, string>> = { nat: 'nat', direct: 'dr', tunnel: 'tun' };

const NEEDLESS = new Set([
  ...[
    'serial_no',
    'service',
    'rsh_command',
    'debug_level',
    'heartbeat',
    'heartbeat_port',
    'backup_active',
  ],
  ...['reservation_conflict_action', 'primary', 'backup', 'primary_private', 'backup_private'],
  ...['monitor_links', 'primary_shared', 'backup_shared', 'hard_shutdown'],
]);

const TIMEOUTS: Readonly<Record<string, string>> = {
  tcp_timeout: 'tcp',
  tcpfin_timeout: 'tcp_fin',
  udp_timeout: 'udp',
};

/** Adds what the file says to the draft. Never throws. @param role `primary` or `backup`, if known */
export function convertPiranha(
  file: string,
  text: string,
  role: string | undefined,
  draft: Draft,
): Converted {
  const { statements, notes } = parse(file, text);
  const { ledger } = draft;
  const last = (key: string) => statements.findLast(({ words }) => words[0] === key);
  const common = commonKeys(last('keepalive'), role, draft);
  const method = METHODS[last('network')?.words[1] ?? 'nat'] ?? 'nat';
  const addresses = new AddressBook(common, draft);
  const router = last('nat_router');
  if (router !== undefined) addresses.add(router, last('nat_nmask')?.words[1]);
  for (const one of statements) {
    if (one.words[0] === 'virtual') convertVirtual(one, method, addresses, draft);
  }
  for (const one of statements) convertGlobal(one, draft);
  const [followed] = addresses.finish(role);
  convertSync(statements, followed, draft);
  for (const key of ['network', 'nat_nmask'])
    ledger.carry(...statements.filter(({ words }) => words[0] === key));
  return { statements, notes };
}

function parse(file: string, text: string): Converted {
  const notes: Note[] = [];
  const top: Statement[] = [];
  const open: Statement[][] = [top];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/^\s*#.*$/, '').trim();
    const place = { file, line: index + 1 };
    const inner = open.at(-1) ?? top;
    const [, kind, name] = /^(virtual|server|failover)\s+(\S+)\s*\{$/.exec(line) ?? [];
    const [, key, value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (line === '') continue;
    if (kind !== undefined && name !== undefined) {
      const block: Statement[] = [];
      inner.push({ ...place, words: [kind, name], block });
      open.push(block);
    } else if (line === '}' && open.length > 1) open.pop();
    else if (key !== undefined) {
      const words = [...value.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
        (one) => one[1] ?? one[2] ?? '',
      );
      inner.push({ ...place, words: [key, ...words], block: undefined });
    } else notes.push({ ...place, level: 'lost', message: `${line}: cannot be read` });
  }
  return { statements: top, notes };
}

function commonKeys(
  keepalive: Statement | undefined,
  role: string | undefined,
  { ledger }: Draft,
): Branch {
  const keys: Branch = {};
  if (keepalive !== undefined) {
    keys['advertisement_interval'] = new Sourced(`${keepalive.words[1]}s`, keepalive);
    ledger.carry(keepalive);
  }
  if (role === 'primary') keys['priority'] = PRIMARY_PRIORITY;
  if (role === 'backup') keys['priority'] = BACKUP_PRIORITY;
  return keys;
}

/** The virtual addresses: one instance for each interface and family. */
class AddressBook {
  readonly #common: Branch;
  readonly #draft: Draft;
  readonly #instances = new Map<
    string,
    { readonly origin: Statement; readonly addresses: Map<string, Sourced> }
  >();

  constructor(common: Branch, draft: Draft) {
    this.#common = common;
    this.#draft = draft;
  }

  /** `address = 203.0.113.1 eth0:1`; undefined: not an address, which is listed. */
  add(one: Statement, mask: string | undefined): string | undefined {
    const [, address = '', device = 'eth0'] = one.words;
    if (parseIp(address) === undefined) {
      this.#draft.ledger.lose(one, `${textOf(one)}: not an IP address`);
      return undefined;
    }
    this.#draft.ledger.carry(one);
    const { link, label } = linkOfAlias(device, address);
    const key = `${link} ${address.includes(':') ? 6 : 4}`;
    const length = mask === undefined ? undefined : prefixLengthOf(mask);
    const known = this.#instances.get(key) ?? { origin: one, addresses: new Map() };
    const text = typeof length === 'number' ? `${address}/${length}` : address;
    if (!known.addresses.has(address)) {
      known.addresses.set(address, new Sourced(addressEntry(text, undefined, label), one));
    }
    this.#instances.set(key, known);
    return address;
  }

  /** Adds the instances, and returns their names. */
  finish(role: string | undefined): readonly string[] {
    const names: string[] = [];
    for (const [index, [key, { origin, addresses }]] of [...this.#instances].entries()) {
      const vrid = FIRST_VRID + index;
      const link = key.replace(/ .*/, '');
      const name = nameFor(key.replace(' ', '-ipv'), 'instance');
      const listed = [...addresses.values()];
      if (key.endsWith('6')) listed.unshift(new Sourced(`fe80::${vrid.toString(16)}:1/64`, origin));
      const instance: Branch = {
        ...{ name, interface: link, vrid, addresses: listed },
        ...this.#common,
      };
      this.#draft.ledger.note(
        origin,
        'changed',
        `VRID ${vrid} is chosen for ${name}; both directors need the same one`,
      );
      if (!this.#draft.settleInstance(instance, origin)) continue;
      this.#draft.instances.push(new Sourced(instance, origin));
      names.push(name);
      if (names.length === 2)
        this.#draft.groups.push(new Sourced({ name: 'lvs', instances: names }, origin));
    }
    const [first] = this.#instances.values();
    if (role === undefined && first !== undefined) {
      this.#draft.ledger.lose(
        first.origin,
        'give --config-id primary or backup, or set "priority"',
      );
    }
    return names;
  }
}

function convertVirtual(
  one: Statement,
  method: string,
  addresses: AddressBook,
  draft: Draft,
): void {
  const { ledger } = draft;
  const part = (key: string) => partsOf(one, key).at(-1);
  const value = (key: string) => part(key)?.words[1];
  ledger.carry(one);
  if (value('active') === '0') {
    ledger.note(one, 'ignored', `${textOf(one)}: is not active, and left out`);
    return;
  }
  const place = part('address');
  const address = place === undefined ? undefined : addresses.add(place, value('vip_nmask'));
  const port = numberOf(value('port')) ?? 80;
  const mark = numberOf(value('fwmark'));
  const service: Branch = { name: serviceNameFor(one.words[1] ?? '', draft.services) };
  if (mark !== undefined) service['fwmark'] = mark;
  else if (address === undefined) return;
  else {
    service['address'] = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    service['protocol'] = value('protocol') ?? 'tcp';
  }
  service['scheduler'] = value('scheduler') ?? 'wlc';
  service['forwarding'] = method;
  addPersistence(one, service);
  const isSending = part('send') !== undefined || part('expect') !== undefined;
  service['check'] = new Sourced(checkOf(one, port, draft), one);
  service['on_failure'] = value('quiesce_server') === '1' ? 'quiesce' : 'remove';
  service['servers'] = partsOf(one, 'server').flatMap((server) =>
    serverOf(server, method, mark, port, draft),
  );
  if (isSending)
    ledger.note(
      one,
      'changed',
      `${textOf(one)}: the connection is checked, not what send and expect say`,
    );
  for (const each of one.block ?? []) account(each, draft);
  if (draft.settleService(service, one)) draft.services.push(new Sourced(service, one));
}

const CARRIED = new Set([
  ...[
    'active',
    'port',
    'fwmark',
    'vip_nmask',
    'scheduler',
    'protocol',
    'persistent',
    'pmask',
    'timeout',
  ],
  ...['reentry', 'quiesce_server', 'send', 'expect', 'use_regex', 'send_program'],
]);

function account(part: Statement, { ledger }: Draft): void {
  const [key = '', value] = part.words;
  if (ledger.verdictOf(part) !== undefined || part.block !== undefined) return;
  if (CARRIED.has(key)) ledger.carry(part);
  else if (key === 'load_monitor' && value === 'none') ledger.skip(part);
  else ledger.lose(part, `virtual: ${textOf(part)}`);
}

function addPersistence(one: Statement, service: Branch): void {
  const timeout = partsOf(one, 'persistent').at(-1);
  if (timeout === undefined) return;
  const persistence: Branch = { timeout: new Sourced(`${timeout.words[1]}s`, timeout) };
  const mask = partsOf(one, 'pmask').at(-1);
  const length = mask === undefined ? 32 : prefixLengthOf(mask.words[1] ?? '');
  if (mask !== undefined && length !== 32) persistence['netmask'] = new Sourced(length, mask);
  service['persistence'] = persistence;
}

/** A program of its own, or a connection; `reentry` is the time between two checks. */
function checkOf(one: Statement, port: number, { ledger }: Draft): Branch {
  const value = (key: string) => partsOf(one, key).at(-1)?.words[1];
  const timing: Branch = {
    interval: `${numberOf(value('reentry')) ?? 15}s`,
    timeout: `${numberOf(value('timeout')) ?? 6}s`,
    ...{ rise: 1, fall: 1, port },
  };
  const program = partsOf(one, 'send_program').at(-1);
  if (program === undefined) return { tcp: {}, ...timing };
  ledger.note(program, 'changed', `${textOf(program)}: its exit status counts, not its output`);
  const argv = (program.words[1] ?? '')
    .split(/\s+/)
    .map((word) => (word === '%h' ? '{address}' : word));
  return { exec: { command: argv }, ...timing };
}

function serverOf(
  one: Statement,
  method: string,
  mark: number | undefined,
  servicePort: number,
  { ledger }: Draft,
): Sourced[] {
  const value = (key: string) => partsOf(one, key).at(-1)?.words[1];
  ledger.carry(one, ...(one.block ?? []));
  if (value('active') === '0') {
    ledger.note(one, 'ignored', `${textOf(one)}: is not active, and left out`);
    return [];
  }
  const address = value('address') ?? '';
  const port = numberOf(value('port')) ?? servicePort;
  const host = address.includes(':') ? `[${address}]` : address;
  const isMapped = method === 'nat' && mark === undefined;
  const server: Branch = { address: isMapped ? `${host}:${port}` : host };
  const weight = numberOf(value('weight'));
  if (weight !== undefined) server['weight'] = weight;
  return [new Sourced(server, one)];
}

/** The daemons follow the active router. */
function convertSync(
  statements: readonly Statement[],
  instance: string | undefined,
  draft: Draft,
): void {
  const part = (key: string) => statements.findLast(({ words }) => words[0] === key);
  const [daemon, link, id] = [part('syncdaemon'), part('syncd_iface'), part('syncd_id')];
  for (const one of [daemon, link, id]) if (one !== undefined) draft.ledger.carry(one);
  if (daemon?.words[1] !== '1') return;
  const sync: Branch = {
    interface: link?.words[1] ?? 'eth0',
    ...(instance === undefined ? {} : { instance }),
  };
  const number = numberOf(id?.words[1]) ?? 0;
  if (number === 0) {
    draft.ledger.lose(
      daemon,
      'syncdaemon: sync ID 0 is not possible here: give an ID on both directors',
    );
    return;
  }
  sync['sync_id'] = number;
  draft.ipvs['sync'] = new Sourced(sync, daemon);
}

function convertGlobal(one: Statement, draft: Draft): void {
  const [key = '', value = ''] = one.words;
  const timeout = TIMEOUTS[key];
  if (timeout !== undefined) {
    const before = draft.ipvs['timeouts'] as Branch | undefined;
    draft.ipvs['timeouts'] = { ...before, [timeout]: new Sourced(`${value}s`, one) };
    draft.ledger.carry(one);
  } else if (key === 'deadtime') {
    const message = `${textOf(one)}: a MASTER that is silent is replaced after some 3.6 advertisement intervals`;
    draft.ledger.note(one, 'changed', message);
  } else if (NEEDLESS.has(key)) draft.ledger.skip(one);
}
