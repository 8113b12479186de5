/** Converts `vrrp_instance` to an instance, key by key. */
import { formatDuration, milliseconds } from '../../net/time.ts';
import { OWNER_PRIORITY } from '../../net/vrrp.ts';
import { convertAddresses } from './addresses.ts';
import type { Draft, Keys } from './draft.ts';
import { type Globals, garpKey } from './globals.ts';
import { convertNotify } from './notify.ts';
import { type Statement, textOf } from './parser.ts';
import { routeOf, ruleOf } from './routing.ts';
import { type Trackers, trackEntries } from './tracking.ts';

/** Keywords without an equivalent that need none. */
const NEEDLESS = new Set([
  'state',
  'preempt',
  'accept',
  'vmac_xmit_base',
  'skip_check_adv_addr',
  'check_unicast_src',
  'debug',
  'native_ipv6',
  // Converted after all instances.
  'lvs_sync_daemon_interface',
  'no_virtual_ipaddress',
]);

/** For IPv4, as in keepalived 2.2; IPv6 always has version 3. */
const DEFAULT_VERSION = 2;

export interface Context {
  readonly draft: Draft;
  readonly globals: Globals;
  readonly trackers: Trackers;
}

/** The name of the new instance; undefined if it could not be converted. */
export function convertInstance(statement: Statement, context: Context): string | undefined {
  const { draft, globals } = context;
  const block = statement.block ?? [];
  const value = (key: string) => block.findLast(({ words }) => words[0] === key)?.words[1];
  const find = (key: string) => block.findLast(({ words }) => words[0] === key);
  const vrid = Number(value('virtual_router_id'));
  const name = nameOf(statement, draft);
  const lists = convertAddresses(
    find('virtual_ipaddress'),
    find('virtual_ipaddress_excluded'),
    vrid,
    draft,
  );
  const instance: Keys = {
    name,
    interface: value('interface') ?? 'eth0',
    vrid,
    version: versionOf(value('version'), lists.addresses, globals),
    addresses: lists.addresses,
  };
  if (!accepted(instance, statement, draft)) return undefined;
  if (lists.extra.length > 0) draft.offer(instance, 'extra_addresses', lists.extra, statement);
  convertPriority(instance, value, statement, draft);
  convertDelivery(instance, block, draft);
  const garp: Keys = { ...globals.garp };
  const notify: Keys = {};
  const track: Keys[] = [];
  for (const one of block) convertKey(one, { ...context, instance, garp, notify, track });
  if (Object.keys(garp).length > 0) draft.offer(instance, 'garp', garp, statement);
  if (Object.keys(notify).length > 0) draft.offer(instance, 'notify', notify, statement);
  return draft.add(instance, statement) ? name : undefined;
}

/** False if the instance is invalid even without optional keys; the note says so. */
function accepted(instance: Keys, statement: Statement, draft: Draft): boolean {
  const before = draft.notes.length;
  const isAccepted = draft.offer({ ...instance }, 'preempt', true, statement);
  const note = draft.notes[before];
  if (!isAccepted && note !== undefined) {
    const message = `vrrp_instance ${String(statement.words[1])} is skipped: ${note.message}`;
    draft.notes[before] = { ...note, message };
  }
  return isAccepted;
}

function nameOf(statement: Statement, draft: Draft): string {
  const written = statement.words[1] ?? '';
  const name = written.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  if (name !== written) draft.note(statement, `${written} is renamed to ${name}`);
  return name === '' ? `instance-${statement.line}` : name;
}

function versionOf(
  written: string | undefined,
  addresses: readonly unknown[],
  globals: Globals,
): 2 | 3 {
  if (isIpv6Entry(addresses[0])) return 3;
  return written === undefined ? (globals.version ?? DEFAULT_VERSION) : written === '3' ? 3 : 2;
}

function isIpv6Entry(entry: unknown): boolean {
  const text = typeof entry === 'object' && entry !== null ? (entry as Keys)['address'] : entry;
  return String(text).includes(':');
}

function convertPriority(
  instance: Keys,
  value: (key: string) => string | undefined,
  statement: Statement,
  draft: Draft,
): void {
  const written = value('priority');
  const isMaster = value('state') === 'MASTER';
  if (written !== undefined) draft.offer(instance, 'priority', Number(written), statement);
  else if (isMaster) {
    draft.note(statement, 'state MASTER without a priority: 255, as in keepalived');
    draft.offer(instance, 'priority', OWNER_PRIORITY, statement);
  }
  const seconds = Number(value('advert_int') ?? '1');
  const interval =
    instance['version'] === 2
      ? `${Math.max(1, Math.round(seconds))}s`
      : formatDuration(milliseconds(Math.round(seconds * 100) * 10));
  draft.offer(instance, 'advertisement_interval', interval, statement);
}

