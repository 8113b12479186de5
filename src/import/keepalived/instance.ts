/** Converts `vrrp_instance` to an instance, key by key. */
import { formatDuration, milliseconds } from '../../net/time.ts';
import { OWNER_PRIORITY } from '../../net/vrrp.ts';
import { type Branch, plain, Sourced } from '../draft.ts';
import { nameFor, numberOf } from '../names.ts';
import { isOn, partsOf, type Statement, textOf } from '../statement.ts';
import { convertAddresses } from './addresses.ts';
import { convertAuthHmac } from './auth-hmac.ts';
import { convertNotify } from './commands.ts';
import { type Context, durationOf } from './context.ts';
import { convertUnicast } from './delivery.ts';
import { convertGarp } from './globals.ts';
import { convertRouting } from './routing.ts';
import { trackEntries } from './tracking.ts';

/** Keywords that need no equivalent: it is always so here, or the default of keepalived. */
const NEEDLESS = new Set([
  'state',
  'skip_check_adv_addr',
  'check_unicast_src',
  'debug',
  'kernel_rx_buf_size',
  'native_ipv6',
  'no_virtual_ipaddress',
  'timer_expired_backup',
  'track_src_ip',
]);

/** For IPv4, as in keepalived 2.2; IPv6 always has version 3. */
const DEFAULT_VERSION = 2;
const DEFAULT_INTERFACE = 'eth0';

/** Seconds, as keepalived takes them. */
const INTERVAL_LEAST = 0.01;
const INTERVAL_MOST = 255;
const INTERVAL_MOST_V3 = 40.95;
const PREEMPT_DELAY_MOST = 1_000;

