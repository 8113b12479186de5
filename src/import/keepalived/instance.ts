/** Converts `vrrp_instance` to an instance, key by key. */
import { formatDuration, milliseconds } from '../../net/time.ts';
import { OWNER_PRIORITY } from '../../net/vrrp.ts';
import { type Branch, plain, Sourced } from '../draft.ts';
import { nameFor, numberOf } from '../names.ts';
import { isOn, partsOf, type Statement, textOf } from '../statement.ts';
import { convertAddresses } from './addresses.ts';
import { convertNotify } from './commands.ts';
import { type Context, durationOf } from './context.ts';
import { convertUnicast } from './delivery.ts';
import { convertGarp } from './globals.ts';
import { convertRouting } from './routing.ts';
import { trackEntries } from './tracking.ts';

/** Keywords that need no equivalent: it is always so here, or the default of keepalived. */
const NEEDLESS = new Set([
  'state',
  'accept',
  'skip_check_adv_addr',
  'check_unicast_src',
  'debug',
  'native_ipv6',
  'no_virtual_ipaddress',
]);

/** For IPv4, as in keepalived 2.2; IPv6 always has version 3. */
const DEFAULT_VERSION = 2;
const DEFAULT_INTERFACE = 'eth0';

/** Converts it, and adds it to the draft if it loads. */
export function convertInstance(statement: Statement, context: Context): void {
  const { draft, ledger, instances } = context;
  ledger.carry(statement);
  const one = new InstanceOf(statement, context);
  const name = one.name();
  const vrid = one.last('virtual_router_id');
  const lists = convertAddresses(
    partsOf(statement, 'virtual_ipaddress'),
    partsOf(statement, 'virtual_ipaddress_excluded'),
    Number(vrid?.words[1]),
    context,
  );
  const instance: Branch = { name, interface: one.link() };
  if (vrid !== undefined) instance['vrid'] = one.number(vrid);
  instance['version'] = one.version(String(plain(lists.addresses[0] ?? '')));
  instance['addresses'] = lists.addresses;
  if (lists.extra.length > 0) instance['extra_addresses'] = lists.extra;
  one.convertInto(instance);
  if (!draft.settleInstance(instance, statement)) return;
  draft.instances.push(new Sourced(instance, statement));
  instances.set(statement.words[1] ?? '', name);
}

/** One `vrrp_instance`; a key that is there twice counts as keepalived counts it, the last one. */
class InstanceOf {
  readonly #statement: Statement;
  readonly #context: Context;
  readonly #isStrict: boolean;

  constructor(statement: Statement, context: Context) {
    this.#statement = statement;
    this.#context = context;
    const strict = this.last('strict_mode');
    this.#isStrict =
      strict === undefined
        ? context.globals.strict
        : (isOn(strict.words[1]) ?? context.globals.strict);
    if (strict !== undefined) context.ledger.carry(strict);
  }

  /** The last one; the others are listed. */
  last(key: string): Statement | undefined {
    const all = partsOf(this.#statement, key);
    const last = all.at(-1);
    for (const one of all.slice(0, -1)) {
      this.#context.ledger.note(one, 'ignored', `${textOf(one)}: line ${last?.line} replaces it`);
    }
    return last;
  }

  name(): string {
    const written = this.#statement.words[1] ?? '';
    const name = nameFor(written, `instance-${this.#statement.line}`);
    if (name !== written)
      this.#note(this.#statement, 'changed', `${written} is renamed to ${name}`);
    return name;
  }

  link(): string | Sourced {
    const one = this.last('interface');
    if (one !== undefined) {
      this.#context.ledger.carry(one);
      return one.words[1] ?? '';
    }
    const link = this.#context.globals.defaultInterface ?? DEFAULT_INTERFACE;
    this.#note(
      this.#statement,
      'changed',
      `${textOf(this.#statement)}: has no interface; here it is ${link}`,
    );
    return link;
  }

  number(one: Statement): number | string {
    this.#context.ledger.carry(one);
    return numberOf(one.words[1]) ?? one.words[1] ?? '';
  }