function convertDelivery(instance: Keys, block: readonly Statement[], draft: Draft): void {
  const find = (key: string) => block.findLast(({ words }) => words[0] === key);
  const peers = find('unicast_peer');
  const source = find('unicast_src_ip') ?? find('mcast_src_ip');
  if (peers === undefined) {
    const address = source?.words[1];
    if (source !== undefined) draft.offer(instance, 'source_address', address, source);
    return;
  }
  const unicast = {
    ...(source === undefined ? {} : { source: source.words[1] }),
    peers: (peers.block ?? []).map(({ words: [address = '', option, ttl] }) =>
      option === 'min_ttl' ? { address, min_ttl: Number(ttl) } : address,
    ),
  };
  if (!draft.offer(instance, 'unicast', unicast, peers)) return;
  const message =
    'unicast_peer: packets from IPv4 peers need TTL 255; min_ttl of a peer accepts a lower one';
  const needsTtl = (peer: string | object) => typeof peer === 'string' && !peer.includes(':');
  if (unicast.peers.some(needsTtl)) draft.note(peers, message);
}

interface Parts extends Context {
  readonly instance: Keys;
  readonly garp: Keys;
  readonly notify: Keys;
  readonly track: Keys[];
}

const ELSEWHERE = new Set([
  'interface',
  'virtual_router_id',
  'version',
  'priority',
  'advert_int',
  'virtual_ipaddress',
  'virtual_ipaddress_excluded',
  'unicast_peer',
  'unicast_src_ip',
  'mcast_src_ip',
]);

function convertKey(one: Statement, parts: Parts): void {
  const { draft, instance, garp, notify, track, trackers, globals } = parts;
  const [key = '', value = ''] = one.words;
  if (NEEDLESS.has(key) || ELSEWHERE.has(key)) return;
  if (convertNotify(one, notify, globals.user, draft)) return;
  const announcement = garpKey(key, value);
  if (announcement !== undefined) {
    garp[announcement.key] = announcement.value;
    return;
  }
  switch (key) {
    case 'nopreempt':
      draft.offer(instance, 'preempt', false, one);
      return;
    case 'preempt_delay':
      draft.offer(instance, 'preempt_delay', `${value}s`, one);
      return;
    case 'no_accept':
    case 'strict_mode':
      draft.offer(instance, 'accept', false, one);
      return;
    case 'dont_track_primary':
      draft.offer(instance, 'on_interface_down', 'ignore', one);
      return;
    case 'use_vmac':
      draft.offer(instance, 'virtual_mac', true, one);
      if (one.words.length > 1)
        draft.note(one, `${textOf(one)}: name and address are not converted`);
      return;
    case 'authentication':
      convertAuthentication(one, instance, draft);
      return;
    case 'track_interface':
    case 'track_script':
    case 'track_file':
    case 'track_process':
      for (const { entry, statement } of trackEntries(one, trackers, draft)) {
        if (draft.offer(instance, 'track', [...track, entry], statement)) track.push(entry);
      }
      return;
    case 'virtual_routes':
    case 'virtual_rules':
      convertRouting(one, instance, draft);
      return;
    default:
      draft.note(one, `vrrp_instance: ${textOf(one)}`);
  }
}

function convertRouting(one: Statement, instance: Keys, draft: Draft): void {
  const isRoute = one.words[0] === 'virtual_routes';
  const kept: Keys[] = [];
  for (const [position, entry] of (one.block ?? []).entries()) {
    const keys = isRoute ? routeOf(entry, draft) : ruleOf(entry, position, draft);
    if (keys === undefined) continue;
    const key = isRoute ? 'routes' : 'rules';
    if (draft.offer(instance, key, [...kept, keys], entry)) kept.push(keys);
  }
}

function convertAuthentication(one: Statement, instance: Keys, draft: Draft): void {
  const value = (key: string) => one.block?.findLast(({ words }) => words[0] === key)?.words[1];
  const type = value('auth_type')?.toUpperCase();
  const password = value('auth_pass') ?? '';
  if (instance['version'] === 3) {
    draft.note(one, 'authentication: version 3 has no authentication (RFC 9568 section 9)');
    return;
  }
  if (type !== 'PASS') {
    draft.note(one, `authentication: auth_type ${type ?? 'is missing'}; only PASS is supported`);
    return;
  }
  // Like keepalived, which sends the first eight bytes.
  draft.offer(instance, 'authentication', { type: 'pass', password: password.slice(0, 8) }, one);
}