/** Bytes of a password of version 2. */
const PASSWORD_MOST = 8;

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
    peerOf(statement),
    Number(vrid?.words[1]),
    context,
  );
  const instance: Branch = { name, interface: one.link() };
  if (vrid !== undefined) instance['vrid'] = one.number(vrid);
  instance['version'] = one.version(lists.isIpv6);
  instance['addresses'] = lists.addresses;
  if (lists.extra.length > 0) instance['extra_addresses'] = lists.extra;
  one.convertInto(instance, lists.isIpv6);
  const written = statement.words[1] ?? '';
  instances.set(written, instances.get(written));
  if (!draft.settleInstance(instance, statement)) return;
  draft.instances.push(new Sourced(instance, statement));
  instances.set(written, name);
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

  version(isIpv6: boolean): 2 | 3 {
    const one = this.last('version');
    const written = numberOf(one?.words[1]);
    const isKnown = written === 2 || written === 3;
    if (one !== undefined && isKnown) this.#context.ledger.carry(one);
    else if (one !== undefined) {
      this.#note(one, 'ignored', `${textOf(one)}: neither 2 nor 3, and ignored`);
    }
    if (isIpv6) return 3;
    return isKnown ? written : (this.#context.globals.version ?? DEFAULT_VERSION);
  }

  convertInto(instance: Branch, isIpv6: boolean): void {
    const { globals, ledger } = this.#context;
    const garp: Branch = { ...globals.garp };
    const notify: Branch = {};
    this.#convertPriority(instance);
    this.#convertInterval(instance);
    this.#convertPreemption(instance);
    this.#convertAcceptance(instance);
    convertUnicast(this.#statement, instance, { isStrict: this.#isStrict, isIpv6 }, this.#context);
    const done = new Set([
      'interface',
      'virtual_router_id',
      'version',
      'priority',
      'advert_int',
      'strict_mode',
      // Converted after all instances.
      'smtp_alert',
    ]);
    for (const one of this.#statement.block ?? []) {
      const [key = ''] = one.words;
      if (ledger.verdictOf(one) !== undefined || done.has(key)) continue;
      if (key === 'state' && !/^(MASTER|BACKUP)$/.test(one.words[1] ?? '')) {
        this.#note(one, 'ignored', `${textOf(one)}: neither MASTER nor BACKUP, and so BACKUP`);
      } else if (NEEDLESS.has(key)) ledger.skip(one);
      else if (convertNotify(one, notify, this.#context)) continue;
      else if (convertGarp(one, key, garp, this.#context)) continue;
      else this.#convertKey(one, instance);
    }
    if (globals.checksum !== undefined && instance['version'] === 3 && !isIpv6) {
      instance['checksum'] = globals.checksum;
    }
    const spacing = globals.spacing[isIpv6 ? 'ipv6' : 'ipv4'];
    if (spacing !== undefined) garp['interval'] = spacing;
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
        // Converted with `use_vmac`, without which keepalived ignores it.
        if (this.last('use_vmac') === undefined) {
          this.#note(one, 'ignored', `${textOf(one)}: has no effect without use_vmac`);
        } else ledger.carry(one);
        return;
      case 'authentication':
        this.#convertAuthentication(one, instance);
        return;
      case 'auth_hmac':
        convertAuthHmac(one, instance, this.#context);
        return;
      case 'vrf':
        instance['vrf'] = new Sourced(one.words[1] ?? '', one);
        ledger.carry(one);
        return;
      case 'track_interface':
      case 'track_script':
      case 'track_file':
      case 'track_process':
      case 'track_bfd': {
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
    const isValid = priority !== undefined && priority >= 1 && priority <= OWNER_PRIORITY;
    if (one !== undefined && !isValid) {
      this.#note(
        one,
        'ignored',
        `${textOf(one)}: not a number from 1 to 255, so the priority is the default, 100`,
      );
    } else if (one !== undefined && isValid) {
      instance['priority'] = new Sourced(priority, one);
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
    return this.last('state')?.words[1] === 'MASTER';
  }

  #convertInterval(instance: Branch): void {
    const one = this.last('advert_int');
    const written = one?.words[1] ?? '1';
    const seconds = durationOf(written) === undefined ? Number.NaN : Number(written);
    if (one !== undefined && !(seconds >= INTERVAL_LEAST && seconds <= INTERVAL_MOST)) {
      const message = `${textOf(one)}: not a time from 0.01 to 255 seconds, and ignored`;
      this.#note(one, 'ignored', message);
      instance['advertisement_interval'] = '1s';
      return;
    }
    const rounded =
      instance['version'] === 2
        ? Math.max(1, Math.round(seconds))
        : Math.min(INTERVAL_MOST_V3, Math.round(seconds * 100) / 100);
    const text = formatDuration(milliseconds(Math.round(rounded * 1_000)));
    instance['advertisement_interval'] = one === undefined ? text : new Sourced(text, one);
    if (one === undefined) return;
    this.#context.ledger.carry(one);
    if (rounded !== seconds) this.#note(one, 'ignored', `${textOf(one)}: becomes ${text}`);
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
    const isOwner = plain(instance['priority'] ?? 0) === OWNER_PRIORITY;
    const isNever = isStatic && !isOwner;
    if (isStatic && isInitialMaster) clears(last, '"state MASTER"');
    else if (isStatic && isOwner) clears(last, 'priority 255');
    else if (isStatic) {
      instance['preempt'] = new Sourced(false, last);
      ledger.carry(last);
    }
    if (delay === undefined) return;
    if (isInitialMaster) clears(delay, '"state MASTER"');
    else if (this.#isStrict) clears(delay, 'strict mode');
    else if (isNever) clears(delay, '"nopreempt"');
    else {
      const time = durationOf(delay.words[1] ?? '');
      if (time === undefined || Number(delay.words[1]) > PREEMPT_DELAY_MOST) {
        const message = `${textOf(delay)}: not a time from 0 to 1000 seconds, and ignored`;
        this.#note(delay, 'ignored', message);
        return;
      }
      instance['preempt_delay'] = new Sourced(time, delay);
      ledger.carry(delay);
    }
  }

  /** The last of `accept` and `no_accept` counts; in strict mode version 2 has no choice, and an owner accepts. */
  #convertAcceptance(instance: Branch): void {
    const words = partsOf(this.#statement, 'accept', 'no_accept');
    const last = words.at(-1);
    for (const one of words)
      if (one !== last || one.words[0] === 'accept') this.#context.ledger.skip(one);
    if (last?.words[0] === 'no_accept') {
      instance['accept'] = new Sourced(false, last);
      this.#context.ledger.carry(last);
    } else if (
      this.#isStrict &&
      plain(instance['priority'] ?? 0) !== OWNER_PRIORITY &&
      (last === undefined || instance['version'] === 2)
    ) {
      instance['accept'] = new Sourced(false, this.last('strict_mode') ?? this.#statement);
    }
  }

  #convertVirtualMac(one: Statement, instance: Branch): void {
    const { ledger } = this.#context;
    const [, link, ...more] = one.words;
    const isName = link !== undefined && !/^([0-9a-f]{2}:){5}/i.test(link);
    const keys: Branch = isName ? { interface: new Sourced(link, one) } : {};
    const base = this.last('vmac_xmit_base');
    const isUnicast = partsOf(this.#statement, 'unicast_peer').length > 0;
    if (base !== undefined && this.#isStrict) {
      this.#note(base, 'ignored', `${textOf(base)}: keepalived clears it in strict mode`);
    } else if (base !== undefined && !isUnicast) {
      // Unicast leaves with the MAC of the interface anyway.
      keys['advertise_with'] = new Sourced('interface', base);
    }
    instance['virtual_mac'] = Object.keys(keys).length > 0 ? keys : new Sourced(true, one);
    ledger.carry(one);
    const rest = isName ? more : [link, ...more].filter((word) => word !== undefined);
    if (rest.length > 0) ledger.lose(one, `${textOf(one)}: "${rest.join(' ')}" is not converted`);
  }

  #convertAuthentication(one: Statement, instance: Branch): void {
    const { ledger } = this.#context;
    const value = (key: string) => partsOf(one, key).at(-1)?.words[1];
    const type = value('auth_type');
    if (partsOf(this.#statement, 'auth_hmac').length > 0) {
      ledger.note(one, 'ignored', 'authentication: auth_hmac replaces it, as in keepalived');
      return;
    }
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
    if (type !== 'PASS' && type !== 'AH') {
      const what = type === undefined ? 'has no auth_type' : `unknown auth_type ${type}`;
      ledger.note(one, 'ignored', `authentication: ${what}, and ignored`);
      return;
    }
    if (type === 'AH') {
      ledger.lose(one, 'authentication: auth_type AH; only PASS is supported');
      return;
    }
    if (password === '') {
      ledger.note(one, 'ignored', 'authentication: has no auth_pass, and is ignored');
      return;
    }
    const sent = passwordOf(password);
    if (sent === undefined) {
      ledger.lose(
        one,
        'authentication: auth_pass has bytes that are not UTF-8, or its eighth byte is within a character',
      );
      return;
    }
    instance['authentication'] = new Sourced({ type: 'pass', password: sent }, one);
    if (sent !== password) {
      ledger.note(one, 'ignored', 'authentication: only the first 8 bytes of auth_pass are used');
    }
  }

  #note(one: Statement, level: 'changed' | 'ignored', message: string): void {
    this.#context.ledger.note(one, level, message);
  }
}

/** The source or a peer of unicast; empty: multicast. */
function peerOf(statement: Statement): string {
  const source = partsOf(statement, 'unicast_src_ip').at(-1)?.words[1];
  const peers = partsOf(statement, 'unicast_peer').flatMap(({ block = [] }) => block);
  return source ?? peers[0]?.words[0] ?? '';
}

/** The first eight bytes, which is what keepalived sends; undefined: they are no text. */
function passwordOf(written: string): string | undefined {
  const bytes = new TextEncoder().encode(written).subarray(0, PASSWORD_MOST);
  const text = new TextDecoder().decode(bytes);
  return text.includes('\ufffd') ? undefined : text;
}