  version(address: string): 2 | 3 {
    const one = this.last('version');
    if (one !== undefined) this.#context.ledger.carry(one);
    if (address.includes(':')) return 3;
    const written = one?.words[1];
    if (written === undefined) return this.#context.globals.version ?? DEFAULT_VERSION;
    return written === '3' ? 3 : 2;
  }

  convertInto(instance: Branch): void {
    const { globals, ledger } = this.#context;
    const garp: Branch = { ...globals.garp };
    const notify: Branch = {};
    this.#convertPriority(instance);
    this.#convertInterval(instance);
    this.#convertPreemption(instance);
    this.#convertAcceptance(instance);
    convertUnicast(this.#statement, instance, this.#isStrict, this.#context);
    const done = new Set([
      'interface',
      'virtual_router_id',
      'version',
      'priority',
      'advert_int',
      'strict_mode',
    ]);
    for (const one of this.#statement.block ?? []) {
      const [key = ''] = one.words;
      if (ledger.verdictOf(one) !== undefined || done.has(key)) continue;
      if (NEEDLESS.has(key)) ledger.skip(one);
      else if (convertNotify(one, notify, this.#context)) continue;
      else if (convertGarp(one, key, garp, this.#context)) continue;
      else this.#convertKey(one, instance);
    }
    if (Object.keys(garp).length > 0) instance['garp'] = garp;
    if (Object.keys(notify).length > 0) instance['notify'] = notify;
  }

  #convertKey(one: Statement, instance: Branch): void {
    const { ledger } = this.#context;
    switch (one.words[0]) {
      case 'dont_track_primary':
        instance['on_interface_down'] = new Sourced('ignore', one);
        ledger.carry(one);
        return;
      case 'use_vmac':
        this.#convertVirtualMac(one, instance);
        return;
      case 'vmac_xmit_base':
        this.#listTransmitBase(one);
        return;
      case 'authentication':
        this.#convertAuthentication(one, instance);
        return;
      case 'track_interface':
      case 'track_script':
      case 'track_file':
      case 'track_process': {
        const entries = trackEntries(one, this.#statement, this.#context);
        const before = instance['track'];
        const track = Array.isArray(before) ? [...before, ...entries] : entries;
        if (track.length > 0) instance['track'] = track;
        return;
      }
      case 'virtual_routes':
      case 'virtual_rules':
        convertRouting(one, instance, this.#context);
        return;
      case 'lvs_sync_daemon_interface':
        // Converted after all instances.
        ledger.carry(one);
        return;
      default:
        ledger.lose(one, `vrrp_instance: ${textOf(one)}`);
        return;
    }
  }

  #convertPriority(instance: Branch): void {
    const one = this.last('priority');
    const priority = numberOf(one?.words[1]);
    if (one !== undefined && priority === undefined) {
      this.#note(
        one,
        'ignored',
        `${textOf(one)}: not a number, so the priority is the default, 100`,
      );
    } else if (one !== undefined) {
      instance['priority'] = new Sourced(priority ?? 0, one);
      this.#context.ledger.carry(one);
    } else if (this.#startsAsMaster()) {
      this.#note(
        this.#statement,
        'ignored',
        'state MASTER without a priority: 255, as in keepalived',
      );
      instance['priority'] = OWNER_PRIORITY;
    }
  }

  #startsAsMaster(): boolean {
    return this.last('state')?.words[1]?.toUpperCase() === 'MASTER';
  }

  #convertInterval(instance: Branch): void {
    const one = this.last('advert_int');
    const seconds = Number(one?.words[1] ?? '1');
    if (one !== undefined && !(seconds > 0)) {
      this.#note(one, 'ignored', `${textOf(one)}: not a time, and ignored`);
      instance['advertisement_interval'] = '1s';
      return;
    }
    const rounded =
      instance['version'] === 2
        ? Math.max(1, Math.round(seconds))
        : Math.round(seconds * 100) / 100;
    const text = formatDuration(milliseconds(Math.round(rounded * 1_000)));
    instance['advertisement_interval'] = one === undefined ? text : new Sourced(text, one);
    if (one === undefined) return;
    this.#context.ledger.carry(one);
    if (rounded !== seconds) this.#note(one, 'ignored', `${textOf(one)}: rounded to ${text}`);
  }

  /** What keepalived clears, this clears: by `state MASTER`, by strict mode, by the other key. */
  #convertPreemption(instance: Branch): void {
    const { ledger } = this.#context;
    const words = partsOf(this.#statement, 'preempt', 'nopreempt');
    const last = words.at(-1);
    for (const one of words) if (one !== last || one.words[0] === 'preempt') ledger.skip(one);
    const delay = this.last('preempt_delay');
    const isStatic = last?.words[0] === 'nopreempt';
    const clears = (one: Statement, why: string) =>
      this.#note(
        one,
        'ignored',
        `${textOf(one)}: keepalived clears it with ${why}, and so does the result`,
      );
    const isInitialMaster = this.#startsAsMaster() && !this.#isStrict;
    if (isStatic && isInitialMaster) clears(last, '"state MASTER"');
    else if (isStatic) {
      instance['preempt'] = new Sourced(false, last);
      ledger.carry(last);
    }
    if (delay === undefined) return;
    if (isInitialMaster) clears(delay, '"state MASTER"');
    else if (this.#isStrict) clears(delay, 'strict mode');
    else if (isStatic) clears(delay, '"nopreempt"');
    else {
      const time = durationOf(delay.words[1] ?? '');
      if (time === undefined) return;
      instance['preempt_delay'] = new Sourced(time, delay);
      ledger.carry(delay);
    }
  }

  #convertAcceptance(instance: Branch): void {
    const refuses = this.last('no_accept');
    if (refuses !== undefined) this.#context.ledger.carry(refuses);
    const origin = refuses ?? this.last('strict_mode') ?? this.#statement;
    if (refuses !== undefined || this.#isStrict) instance['accept'] = new Sourced(false, origin);
  }

  #convertVirtualMac(one: Statement, instance: Branch): void {
    const { ledger } = this.#context;
    const [, link, ...more] = one.words;
    const isName = link !== undefined && !/^([0-9a-f]{2}:){5}/i.test(link);
    instance['virtual_mac'] = isName
      ? { interface: new Sourced(link, one) }
      : new Sourced(true, one);
    ledger.carry(one);
    const rest = isName ? more : [link, ...more].filter((word) => word !== undefined);
    if (rest.length > 0) ledger.lose(one, `${textOf(one)}: "${rest.join(' ')}" is not converted`);
  }

  #listTransmitBase(one: Statement): void {
    const isUnicast = partsOf(this.#statement, 'unicast_peer').length > 0;
    const effect = isUnicast
      ? 'advertisements leave with the virtual MAC here'
      : 'advertisements leave with the virtual MAC here, which a keepalived with vmac_xmit_base does not receive: both would be MASTER. Replace all routers of the group together';
    this.#context.ledger.lose(one, `${textOf(one)}: ${effect}`);
  }

  #convertAuthentication(one: Statement, instance: Branch): void {
    const { ledger } = this.#context;
    const value = (key: string) => partsOf(one, key).at(-1)?.words[1];
    const type = value('auth_type')?.toUpperCase();
    const password = value('auth_pass') ?? '';
    ledger.carry(
      one,
      ...(one.block ?? []).filter(({ words }) => /^auth_(type|pass)$/.test(words[0] ?? '')),
    );
    if (this.#isStrict) {
      ledger.note(one, 'ignored', 'authentication: strict mode has none, as in keepalived');
      return;
    }
    if (instance['version'] === 3) {
      ledger.note(
        one,
        'ignored',
        'authentication: version 3 has no authentication (RFC 9568 section 9)',
      );
      return;
    }
    if (type !== 'PASS') {
      ledger.lose(one, `authentication: auth_type ${type ?? 'is missing'}; only PASS is supported`);
      return;
    }
    // Like keepalived, which sends the first eight bytes.
    const bytes = [...password].slice(0, 8).join('');
    instance['authentication'] = new Sourced({ type: 'pass', password: bytes }, one);
    if (bytes !== password) {
      ledger.note(
        one,
        'ignored',
        'authentication: only the first 8 characters of auth_pass are used',
      );
    }
  }

  #note(one: Statement, level: 'changed' | 'ignored', message: string): void {
    this.#context.ledger.note(one, level, message);
  }
}
